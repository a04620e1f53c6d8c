"""What a well defined class declares, and the digest that tells one definition from another."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.engine import (
    COMPLETE,
    FAILED,
    Result,
    Session,
    SessionType,
    Shell,
    Step,
    start,
    step,
)
from interlock.engine.errors import DefinitionError, InvalidInput
from tests.engine.machine import ONE_STEP, Rows, begin, declare, make, run


def holds(self: object, session: object, result: object) -> bool:
    """A guard."""
    return True


class HttpCheck(SessionType):
    """A class as a plugin's author writes one."""

    transitions = (
        ("ok", "build_it", "try_it"),
        ("ok", "try_it", COMPLETE),
        ("error", ("build_it", "try_it"), FAILED),
    )
    inputs = {"url": "what to check", "note?": "what to say"}  # noqa: RUF012

    @step(attempts=2, timeout=60, on_unknown="ask")
    def build_it(self, session: Session) -> Shell:
        """Build it."""
        return Shell(("make",))

    @step
    def try_it(self, session: Session) -> Shell:
        """Try it."""
        return Shell(("curl", session.input["url"]))

    @try_it.result
    def demand_text(self, session: Session, result: Result) -> Result:
        """Ok only with text."""
        return result if result.output else result.failed("no text")


def test_a_class_is_read_as_written() -> None:
    """Name, first step, steps and rows are those of the class; one row per source."""
    definition = HttpCheck.definition
    assert (definition.name, definition.initial, definition.budget) == (
        "http_check",
        "build_it",
        100,
    )
    assert list(definition.steps) == ["build_it", "try_it"]
    assert [str(row) for row in definition.rows] == [
        "row 1 [ok, build_it, try_it]",
        "row 2 [ok, try_it, complete]",
        "row 3 [error, build_it, failed]",
        "row 3 [error, try_it, failed]",
    ]
    assert definition.triggers("try_it") == ("ok", "error")


def test_a_step_is_tested_by_calling_it() -> None:
    """A step called on an instance returns its command; on the class it is the step."""
    session = start(HttpCheck(), input={"url": "http://localhost"})
    assert HttpCheck().try_it(session) == Shell(("curl", "http://localhost"))
    assert isinstance(HttpCheck.try_it, Step)
    assert HttpCheck.build_it.declared == {"attempts": 2, "timeout": 60, "on_unknown": "ask"}
    assert HttpCheck.build_it.__doc__ == "Build it."


def test_the_reader_is_an_ordinary_method() -> None:
    """What `@x.result` marks stays callable and is known to the step by name."""
    read = HttpCheck().demand_text(start(HttpCheck(), input={"url": "x"}), Result())
    assert (read.status, read.error) == ("error", "no text")
    assert HttpCheck.try_it.reader == "demand_text"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Mend", "mend"), ("ComponentSpec", "component_spec"), ("HTTPCheck2", "http_check2")],
)
def test_the_name_is_the_class_name_in_snake_case(name: str, expected: str) -> None:
    """Where no name is given the class name tells it, also for each subclass."""
    parent = type(name, (SessionType,), {"transitions": ONE_STEP, "run": run()})
    assert parent.definition.name == expected  # type: ignore[attr-defined]
    assert type("Heir", (parent,), {}).definition.name == "heir"  # type: ignore[attr-defined]


def test_a_class_without_a_table_is_a_shared_parent() -> None:
    """It is not checked; its steps and guards serve the classes made of it."""

    class Parent(SessionType):
        @step
        def run(self, session: Session) -> Shell:
            """Run."""
            return Shell(("true",))

        def holds(self, session: Session, result: Result) -> bool:
            """A guard."""
            return True

    assert not hasattr(Parent, "definition")

    class Child(Parent):
        transitions = (("ok", "run", COMPLETE, "holds"),)

    assert list(Child.definition.steps) == ["run"]


def test_a_subclass_may_override_a_step() -> None:
    """The nearest step of a name counts, with its own options; the parent keeps its own."""
    parent = declare(ONE_STEP, run=run(attempts=2))
    child = type("Child", (parent,), {"run": run(Shell(("false",)), attempts=5)})
    definition = child.definition  # type: ignore[attr-defined]
    assert definition.steps["run"].attempts == 5
    assert parent.definition.steps["run"].attempts == 2
    assert definition.digest != parent.definition.digest


GUARDS = ("a", "b", "c", "d")
ASKED = st.lists(st.sampled_from(GUARDS), max_size=2)


