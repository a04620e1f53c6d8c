"""A recorded session is replayed along the same path, and every difference is told."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from interlock import Prompt, Result, Session, SessionType, step
from interlock.cli.promote import record_session
from interlock.engine import start
from interlock.engine.values import changed
from interlock.testing import assert_path, drive, replay
from interlock.testing.driven import find_kind
from interlock.testing.recording import Replayed
from tests.engine.machine import position, rows
from tests.engine.random_lives import LIVES, Event, live
from tests.engine.random_machines import PLANS, Plan, build
from tests.session_types.paths import PATHS
from tests.testing.types_under_test import Gate, Release

Data = dict[str, Any]


def record(kind: type[SessionType] | str, results: Mapping[str, Any], **given: Any) -> Data:
    """The recording of a session that is driven with these results."""
    driven = drive(kind, given).run(results)
    return record_session(driven.session, driven.log)


def play(recorded: Data, kind: type[SessionType] | str) -> Replayed:
    """The session replayed; what is recorded goes through JSON as it does in a file."""
    replayed = Replayed(json.loads(json.dumps(recorded)), find_kind(kind))
    replayed.play()
    return replayed


@settings(max_examples=100)
@given(plan=PLANS, happened=LIVES)
def test_a_life_is_replayed_to_where_it_led(plan: Plan, happened: list[Event]) -> None:
    """Whatever happened to a session of whatever type: cancelled, retried, reopened, issued
    again, lost. The same commands, the same position."""
    kind = build(plan)
    *_, session = live(kind, start(kind), happened)
    # No raw results are known here, so that each is taken as the step has read it.
    log = [changed(row, submitted="read") for row in rows(session)]
    replayed = Replayed(json.loads(json.dumps(record_session(session, log))), kind)
    replayed.play()
    assert position(replayed.session) == position(session)


@pytest.mark.parametrize(
    ("name", "way"), [(name, way) for name, paths in PATHS.items() for way in paths.ways]
)
def test_a_session_of_every_type_is_replayed(name: str, way: str) -> None:
    """Along every path through it, readers and all."""
    paths = PATHS[name]
    driven = drive(name, paths.input)
    log = []
    for move in way.partition("->")[0].split(","):
        word = move.split()[1]
        handed_in = paths.results.get(word) or Result(word)
        driven.submit(handed_in)
        row = driven.log[-1]
        log.append(changed(row, submitted=None if row.result == handed_in else "read"))
    replayed = play(record_session(driven.session, log), name)
    assert replayed.path == driven.path
    assert replayed.rows == driven.rows
    assert replayed.session.status == driven.session.status


RESULTS = {"write": "ok", "check": ["error", "ok"]}


def reword(text: str) -> type[SessionType]:
    """The type with another first line in its prompt."""

    class Reworded(Release):
        name = "release"

        @step(attempts=3)
        def write(self, session: Session) -> Prompt:
            return Prompt(text + session.last("check").output, timeout=60)

    return Reworded


def test_another_command_is_told_line_by_line() -> None:
    """Every one of them, each as a diff of what it says."""
    with pytest.raises(AssertionError) as caught:
        play(record(Release, RESULTS), reword("Please write CHANGES.\n"))
    diff = [
        *("  --- recorded", "  +++ now", "  @@ -1,4 +1,4 @@", "   text:"),
        *("  -  Write CHANGES.", "  +  Please write CHANGES."),
        *("   timeout: 60.0", '   kind: "prompt"'),
    ]
    assert str(caught.value).splitlines() == [
        "the type does other things now:",
        "row 1, step write:",
        *diff,
        "row 3, step write:",
        *diff,
    ]


def test_of_many_differences_some_are_told() -> None:
    """And how many more there are."""
    many = record(Release, {"write": "ok", "check": "error"})
    recorded = {**many, "rows": [_reword(row) for row in many["rows"]]}
    with pytest.raises(AssertionError, match=r"and 1 more$"):
        play(recorded, Release)


def _reword(row: Data) -> Data:
    return {**row, "command": {**row["command"], "timeout": 59.0}}


class Impatient(Release):
    """It ends where the other tries again."""

    name = "release"
    transitions = (
        ("ok", "write", "check"),
        ("ok", "check", "complete"),
        ("error", "check", "failed", "ready"),
        ("error", "check", "write", "tired"),
        ("error", "check", "write"),
    )

    def ready(self, session: Any, result: Result) -> bool:
        """It always is."""
        return True


def test_another_way_is_told_with_the_rows_that_were_taken() -> None:
    """Where it left the recorded one, and how it got there."""
    with pytest.raises(AssertionError) as caught:
        play(record(Release, RESULTS), Impatient)
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("at row 3, step write: ")
    assert lines[1:] == [
        "    1 write            ok           row 1 [ok, write, check]",
        "    2 check            error        row 3 [error, check, failed, ready]",
        "  the session is failed at check: check: error",
    ]


def test_a_session_that_no_longer_ends_so_is_told() -> None:
    """Also where all commands are the same."""
    recorded = record(Release, {"write": "ok", "check": "ok"})
    with pytest.raises(AssertionError) as caught:
        play({**recorded, "status": "failed"}, Release)
    assert str(caught.value).splitlines()[1] == ("it is complete at check, and was failed at check")


def test_another_reading_is_told() -> None:
    """Where what was handed in is known, its step must read the same in it."""
    recorded = record(Gate, {"ask": "yes", "sum_up": Result("good").remembering(grade=1)})
    assert play(recorded, Gate).session.state == {"grade": 1}
    recorded["rows"][2]["result"]["remember"] = {"grade": 2}
    with pytest.raises(AssertionError) as caught:
        play(recorded, Gate)
    assert '  -remember: {"grade": 2}' in str(caught.value)
    assert '  +remember: {"grade": 1}' in str(caught.value)
    recorded["rows"][2]["read"] = True
    assert play(recorded, Gate).session.state == {"grade": 2}


def test_a_status_that_means_nothing_any_more_is_told() -> None:
    """In the words of the engine."""
    recorded = record(Release, {"write": "ok", "check": "ok"})
    recorded["rows"][0]["result"]["status"] = "maybe"
    with pytest.raises(AssertionError, match="at row 1, step write: step write takes no status"):
        play(recorded, Release)


def test_a_recording_is_a_file(tmp_path: Path) -> None:
    """With several sessions; the type is a class, a name, or a file beside it."""
    recorded = record("mend", {"check": "ok"}, check="make")
    file = tmp_path / "test_it.json"
    file.write_text(json.dumps({"sessions": [recorded]}))
    for kind in ("mend", find_kind("mend").__class__):
        assert_path(replay(file, recorded["id"], kind), "check:ok complete")
    (tmp_path / "own.py").write_text(
        "from interlock.session_types.mend import Mend\nclass Own(Mend):\n    name = 'mend'\n"
        "    transitions = Mend.transitions\n"
    )
    assert_path(replay(file, recorded["id"], "own.py:mend"), "check:ok complete")
    with pytest.raises(AssertionError, match=r"own.py has no session type other; it has mend"):
        replay(file, recorded["id"], "own.py:other")
    with pytest.raises(AssertionError, match=r"test_it.json has no session nothing"):
        replay(file, "nothing", "mend")
