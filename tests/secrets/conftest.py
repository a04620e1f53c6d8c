"""Every test has a data directory of its own, and no keyring unless it brings one."""

from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.core import load_keyring

from interlock.secrets import vault
from tests.secrets.own_keyring import OwnKeyring

NONE = "keyring.backends.fail.Keyring"


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """This test's data directory, which is not there yet."""
    keyring.set_keyring(load_keyring(NONE))
    monkeypatch.setenv("INTERLOCK_DATA_DIR", str(tmp_path / "data"))
    vault.forget()
    yield tmp_path / "data"
    keyring.set_keyring(load_keyring(NONE))


@pytest.fixture
def own_keyring() -> OwnKeyring:
    """A keyring that is there and open."""
    made = OwnKeyring()
    keyring.set_keyring(made)
    return made
