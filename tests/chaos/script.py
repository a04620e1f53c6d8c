"""A script of things done with sessions, drawn from a seed; the same one can be performed on any
database. Clock and ids are its own, so two databases that do the same say the same, to the byte.
"""

import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import asdict, evolve, has

from interlock import Ask, Command, Interaction, Result, Session, accounts, sessions
from interlock.engine.errors import InterlockError
from interlock.exporters import json as as_json
from interlock.exporters import markdown as as_markdown
from interlock.sessions import lease, recent
from interlock.store import connection, records

BEGIN = datetime(2026, 1, 1, 23, 59, tzinfo=UTC)
TYPES = ("pair", "loop", "approval", "pause", "family", "mending", "writer", "thrifty", "faulty")
TEXTS = (
    *("", "plain", "Ünïcode \U0001f680 \u202e", "two\nlines\ttab\r", "nul \0 and lone \ud800"),
    *("'; DROP TABLE session; --", "100 % sure? :name $1 %s {0}", '"quoted" \\u0000 \\', "refuse"),
    *("x" * 70_000, "ß" * 300),
)
VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**53 + 1,
    2**63 - 1,
    1.5,
    1e300,
    [],
    {"a": [1, {"b": None}]},
)
STATUSES = (*["ok"] * 12, "error", "done", "again", "approve", "warning", "timeout")
INPUTS: dict[str, list[dict[str, Any]]] = {
    "approval": [{}, {"timeout": 30}],
    "pause": [{"seconds": 5}, {"seconds": 5000}],
    "family": [{"children": [{}, {"type": "writer"}]}, {"children": [{}], "policy": "any"}],
    "writer": [{"times": 3}],
    "faulty": [{"fault": "guard"}, {"fault": "step"}, {"fault": "reader"}],
}


