"""The file of an account's secrets: read, and replaced as a whole.

secrets/<account id>.json in the data directory says of each secret where its value is kept: in the
system's keyring where there is one, else in this file, which only its owner may read.
"""

from __future__ import annotations

import fcntl
import hmac
import json
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from attrs import asdict, field, frozen

from interlock.config import settings
from interlock.engine.errors import StoreUnusable
from interlock.replacement import replace_file

FOLDER = "secrets"


@frozen
class Secret:
    """A secret without its value."""

    name: str
    """Also the environment variable in which a session's commands get the value."""
    place: str
    """Where the value is: `file` or `keyring`."""
    fingerprint: str
    """Tells a value from another one of this account; the value cannot be found from it."""
    set_at: str
    """When it was set, ISO 8601 in UTC."""
    value: str | None = field(default=None, repr=False)
    """None where the keyring has it."""


@frozen
class Vault:
    """What an account's file holds."""

    salt: str = field(repr=False)
    secrets: tuple[Secret, ...] = ()

    def find(self, name: str) -> Secret | None:
        """The secret of this name, if there is one."""
        return next((one for one in self.secrets if one.name == name), None)

    def fingerprint(self, value: str) -> str:
        """What the value is known by in this vault: 12 hexadecimal digits."""
        return hmac.digest(bytes.fromhex(self.salt), value.encode(), "sha256").hex()[:12]


def place(account_id: str) -> Path:
    """The file of an account's secrets. It need not exist."""
    folder = settings(os.environ).data_dir / FOLDER
    return folder / f"{quote(account_id, safe='')}.json"


def read(file: Path) -> Vault | None:
    """What the file holds; None when there is none. Raises StoreUnusable."""
    try:
        if file.stat().st_mode & 0o077:
            raise StoreUnusable(f"{file} can be read by others; `chmod 600 {file}` mends it")
        told: Mapping[str, Any] = json.loads(file.read_bytes())
        salt = bytes.fromhex(told["salt"])
        return Vault(salt.hex(), tuple(Secret(**one) for one in told["secrets"]))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreUnusable(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, KeyError):
        # What is wrong is not told: it would tell of the content.
        raise StoreUnusable(f"{file} is damaged; remove it and set your secrets again") from None


def update(file: Path, change: Callable[[Vault], Vault]) -> None:
    """Replaces what the file holds by what `change` makes of it. Others who do so at the same time
    wait. Raises StoreUnusable, and what `change` raises."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.parent.chmod(0o700)
        with file.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # until it is closed
            vault = change(read(file) or Vault(secrets.token_hex(16)))
            told = {"salt": vault.salt, "secrets": [asdict(one) for one in vault.secrets]}
            replace_file(file, json.dumps(told, indent=1).encode())
    except OSError as error:
        raise StoreUnusable(
            f"{file} cannot be written: {error.strerror}; set INTERLOCK_DATA_DIR to a directory "
            "that can"
        ) from None
