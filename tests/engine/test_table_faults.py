"""A class that is not well defined is refused, with class, row and mend in one line."""

from typing import Any

import pytest

from interlock.engine import CANCELLED, COMPLETE, FAILED
from interlock.engine.errors import DefinitionError
from interlock.engine.table import RESERVED
from tests.engine.machine import declare, declare_only, run


def holds(self: object, session: object, result: object) -> bool:
    """A guard."""
    return True


def other(self: object, session: object, result: object) -> bool:
    """Another guard."""
    return True


GUARDS = {"holds": holds, "other": other}
END = ["ok", "run", COMPLETE]

# what is wrong, rows, members, where, what is said of it, how to mend it
FAULTS: list[tuple[str, Any, dict[str, Any], str, str, str]] = [
    (
        "unknown source",
        [END, ["ok", "tets", FAILED]],
        {"run": run()},
        "row 2 [ok, tets, failed]",
        "unknown step 'tets'",
        "write `@step def tets(self, session)` or use one of run",
    ),
    (
        "unknown destination",
        [["ok", "run", "done"]],
        {"run": run()},
        "row 1 [ok, run, done]",
        "unknown step 'done'",
        "write `@step def done(self, session)` or use one of run",
    ),
    (
        "no step at all",
        [END],
        {},
        "row 1 [ok, run, complete]",
        "unknown step 'run'",
        "or use one of none",
    ),
    (
        "a step that is no longer one",
        [END],
        {"run": "pytest"},
        "row 1 [ok, run, complete]",
        "unknown step 'run'",
        "write `@step def run(self, session)`",
    ),
    (
        "unreachable step",
        [END, ["ok", "lost", COMPLETE]],
        {"run": run(), "lost": run()},
        "step lost",
        "cannot be reached from 'run'",
        "add a row with destination 'lost', or remove the step",
    ),
    (
        "steps that only reach each other",
        [END, ["ok", "lost", "gone"], ["ok", "gone", "lost"], ["error", "gone", FAILED]],
        {"run": run(), "lost": run(), "gone": run()},
        "step lost",
        "cannot be reached from 'run'",
        "add a row with destination 'lost'",
    ),
    (
        "no way out",
        [END, ["error", "run", "stay"]],
        {"run": run(), "stay": run()},
        "step stay",
        "has no way out",
        "add a row with source 'stay'",
    ),
    (
        "no path to an end",
        [END, ["error", "run", "left"], ["ok", "left", "right"], ["ok", "right", "left"]],
        {"run": run(), "left": run(), "right": run()},
        "step left",
        "has no path to an end",
        "add a row that leads to COMPLETE, FAILED or CANCELLED",
    ),
    (
        "the same row twice",
        [END, END],
        {"run": run()},
        "row 2 [ok, run, complete]",
        "can never fire, row 1 [ok, run, complete] takes all it would",
        "give an earlier row another guard, or move or remove this one",
    ),
    (
        "a guarded row behind one without a guard",
        [END, ["ok", "run", FAILED, "holds"]],
        {"run": run()},
        "row 2 [ok, run, failed, holds]",
        "can never fire, row 1 [ok, run, complete] takes all it would",
        "move or remove this one",
    ),
    (
        "a row with one guard more than an earlier one",
        [["ok", "run", FAILED, "holds"], ["ok", "run", CANCELLED, ["other", "holds"]], END],
        {"run": run()},
        "row 2 [ok, run, cancelled, other, holds]",
        "can never fire, row 1 [ok, run, failed, holds] takes all it would",
        "move or remove this one",
    ),
    (
        "a row behind a guard and its opposite",
        [["ok", "run", FAILED, "holds"], ["ok", "run", CANCELLED, None, "holds"], END],
        {"run": run()},
        "row 3 [ok, run, complete]",
        "can never fire, the rows before it together take all it would",
        "give an earlier row another guard",
    ),
    (
        "a guard that would have to hold and not to hold",
        [["ok", "run", FAILED, ["holds", "other"], "other"], END],
        {"run": run()},
        "row 1 [ok, run, failed, holds, other, unless other]",
        "can never fire, other would have to hold and not to hold",
        "remove one of the two",
    ),
    (
        "a source named twice in one row",
        [["ok", ["run", "run"], COMPLETE]],
        {"run": run()},
        "row 1 [ok, run, complete]",
        "can never fire",
        "move or remove this one",
    ),
    (
        "a guard that does not exist",
        [["ok", "run", COMPLETE, "hold"]],
        {"run": run()},
        "row 1 [ok, run, complete, hold]",
        "there is no guard 'hold'",
        "write `def hold(self, session, result)`",
    ),
    (
        "an unless that does not exist",
        [["ok", "run", COMPLETE, None, "hold"]],
        {"run": run()},
        "row 1 [ok, run, complete, unless hold]",
        "there is no guard 'hold'",
        "write `def hold(self, session, result)`",
    ),
    (
        "a guard that is a step",
        [["ok", "run", COMPLETE, "run"]],
        {"run": run()},
        "row 1 [ok, run, complete, run]",
        "there is no guard 'run'",
        "write `def run(self, session, result)`",
    ),
    (
        "a guard that is no method",
        [["ok", "run", COMPLETE, "budget"]],
        {"run": run()},
        "row 1 [ok, run, complete, budget]",
        "there is no guard 'budget'",
        "write `def budget(self, session, result)`",
    ),
    (
        "a step that shadows a trigger",
        [["ok", "run", "approve"], ["approve", "approve", COMPLETE]],
        {"run": run(), "approve": run()},
        "row 2 [approve, approve, complete]",
        "step approve shadows the trigger 'approve'",
        "rename the step",
    ),
    (
        "an end that is a source",
        [END, ["ok", COMPLETE, "run"]],
        {"run": run()},
        "row 2 [ok, complete, run]",
        "'complete' is an end and leads nowhere",
        "remove the row",
    ),
]


