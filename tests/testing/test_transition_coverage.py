"""What several processes saw of one table is one figure; tables that differ are told apart."""

import json

from interlock import COMPLETE, Result, SessionType
from interlock.testing import drive
from interlock.testing.observation import watching
from interlock.testing.transition_coverage import TransitionCoverage
from tests.testing.types_under_test import Release


def see(*checks: str, kind: type[SessionType] = Release) -> TransitionCoverage:
    """What was seen of a session that was checked with these statuses."""
    seen = TransitionCoverage()
    with watching(seen.take):
        drive(kind).run({"write": "ok", "check": list(checks)})
    return seen


def through_json(seen: TransitionCoverage) -> list[dict[str, object]]:
    """As it goes from one process to another."""
    dumped: list[dict[str, object]] = json.loads(json.dumps(seen.dump()))
    return dumped


def test_rows_and_guards_of_two_processes_are_put_together() -> None:
    """Each counts once, whoever saw it, also where the first saw nothing."""
    whole = TransitionCoverage()
    for part in (see("ok"), see("error", "ok"), see("error", "error", "error"), see("ok")):
        whole.add(through_json(part))
    assert list(whole.report()) == ["release: 4 of 4 rows, 100 %", "in all: 4 of 4 rows, 100 %"]
    assert whole.percent == 100


def test_what_one_process_saw_is_not_lost() -> None:
    """Nor counted for another."""
    whole = see("ok")
    whole.add(through_json(see("error", "ok")))
    assert list(whole.report()) == [
        "release: 3 of 4 rows, 75 %",
        "  never taken: row 3 [error, check, failed, tired]",
        "  guard tired: never true",
        "in all: 3 of 4 rows, 75 %",
    ]


class Other(Release):
    """Another table under the same name."""

    name = "release"
    transitions = (("ok", "write", "check"), ("ok", "check", COMPLETE))


def test_two_tables_of_one_name_are_two() -> None:
    """Each is told with where its class is."""
    whole = see("ok")
    whole.add(through_json(see("ok", kind=Other)))
    heads = [line.partition(":")[0] for line in whole.report() if line[0] != " "]
    assert len(heads) == 3
    assert heads[0].startswith("release (tests")
    assert list(whole.only(["nothing"]).report()) == ["in all: 0 of 0 rows, 0 %"]


def test_a_guard_that_raises_said_nothing() -> None:
    """Its row was not taken either."""

    class Broken(Release):
        name = "release"
        transitions = Release.transitions

        def tired(self, session: object, result: Result) -> bool:
            raise LookupError("nobody knows")

    seen = TransitionCoverage()
    with watching(seen.take):
        drive(Broken).run({"write": "ok", "check": "error"})
    assert "  guard tired: never asked" in list(seen.report())


def test_watching_ends() -> None:
    """What happens afterwards is not seen, also when two watched and one has ended."""
    first, second = TransitionCoverage(), TransitionCoverage()
    with watching(second.take):
        with watching(first.take):
            drive(Release).run({"write": "ok"}, until="check")
        drive(Release).run({"write": "ok", "check": "ok"})
    drive(Release).run({"write": "ok", "check": ["error", "ok"]})
    assert [seen.types["release", Release.definition.digest].taken for seen in (first, second)] == [
        *(1, 2)
    ]