@given(rows=st.lists(st.tuples(ASKED, ASKED), min_size=1, max_size=6))
def test_a_row_is_refused_exactly_when_nothing_the_guards_say_lets_it_fire(
    rows: list[tuple[list[str], list[str]]],
) -> None:
    """The check agrees with trying every combination of what the guards may say."""
    fired = set()
    for bits in range(2 ** len(GUARDS)):
        said = {name: bool(bits >> place & 1) for place, name in enumerate(GUARDS)}
        for number, (guards, unless) in enumerate(rows, 1):
            if all(said[name] for name in guards) and not any(said[name] for name in unless):
                fired.add(number)
                break
    table = [["ok", "run", COMPLETE, guards, unless] for guards, unless in rows]
    dead = [number for number in range(1, len(rows) + 1) if number not in fired]
    members = dict.fromkeys(GUARDS, holds)
    if not dead:
        assert len(declare(table, **members).definition.rows) == len(rows)
        return
    with pytest.raises(DefinitionError, match=rf"Sample: row {dead[0]} .*can never fire"):
        declare(table, **members)


def digest(rows: Rows = ONE_STEP, **members: Any) -> str:
    """The digest of a definition."""
    return declare(rows, **members).definition.digest


TWO: Rows = [["ok", "run", "look"], ["ok", "look", COMPLETE], ["error", "look", FAILED]]

CHANGES: dict[str, str] = {
    "a trigger": digest([["done", "run", COMPLETE], ["error", "run", FAILED]]),
    "a destination": digest([["ok", "run", FAILED], ["error", "run", FAILED]]),
    "the order of the rows": digest([["error", "run", FAILED], ["ok", "run", COMPLETE]]),
    "one row more": digest([*ONE_STEP, ["timeout", "run", FAILED]]),
    "one row less": digest(ONE_STEP[:1]),
    "a guard": digest([*ONE_STEP, ["warning", "run", FAILED, "holds"]], holds=holds),
    "another guard": digest([*ONE_STEP, ["warning", "run", FAILED, "other"]], other=holds),
    "an unless": digest([*ONE_STEP, ["warning", "run", FAILED, None, "holds"]], holds=holds),
    "the name of a step": digest([["ok", "walk", COMPLETE], ["error", "walk", FAILED]]),
    "the table of two steps": digest(TWO),
    "a step's attempts": digest(run=run(attempts=3)),
    "a step's timeout": digest(run=run(timeout=3)),
    "a step's policy": digest(run=run(on_unknown="ask")),
    "a step's budget": digest(run=run(budget={"tokens": 3})),
    "a step's budget in money": digest(run=run(budget={"money": 3})),
    "a step's options": digest(run=run(options={"read_only": True})),
    "the budget": digest(budget=101),
    "the options": digest(options={"read_only": True}),
    "the name": digest(name="other"),
}


def test_the_digest_changes_with_table_options_budget_and_name() -> None:
    """Each change of what is declared gives a digest that nothing else gives."""
    digests = [digest(), *CHANGES.values()]
    assert len(set(digests)) == len(digests), CHANGES


def test_the_digest_stays_with_everything_else() -> None:
    """Code, words, inputs, the form of the rows and the order of the methods do not change it."""
    read = run(Shell(("false",)))
    members = {"run": read, "demand": read.result(HttpCheck.demand_text)}
    described = declare(ONE_STEP, __doc__="Checks.", inputs={"path": "a path"}, **members)
    assert described.definition.digest == digest()
    assert digest(tuple(tuple(row) for row in ONE_STEP)) == digest()
    assert digest([["ok", ["run"], COMPLETE, []], ["error", "run", FAILED, [], None]]) == digest()
    assert digest(TWO, run=run(), look=run()) == digest(TWO, look=run(), run=run())


def test_the_digest_of_a_definition_is_the_same_tomorrow() -> None:
    """Sessions keep it: this one was written down once and may only change with a migration."""
    assert digest() == "7bb31af26692023bfcd6336b802c1d6ede5f70cdd2549e68aeeb6821452047e2"


def test_input_is_checked_against_what_is_declared() -> None:
    """A missing or undeclared input is refused with its name and help; `?` makes it optional."""
    HttpCheck.check_input({"url": "x"})
    HttpCheck.check_input({"url": "x", "note": "y"})
    with pytest.raises(InvalidInput, match=r"needs the input 'url' \(what to check\); give -i url"):
        start(HttpCheck(), input={"note": "y"})
    with pytest.raises(InvalidInput, match="has no input 'user'; it takes url, note"):
        start(HttpCheck(), input={"url": "x", "user": "y"})
    assert begin(make(ONE_STEP), input={"anything": 1}).input == {"anything": 1}


def test_a_session_starts_at_the_first_source() -> None:
    """It is active, remembers nothing, and has the type's name, digest and budget."""
    kind = make(TWO, budget=7)
    session = start(kind, input={"path": "x"})
    assert session == Session(
        type="sample",
        step="run",
        input={"path": "x"},
        budget=7,
        type_digest=kind.definition.digest,
    )
    assert start(kind, budget=3).budget == 3


@pytest.mark.parametrize("budget", [0, -1, True, 1.5, "9"])
def test_a_session_has_a_budget_of_at_least_one(budget: Any) -> None:
    """Another budget is refused, 0 too: it does not mean the default."""
    with pytest.raises(InvalidInput, match="the budget is a whole number of interactions from 1"):
        start(make(ONE_STEP), budget=budget)
