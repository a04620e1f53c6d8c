"""The secrets of an account by name: set, removed, and their values."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from pathlib import Path

from interlock.engine.errors import InvalidInput, SecretNotFound
from interlock.engine.escapes import is_fit
from interlock.secrets import keyring
from interlock.secrets.vault_file import Secret, Vault, place, read, update

FILE, KEYRING = "file", "keyring"
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
SHORTEST, LONGEST = 6, 16 * 1024  # bytes of a value

FRESH = 0.5
"""Seconds for which values that were read are used without a look at the file."""

_read_before: dict[Path, tuple[tuple[int, ...], dict[str, str]]] = {}
_fresh: dict[str, tuple[float, dict[str, str]]] = {}


def put(account_id: str, name: str, value: str) -> Secret:
    """Keeps a value under a name, instead of the one it had. Raises InvalidInput, StoreUnusable."""
    check_name(name)
    _check_value(name, value)
    made: Secret | None = None

    def change(vault: Vault) -> Vault:
        nonlocal made
        here = not keyring.store(_entry(account_id, name), value)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        kept = value if here else None
        where = FILE if here else KEYRING
        made = Secret(name, where, vault.fingerprint(value), now, kept)
        others = tuple(one for one in vault.secrets if one.name != name)
        return Vault(vault.salt, tuple(sorted((*others, made), key=lambda one: one.name)))

    update(place(account_id), change)
    forget()
    assert made is not None  # noqa: S101  it is set by `change`
    return made


def remove(account_id: str, name: str) -> None:
    """Forgets a secret. Raises SecretNotFound, StoreUnusable."""

    def change(vault: Vault) -> Vault:
        found = vault.find(name)
        if found is None:
            raise missing(name)
        if found.place == KEYRING:
            keyring.delete(_entry(account_id, name))
        return Vault(vault.salt, tuple(one for one in vault.secrets if one.name != name))

    update(place(account_id), change)
    forget()


def listing(account_id: str) -> tuple[Secret, ...]:
    """The account's secrets by name. Raises StoreUnusable."""
    vault = read(place(account_id))
    return () if vault is None else vault.secrets


def recent_values(account_id: str) -> dict[str, str]:
    """As `values`, but one that another process has set may come half a second later, and those of
    another data directory as late: every result that comes in asks for them, and a look at the
    file, or at where it is, costs more than all the rest."""
    known, now = _fresh.get(account_id), time.monotonic()
    if known is not None and now < known[0]:
        return known[1]
    found = values(account_id)
    _fresh[account_id] = (now + FRESH, found)
    return found


def forget() -> None:
    """Forget the values that were read: the next question looks at the file."""
    _fresh.clear()


def values(account_id: str) -> dict[str, str]:
    """The account's values by name. Raises StoreUnusable when one cannot be read."""
    file = place(account_id)
    try:
        found = file.stat()
    except OSError:
        return {}
    state = (found.st_ino, found.st_size, found.st_mtime_ns, found.st_mode)
    before = _read_before.get(file)
    if before is None or before[0] != state:
        vault = read(file)
        secrets = () if vault is None else vault.secrets
        before = state, {one.name: _value(account_id, one) for one in secrets}
        _read_before[file] = before
    return before[1]


def choose(account_id: str, names: tuple[str, ...]) -> dict[str, str]:
    """The values of these names. Raises SecretNotFound, StoreUnusable."""
    if not names:
        return {}
    known = values(account_id)
    for name in names:
        if name not in known:
            raise missing(name)
    return {name: known[name] for name in names}


def missing(name: str) -> SecretNotFound:
    """The error that there is no secret of this name."""
    return SecretNotFound(
        f"there is no secret {name:.100} in this account; `interlock secrets set {name:.100}` "
        "makes it"
    )


def check_name(name: str) -> None:
    """Raise InvalidInput unless a secret may have this name."""
    if not NAME.fullmatch(name):
        raise InvalidInput(
            f"{name!r:.100} cannot name a secret; use letters, digits and _, as in GITHUB_TOKEN"
        )
    if name.startswith(("INTERLOCK_", "LD_", "DYLD_")) or name in ("PATH", "HOME"):
        raise InvalidInput(f"{name} has a meaning of its own; choose another name for the secret")


def _check_value(name: str, value: str) -> None:
    if not is_fit(value):
        raise InvalidInput(f"the value of {name} is not text that a variable can hold")
    size = len(value.encode())
    if size < SHORTEST:
        raise InvalidInput(
            f"the value of {name} has {size} bytes; give at least {SHORTEST}, since a shorter one "
            "would be taken out of ordinary text"
        )
    if size > LONGEST:
        raise InvalidInput(f"the value of {name} has {size:,} bytes; give at most {LONGEST:,}")
    if value.isspace():
        raise InvalidInput(f"the value of {name} is blank; give another")


def _entry(account_id: str, name: str) -> str:
    return f"{account_id}/{name}"


def _value(account_id: str, secret: Secret) -> str:
    if secret.value is not None:
        return secret.value
    return keyring.load(_entry(account_id, secret.name))
