"""The system's keyring, where the extra `keyring` is installed and has a place to keep values."""

from __future__ import annotations

import importlib
from typing import Any

from interlock.engine.errors import StoreUnusable

SERVICE = "interlock"


def store(entry: str, value: str) -> bool:
    """Keeps a value; False where there is no keyring that does."""
    library = _find()
    if library is None:
        return False
    try:
        library.set_password(SERVICE, entry, value)
        return bool(library.get_password(SERVICE, entry) == value)
    except Exception:  # each of its backends has errors of its own: locked, no session, refused
        return False


def load(entry: str) -> str:
    """The value that was kept. Raises StoreUnusable."""
    library = _find()
    if library is None:
        raise StoreUnusable(
            f"the secret {_name(entry)} is in the system's keyring, which cannot be reached: "
            "install interlock[keyring], or set the secret anew"
        )
    try:
        value = library.get_password(SERVICE, entry)
    except Exception as error:
        raise StoreUnusable(
            f"the secret {_name(entry)} cannot be read from the system's keyring "
            f"({type(error).__name__}); unlock it, or set the secret anew"
        ) from None
    if value is None:
        raise StoreUnusable(
            f"the secret {_name(entry)} is gone from the system's keyring; set it anew, or "
            f"`interlock secrets remove {_name(entry)}`"
        )
    return str(value)


def delete(entry: str) -> None:
    """Forgets a value, where it can."""
    library = _find()
    if library is not None:
        try:
            library.delete_password(SERVICE, entry)
        except Exception:  # it is gone already, or out of reach: then it is not ours to remove
            return


def _find() -> Any:
    """The library with a backend that is fit to be used; None where there is none."""
    try:
        library = importlib.import_module("keyring")
        backend = library.get_keyring()
        # Below 1 are those that only say that there is none, and those that keep nothing.
        return library if backend.priority >= 1 else None
    except Exception:
        return None


def _name(entry: str) -> str:
    return entry.rpartition("/")[2]
