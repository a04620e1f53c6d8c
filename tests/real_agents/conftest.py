"""Each test here runs once for every real program."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.real_agents.desk import Desk
from tests.real_agents.programs import PROGRAMS, NotInstalled, Program, locate, version


@pytest.fixture(params=PROGRAMS, ids=[program.slug for program in PROGRAMS])
def program(
    request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> Program:
    """One real program. Where it is not installed, the summary of the tests names it."""
    found: Program = request.param
    try:
        locate(found)
        record_property("real agent", f"{found.name} {version(found)}")
    except NotInstalled as error:
        record_property("real agent", found.name)
        pytest.skip(str(error))
    return found


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A home and a git repository for the program."""
    return Desk.lay(tmp_path)
