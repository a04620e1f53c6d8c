"""Session types drawn at random.

Each drawn type is valid by construction: every step is reached from the first and leads to an
end. Beside that anything goes: guards over visits, state and result, and guards that raise;
steps that make every kind of command, or fail to; readers that remember, overrule, or are broken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any, cast

from attrs import frozen
from hypothesis import strategies as st

from interlock.engine import (
    Ask,
    Call,
    Command,
    Prompt,
    Result,
    Session,
    SessionType,
    Shell,
    Spawn,
    Wait,
    step,
)
from interlock.engine.definition import ERRORS, STANDARD
from interlock.engine.steps import ON_UNKNOWN
from tests.engine.machine import ENDS

Row = tuple[str, str, str, tuple[str, ...], tuple[str, ...]]
Guard = Callable[[Any, Session, Result], bool]


def moody(self: object, session: Session, result: Result) -> bool:
    """Raises for one state in three."""
    if session.state.get("n", 0) % 3 == 2:
        raise LookupError(f"n is {session.state['n']}")
    return session.visits("s0") > 1


def angry(self: object, session: Session, result: Result) -> bool:
    """Raises for errors, so also for the error that stands for another guard."""
    if result.status in ERRORS:
        raise RuntimeError(result.status)
    return True


GUARDS: dict[str, Guard] = {
    "visited": lambda self, session, result: session.visits("s0") >= 2,
    "odd": lambda self, session, result: session.state.get("n", 0) % 2 == 1,
    "coded": lambda self, session, result: result.code == 1,
    "fine": lambda self, session, result: result.ok,
    "moody": moody,
    "angry": angry,
}

BODIES = ("shell", "prompt", "ask", "call", "wait", "spawn")
BROKEN_BODIES = ("raise", "none", "own", "unroutable", "bytes")
READERS = ("count", "count", "flip", "raise", "none", "wild", "bytes")


@frozen
class Plan:
    """What a random session type is made of."""

    rows: tuple[Row, ...]
    bodies: tuple[tuple[str, ...], ...]
    readers: tuple[str | None, ...]
    attempts: tuple[int | None, ...]
    policies: tuple[Any, ...]
    budget: int

    @property
    def steps(self) -> list[str]:
        """The names of its steps; the first is where it starts."""
        return [f"s{number}" for number in range(len(self.bodies))]

    def triggers(self, name: str) -> list[str]:
        """The triggers that have a row at a step."""
        return list(dict.fromkeys(row[0] for row in self.rows if row[1] == name))


def can_all_fire(rows: Sequence[Row]) -> bool:
    """True when for each row something the guards may say lets it be the first to fire."""
    names = sorted({name for row in rows for name in (*row[3], *row[4])})
    fired = set()
    for bits in range(2 ** len(names)):
        said = {name: bits >> place & 1 for place, name in enumerate(names)}
        for number, (*_, guards, unless) in enumerate(rows):
            if all(said[name] for name in guards) and not any(said[name] for name in unless):
                fired.add(number)
                break
    return len(fired) == len(rows)


def _plan(leads: Sequence[Row], extras: Sequence[Row], parts: Any, budget: int) -> Plan:
    """A plan with the rows that make it valid, and before them each extra row that can fire."""
    table = list(leads)
    for extra in extras:
        if can_all_fire([extra, *(row for row in table if row[:2] == extra[:2])]):
            table.insert(0, extra)
    rows = tuple(sorted(table, key=lambda row: row[1]))
    bodies, readers, attempts, policies = parts
    return Plan(rows, bodies, readers, attempts, policies, budget)


def _plans(size: int) -> st.SearchStrategy[Plan]:
    steps = [f"s{number}" for number in range(size)]
    anywhere = st.sampled_from([*steps, *steps, *ENDS])
    bare: list[st.SearchStrategy[Any]] = [st.just(()), st.just(())]
    leads = []
    for number, name in enumerate(steps):
        onward = st.sampled_from([*steps[number + 1 :], *ENDS])
        leads.append(st.tuples(st.just("ok"), st.just(name), onward, *bare))
        leads.append(st.tuples(st.just("error"), st.just(name), anywhere, *bare))
        if number:
            earlier = st.sampled_from(steps[:number])
            leads.append(st.tuples(st.just(f"to_{name}"), earlier, st.just(name), *bare))
    extra = st.tuples(TRIGGERS, st.sampled_from(steps), anywhere, NAMES, NAMES)
    parts = (BODY, st.none() | st.sampled_from(READERS), ATTEMPTS, POLICY)
    return st.builds(
        _plan,
        st.tuples(*leads),
        st.lists(extra, min_size=2, max_size=8),
        st.tuples(*(st.tuples(*[part] * size) for part in parts)),
        st.sampled_from([1, 2, 3, 4, 5, 6, 8, 12, 15, 15, 15]),
    )


TRIGGERS = st.sampled_from([*STANDARD, "go", "retry"])
NAMES = st.sampled_from([(), (), *((name,) for name in GUARDS), *combinations(GUARDS, 2)])
BODY = st.lists(st.sampled_from((*BODIES, *BODIES, *BROKEN_BODIES)), min_size=1, max_size=3)
ATTEMPTS = st.sampled_from([None, 1, 2, 3])
POLICY = st.sampled_from([None, *ON_UNKNOWN])
PLANS = st.one_of([_plans(size) for size in range(1, 5)])
"""A valid session type of one to four steps."""


def build(plan: Plan) -> SessionType:
    """An instance of the session type of a plan."""
    members: dict[str, Any] = {"transitions": plan.rows, "budget": plan.budget, **GUARDS}
    for number, name in enumerate(plan.steps):
        made = step(attempts=plan.attempts[number], on_unknown=plan.policies[number])(
            _body(plan.bodies[number], plan.triggers(name))
        )
        members[name] = made
        mode = plan.readers[number]
        if mode is not None:
            reader = _reader(mode)
            reader.__name__ = f"read_{name}"
            members[reader.__name__] = made.result(reader)
    return cast(type[SessionType], type("Drawn", (SessionType,), members))()


def _body(kinds: Sequence[str], triggers: Sequence[str]) -> Callable[[Any, Session], Command]:
    made: dict[str, Any] = {
        "shell": Shell(("run",)),
        "prompt": Prompt("Write it."),
        "ask": Ask("Which?", (*triggers, "error")),
        "call": Call("commit"),
        "wait": Wait(1),
        "spawn": Spawn(()),
        "none": None,
        "own": Call("session.retry"),
        "unroutable": Ask("Which?", (*triggers, "nowhere")),
        "bytes": Call("write_file", {"content": b"x"}),
    }

    def body(self: SessionType, session: Session) -> Command:
        return cast(Command, made[kinds[session.seq % len(kinds)]])  # KeyError: "raise"

    return body


def _reader(mode: str) -> Callable[[Any, Session, Result], Result]:
    def reader(self: SessionType, session: Session, result: Result) -> Result:
        counted = result.remembering(n=session.state.get("n", 0) + 1)
        if mode == "count" or session.seq % 2:
            return counted
        if mode == "raise":
            raise ValueError(f"row {session.seq}")
        made: dict[str, Any] = {
            "flip": result.failed("no") if result.ok else Result("ok", remember=counted.remember),
            "none": None,
            "wild": Result("nowhere", remember=counted.remember),
            "bytes": result.remembering(n=b"x"),
        }
        return cast(Result, made[mode])

    return reader
