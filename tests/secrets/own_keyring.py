"""A backend of the keyring library that keeps values in memory, and can be locked."""

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError


class OwnKeyring(KeyringBackend):
    """Keeps values until the test ends."""

    priority = 5.0

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # the library is typed in part
        self.kept: dict[tuple[str, str], str] = {}
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        """The value, if there is one."""
        self._check()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep a value."""
        self._check()
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        """Forget a value."""
        self._check()
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError("not there")

    def _check(self) -> None:
        if self.locked:
            raise KeyringLocked("locked")
