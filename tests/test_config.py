"""The settings are what the environment says, else what suits the machine."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.config import Settings, settings
from interlock.engine.errors import InvalidInput

NAMES = ("DATA_DIR", "DATABASE_URL", "ACCOUNT", "PROJECT")

blank = st.text(alphabet=" \t\n", max_size=3)
words = st.text(alphabet=st.characters(codec="ascii", categories=["L", "N"]), min_size=1)


def test_without_variables_the_database_is_in_the_users_data_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty environment gives a directory of Interlock's own, below the user's home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    found = settings({})
    assert tmp_path in found.data_dir.parents
    assert found.data_dir.name == "interlock"
    assert found == Settings(found.data_dir, f"sqlite:///{found.data_dir}/interlock.db", None, None)
    assert not found.data_dir.exists()


def test_the_data_directory_moves_the_database() -> None:
    """INTERLOCK_DATA_DIR holds the database unless INTERLOCK_DATABASE_URL names another."""
    moved = settings({"INTERLOCK_DATA_DIR": "/srv/my data"})
    assert moved == Settings(Path("/srv/my data"), "sqlite:////srv/my data/interlock.db")
    url = "sqlite:////elsewhere.db"
    both = settings({"INTERLOCK_DATA_DIR": "/srv", "INTERLOCK_DATABASE_URL": url})
    assert both == Settings(Path("/srv"), url)


def test_a_tilde_is_the_home_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A data directory that begins with ~ is below the home, not a directory of that name."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert settings({"INTERLOCK_DATA_DIR": "~/data"}).data_dir == tmp_path / "data"


def test_the_home_of_an_unknown_user_is_refused() -> None:
    """~nobody-of-this-name is one clear line, not a directory of that name."""
    with pytest.raises(InvalidInput, match="INTERLOCK_DATA_DIR=~no-such-user/x names a user"):
        settings({"INTERLOCK_DATA_DIR": "~no-such-user/x"})


@given(values=st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, words)), around=blank)
def test_every_variable_is_read_without_the_space_around_it(
    values: dict[str, str], around: str
) -> None:
    """Each variable sets its own field and no other; white space around it means nothing."""
    found = settings(
        {f"INTERLOCK_{name}": f"{around}{text}{around}" for name, text in values.items()}
    )
    default = settings({})
    directory = Path(values["DATA_DIR"]) if "DATA_DIR" in values else default.data_dir
    assert found.data_dir == directory
    assert found.database_url == values.get("DATABASE_URL", f"sqlite:///{directory}/interlock.db")
    assert found.account == values.get("ACCOUNT")
    assert found.project == values.get("PROJECT")


@given(name=st.sampled_from(NAMES), text=blank)
def test_a_blank_variable_is_not_set(name: str, text: str) -> None:
    """A variable of white space alone is the same as none."""
    assert settings({f"INTERLOCK_{name}": text}) == settings({})
