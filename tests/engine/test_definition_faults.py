"""A class that is not well defined is refused, with class, row and mend in one line."""

from typing import Any

import pytest

from interlock.engine import CANCELLED, COMPLETE, FAILED, SessionType, Shell, step
from interlock.engine.definition import ATTRIBUTES
from interlock.engine.errors import DefinitionError
from interlock.engine.table import RESERVED
from tests.engine.machine import ONE_STEP, declare, declare_only, run


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


@pytest.mark.parametrize("name", [*ATTRIBUTES, COMPLETE, FAILED, CANCELLED])
def test_a_step_cannot_take_a_name_of_the_engine(name: str) -> None:
    """A step with the name of an end or of a session type's own attribute is refused."""
    members: dict[str, Any] = {"transitions": ONE_STEP, "run": run(), name: run()}
    with pytest.raises(DefinitionError) as raised:
        type("Sample", (SessionType,), members)
    said = f"Sample: step {name}: the engine uses this name; rename the step"
    assert str(raised.value) == said


def test_every_attribute_of_a_session_type_is_guarded() -> None:
    """What the engine keeps in the class is what no step may be called."""
    public = {name for name in vars(SessionType) if not name.startswith("_")}
    assert set(ATTRIBUTES) == public | set(SessionType.__annotations__)


@pytest.mark.parametrize("name", ["Sample", "my-type", "", "1st", None, 5])
def test_a_name_is_lower_snake_case(name: Any) -> None:
    """A name of another form is refused."""
    with pytest.raises(DefinitionError, match=f"Sample: the name {name!r} must be lower_snake"):
        declare(ONE_STEP, name=name)


@pytest.mark.parametrize("budget", [0, -1, 1.5, True, "9", None])
def test_a_budget_is_a_whole_number_from_one(budget: Any) -> None:
    """A budget of another form is refused."""
    with pytest.raises(DefinitionError, match=rf"Sample: budget = {budget!r} must be 1 or more"):
        declare(ONE_STEP, budget=budget)


@pytest.mark.parametrize("inputs", [None, ["path"], "path", {"path": None}, {5: "a path"}])
def test_inputs_map_names_to_their_help(inputs: Any) -> None:
    """Declared inputs of another form are refused."""
    with pytest.raises(DefinitionError, match="must map the name of each input to its help"):
        declare(ONE_STEP, inputs=inputs)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"attempts": 0}, "step run: attempts=0 must be 1 or more"),
        ({"attempts": -1}, "step run: attempts=-1 must be 1 or more"),
        ({"attempts": 1.5}, "step run: attempts=1.5 must be 1 or more"),
        ({"attempts": True}, "step run: attempts=True must be 1 or more"),
        ({"timeout": 0}, "step run: timeout=0 must be more than 0"),
        ({"timeout": -1}, "step run: timeout=-1 must be more than 0"),
        ({"timeout": float("nan")}, "step run: timeout=nan must be more than 0"),
        ({"timeout": float("inf")}, "step run: timeout=inf must be more than 0"),
        ({"timeout": "60"}, "step run: timeout='60' must be more than 0"),
        ({"timeout": True}, "step run: timeout=True must be more than 0"),
        ({"on_unknown": "later"}, "on_unknown='later' must be one of retry, continue, ask"),
        ({"on_unknown": ["ask"]}, "must be one of retry, continue, ask"),
    ],
)
def test_a_bad_option_of_a_step_is_refused(options: dict[str, Any], said: str) -> None:
    """The message names the step, the option and what it may be."""

    def body(self: SessionType, session: Any) -> Shell:
        return Shell(("true",))

    body.__name__ = "run"
    with pytest.raises(DefinitionError) as raised:
        step(**options)(body)
    assert said in str(raised.value)


def test_a_step_marks_a_method() -> None:
    """`@step(3)` is no step and says how one is written."""
    with pytest.raises(DefinitionError, match="marks a method, not 3; write @step or @step"):
        step(3)  # type: ignore[call-overload]


def reader(self: SessionType, session: Any, result: Any) -> Any:
    """A reader."""
    return result


def test_a_step_has_one_reader() -> None:
    """A second reader of a step is refused, for it would hide the first."""
    made = run()
    made.result(reader)
    with pytest.raises(DefinitionError, match="reader reads it already; remove one of them"):
        made.result(reader)


def test_a_reader_does_not_take_the_name_of_its_step() -> None:
    """A reader called like the step would hide the step, and is refused."""
    made = step(reader)  # type: ignore[arg-type]
    with pytest.raises(DefinitionError, match="hides the step; give the reader a name of its own"):
        made.result(reader)


def test_a_step_of_a_parent_gets_no_reader_from_a_child() -> None:
    """Marking a reader for an inherited step is refused: it would change the parent too."""
    parent = declare(ONE_STEP)
    with pytest.raises(DefinitionError, match="Sample owns the step; override run as well"):
        parent.__dict__["run"].result(reader)
    assert parent.definition.steps["run"].reader is None