@pytest.mark.parametrize(
    ("rows", "members", "where", "what", "mend"),
    [pytest.param(*fault[1:], id=fault[0]) for fault in FAULTS],
)
def test_a_fault_of_the_table_names_class_row_and_mend(
    rows: Any, members: dict[str, Any], where: str, what: str, mend: str
) -> None:
    """The message is one line: the class, the place in the table, what is wrong, the mend."""
    with pytest.raises(DefinitionError) as raised:
        declare_only(rows, **GUARDS, **members)
    said = str(raised.value)
    assert said.startswith(f"Sample: {where}: {what}")
    assert mend in said
    assert "\n" not in said


NO_ROW = "is not a row; write [trigger, source, destination, guard, unless]"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("ok", NO_ROW),
        ({"trigger": "ok", "source": "run", "dest": COMPLETE}, NO_ROW),
        (None, NO_ROW),
        (["ok", "run"], NO_ROW),
        (["ok", "run", COMPLETE, None, None, None], NO_ROW),
        (["ok", None, COMPLETE], "has no source; name a step or a list of steps"),
        (["ok", [], COMPLETE], "has no source; name a step or a list of steps"),
        (["ok", 5, COMPLETE], "has no source; name a step or a list of steps"),
        ([None, "run", COMPLETE], "None is not a name; write it as a string"),
        (["ok", "run", None], "None is not a name; write it as a string"),
        (["ok", "run", ["run"]], "['run'] is not a name; write it as a string"),
        (["ok", ["run", 5], COMPLETE], "5 is not a name; write it as a string"),
        (["ok", "run", COMPLETE, 5], "5 is not a guard; name a method of the class"),
        (["ok", "run", COMPLETE, ["holds", None]], "is not a guard; name a method of the class"),
        (["ok", "run", COMPLETE, None, holds], "is not a guard; name a method of the class"),
    ],
)
def test_a_malformed_row_is_told_as_it_is_written(row: Any, said: str) -> None:
    """The message shows the row with its number and how a row is written."""
    with pytest.raises(DefinitionError) as raised:
        declare_only([END, row], run=run(), **GUARDS)
    assert str(raised.value).startswith(f"Sample: row 2 {row!r}: ")
    assert said in str(raised.value)


@pytest.mark.parametrize("rows", [[], (), None, "ok run complete", 5, {"ok": "run"}])
def test_a_table_without_rows_is_refused(rows: Any) -> None:
    """A table is a list with at least one row."""
    with pytest.raises(DefinitionError, match="Sample: transitions: has no rows; write a list"):
        declare_only(rows, run=run())


@pytest.mark.parametrize("word", [*RESERVED, "OK", "", "not ok", "2nd", "réussi", "ok\n"])
def test_a_trigger_is_a_plain_word_that_the_engine_does_not_use(word: str) -> None:
    """Reserved words and what is no lower-case word can be no trigger."""
    with pytest.raises(DefinitionError, match="cannot be a trigger; use another word") as raised:
        declare([[word, "run", COMPLETE]])
    assert str(raised.value).startswith(f"Sample: row 1 [{word}, run, complete]: {word!r}")
