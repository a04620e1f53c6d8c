"""Names, limits, options and readers that no class can have are refused in one line."""

from typing import Any

import pytest

from interlock.engine import CANCELLED, COMPLETE, FAILED, SessionType, Shell, step
from interlock.engine.definition import ATTRIBUTES
from interlock.engine.errors import DefinitionError
from tests.engine.machine import ONE_STEP, declare, run


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