class Script:
    """Some sessions of one account, and what was said when things were done with them."""

    def __init__(self, seed: int, forgetful: bool) -> None:
        self.chance = random.Random(seed)  # noqa: S311  no secret
        self.forgetful = forgetful
        """Whether each question is asked by a process that knows only what is in the database."""
        self.account = f"account {seed}"
        self.seconds, self.count = 0.0, 0
        self.ids: list[str] = []
        self.said: list[str] = []
        self.moves: dict[Callable[[], Any], int] = {
            self.create: 6,
            self.advance: 10,
            self.run: 4,
            self.interrupt: 2,
            self.hand_in_again: 2,
            self.answer: 2,
            self.end: 3,
            self.tell: 3,
            self.wait: 2,
            self.allow: 1,
            self.look: 3,
        }

    def perform(self, turns: int, patch: pytest.MonkeyPatch) -> Iterator[str]:
        """What was said, thing by thing, and then what is kept."""
        patch.setattr(connection, "now", self._now)
        patch.setattr(records, "new_id", self._new_id)
        patch.setattr(lease.Lease, "watch", lambda held: None)  # its thread would run by itself
        self.scope = accounts.enter(self.account, "site", user="ann")
        for number in range(turns):
            self.seconds += self.chance.choice((0.0, 0.000001, 1.25))
            (move,) = self.chance.choices([*self.moves], [*self.moves.values()])
            if self.forgetful:
                recent.forget()
            yield f"{number} {move.__name__}: {self._heard(move)}"
        yield from self._kept()

    def _heard(self, move: Callable[[], Any]) -> str:
        try:
            return _text(move())
        except InterlockError as error:
            return f"{error.code}: {error}"

    def create(self) -> Any:
        """One more session."""
        kind = self.chance.choice(TYPES)
        given = dict(self.chance.choice(INPUTS.get(kind, [{}])))
        if self.chance.random() < 0.2:
            given["n"] = self.chance.choice((*VALUES, *TEXTS))
        made = sessions.create(
            self.scope,
            kind,
            input=given,
            title=self.chance.choice((None, *TEXTS[:3], "Tests")),
            budget=self.chance.choice((None, None, 6)),
            queue=self.chance.choice((None, "default")),
            priority=self.chance.randrange(3),
        )
        self.ids.append(made.id)
        return made

    def advance(self) -> Any:
        """The result of the next command of a session."""
        session_id = self._one()
        row = sessions.next_command(self.scope, session_id, reissue=self.chance.random() < 0.1)
        result = self._result()
        if isinstance(row.command, Ask) and self.chance.random() < 0.8:
            result = evolve(result, status=self.chance.choice(row.command.choices))
        return sessions.handle_result(self.scope, session_id, row.id, result)

    def run(self) -> Any:
        """Commands of a session and its children one after the other, until it waits."""
        return sessions.drive(self.scope, self._one(), self._perform)

    def interrupt(self) -> Any:
        """A command of a session, in the middle of which nobody is there any more."""

        def die(command: Command) -> Result:
            raise KeyboardInterrupt

        session_id = self._one()
        try:
            return sessions.run(self.scope, session_id, die)
        except KeyboardInterrupt:
            self.seconds += 1
            return sessions.get(self.scope, session_id)

    def hand_in_again(self) -> Any:
        """A result for some row: the one that it has, or another."""
        session_id = self._one()
        rows = list(sessions.history(self.scope, session_id))
        row = self.chance.choice([*rows, None])
        same = self.chance.random() < 0.5 and row is not None and row.result is not None
        result = row.result if same and row is not None and row.result else self._result()
        return sessions.handle_result(self.scope, session_id, str(row and row.seq), result)

    def answer(self) -> Any:
        """A person's choice, if there is a question."""
        session_id = self._one()
        command = sessions.next_command(self.scope, session_id).command
        choices = command.choices if isinstance(command, Ask) else ("approve",)
        comment = self.chance.choice(TEXTS[:7])
        return sessions.answer(self.scope, session_id, self.chance.choice(choices), comment)

    def end(self) -> Any:
        """What is done to a session as a whole."""
        session_id = self._one()
        act: Callable[[], Any] = self.chance.choice(
            (
                lambda: sessions.cancel(self.scope, session_id, self.chance.choice(TEXTS[:9])),
                lambda: sessions.retry(self.scope, session_id),
                lambda: sessions.reopen(self.scope, session_id),
                lambda: sessions.archive(self.scope, session_id),
                lambda: sessions.delete(self.scope, session_id),
                lambda: sessions.enqueue(self.scope, session_id, priority=1),
                lambda: sessions.dequeue(self.scope, session_id),
            )
        )
        return act()

    def tell(self) -> Any:
        """An event or a text of a session."""
        session_id = self._one()
        if self.chance.random() < 0.4:
            text = self.chance.choice(TEXTS)
            return sessions.add_context(self.scope, session_id, text).content
        row = sessions.next_command(self.scope, session_id)
        told: dict[str, Any] = {"text": self.chance.choice(TEXTS)}
        if self.chance.random() < 0.3:
            told = self._usage()["entries"][0]
        kind = "usage" if "model" in told else "note"
        return sessions.record(self.scope, session_id, row.id, kind, told)

    def wait(self) -> None:
        """Time passes."""
        self.seconds += self.chance.choice((1, 31, 4000, 86_400))

    def allow(self) -> Any:
        """Bound what a session or the project may spend."""
        session_id = self.chance.choice((None, self._one()))
        limits = {"tokens": self.chance.choice((100, 10_000))}
        more = self.chance.random() < 0.5
        given: dict[str, Any] = {"add": limits} if more else {"limits": limits}
        return sessions.set_budget(self.scope, session_id, **given)

    def look(self) -> Any:
        """Ask for sessions in one of many ways, or for what was used."""
        some: dict[str, Any] = {
            "status": self.chance.choice((None, "active", ("failed", "cancelled"))),
            "type": self.chance.choice((None, None, *TYPES)),
            "text": self.chance.choice((None, None, "t", "TEST", "ünï", "_", "%", "!")),
            "archived": self.chance.random() < 0.5,
            "limit": self.chance.randrange(1, 5),
            "after": self.chance.choice((None, *self.ids)),
        }
        if self.chance.random() < 0.5:
            page = sessions.find(self.scope, **some)
            return [session.id for session in page.sessions], page.cursor
        by = self.chance.sample(("session", "type", "step", "model", "day", "project", "row"), 2)
        return sessions.costs(self.scope, by, session=self.chance.choice((None, self._one())))

    def _kept(self) -> Iterator[str]:
        """All that can be read of the account, as text."""
        recent.forget()
        page = sessions.find(self.scope, archived=True, limit=1000)
        for session in page.sessions:
            one = (self.scope, session.id)
            yield as_json.export(session, sessions.history(*one))
            yield as_markdown.export(session, sessions.history(*one))
            yield _text([(event.seq, event.type, event.data) for event in sessions.events(*one)])
            yield _text([text.content for text in sessions.contexts(*one)])
            yield f"{session.head} {session.version} {sessions.verify(*one)}"
            yield _text(sessions.standing(session, self._now()))
            yield _text([sessions.costs(self.scope, ["row"], session=session.id)])
        yield _text([sessions.balances(self.scope), sessions.costs(self.scope, ["day", "model"])])

    def _perform(self, session: Session, interaction: Interaction, **_: Any) -> Result:
        self.seconds += 0.5
        return self._result()

    def _result(self) -> Result:
        drawn = self.chance.random()
        return Result(
            self.chance.choice(STATUSES),
            output=self.chance.choice(TEXTS),
            error=self.chance.choice((None, "it broke", TEXTS[4])),
            data={"value": self.chance.choice(VALUES)} if drawn < 0.3 else {},
            usage=self._usage() if drawn > 0.7 else None,
            duration_ms=self.chance.choice((None, 1234)),
        )

    def _usage(self) -> dict[str, Any]:
        entry = {
            "model": self.chance.choice(("gpt-4o", "unheard-of", "Ünïcode")),
            "requests": self.chance.randrange(3),
            "input_tokens": self.chance.choice((0, 7, 10**6)),
            "output_tokens": self.chance.randrange(100),
        }
        return {"entries": [entry], "vendor_cost_usd": self.chance.choice((0.1, 1e-9, 3))}

    def _one(self) -> str:
        if not self.ids or self.chance.random() < 0.02:
            return "no such session"
        page = sessions.find(self.scope, status="active", limit=50)
        active = [session.id for session in page.sessions if session.id in self.ids]
        ended = self.chance.random() < 0.25
        return self.chance.choice(self.ids[-8:] if ended or not active else active)

    def _now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.seconds)

    def _new_id(self) -> str:
        self.count += 1
        drawn = self.account.removeprefix("account ")
        return f"{self.count:08x}-0000-7000-8000-{int(drawn):012x}"


def _text(value: Any) -> str:
    """What was answered, without what is of one process alone."""
    if isinstance(value, Session):
        return f"{value.id} {value.status} {value.step} {value.seq} {value.reason} {value.head}"
    return json.dumps(value, default=_plain, sort_keys=True)


def _plain(value: Any) -> Any:
    """What JSON has no word for."""
    return asdict(value) if has(type(value)) else f"{type(value).__name__} {value}"
