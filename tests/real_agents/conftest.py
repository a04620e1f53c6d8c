"""Each test here runs once for every real program."""

from collections.abc import Callable
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from tests.real_agents.desk import Desk
from tests.real_agents.programs import PROGRAMS, NotInstalled, Program, locate, version

QUICK = ("claude-code", "codex")
"""The programs that `make test` runs too."""


ALL = tuple(one.slug for one in PROGRAMS)


def choose(*slugs: str, quick: bool = True) -> list[ParameterSet]:
    """These programs as parameters, those of `QUICK` marked so unless `make test` has not the
    time for the test."""
    marks = {slug: [pytest.mark.quick] for slug in QUICK if quick}
    return [
        pytest.param(one, id=one.slug, marks=marks.get(one.slug, []))
        for one in PROGRAMS
        if one.slug in slugs
    ]


@pytest.fixture(params=choose(*ALL))
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
