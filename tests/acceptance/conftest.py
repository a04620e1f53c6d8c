"""Every test has a user with an empty database, who trusts the workflows of these tests."""

import shutil
from pathlib import Path

import pytest

from tests.acceptance.user import User

WORKFLOWS = Path(__file__).parent.parent / "cli" / "workflows.py"


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory as `init` and `types trust` make it, to be copied."""
    user = User(tmp_path_factory.mktemp("template"))
    assert user("init").returncode == 0
    assert user("types", "trust", str(WORKFLOWS)).returncode == 0
    return user.data


@pytest.fixture
def user(tmp_path: Path, data: Path) -> User:
    """Somebody at a shell."""
    somebody = User(tmp_path)
    shutil.copytree(data, somebody.data)
    return somebody
