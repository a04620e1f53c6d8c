"""Where Interlock keeps its data and who is asking by default, read from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from attrs import frozen
from platformdirs import user_data_path

DATABASE = "interlock.db"


@frozen
class Settings:
    """What the environment asks for. A variable that is empty counts as not set."""

    data_dir: Path
    """INTERLOCK_DATA_DIR, else the user's own data directory. It need not exist."""
    database_url: str
    """INTERLOCK_DATABASE_URL, else a SQLite file in the data directory."""
    account: str | None = None
    """INTERLOCK_ACCOUNT: a name."""
    project: str | None = None
    """INTERLOCK_PROJECT: a name."""
    network_disk: bool = False
    """INTERLOCK_NETWORK_DISK=allow: the database may lie on a network disk."""


def settings(environ: Mapping[str, str]) -> Settings:
    """The settings for these environment variables. It creates and reads no file.

    Raises InvalidInput when the data directory is below the home of a user there is not.
    """

    def read(name: str) -> str | None:
        return environ.get(f"INTERLOCK_{name}", "").strip() or None

    asked = read("DATA_DIR")
    data_dir = _expand(asked) if asked else user_data_path("interlock", appauthor=False)
    return Settings(
        data_dir=data_dir,
        database_url=read("DATABASE_URL") or f"sqlite:///{data_dir / DATABASE}",
        account=read("ACCOUNT"),
        project=read("PROJECT"),
        network_disk=read("NETWORK_DISK") == "allow",
    )


def _expand(asked: str) -> Path:
    try:
        return Path(asked).expanduser()
    except RuntimeError:
        from interlock.engine.errors import InvalidInput  # the engine is slow to import

        raise InvalidInput(
            f"INTERLOCK_DATA_DIR={asked} names a user there is not; write the path in full"
        ) from None
