"""Agents that use tokens and tell of it while they work, and what the tests ask of budgets."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

from interlock import Ask, Interaction, Prompt, Result, Scope, Session, accounts, sessions
from interlock.sessions import Emit
from tests.sessions.moves import children
from tests.sessions.processes import SECONDS

MODEL = "gpt-4o"
"""One whose price is known: 2.50 dollars for a million tokens of input."""


def entry(tokens: int, model: str = MODEL) -> dict[str, Any]:
    """What one request used."""
    return {"model": model, "requests": 1, "input_tokens": tokens, "output_tokens": 0}


def used(*entries: dict[str, Any]) -> dict[str, Any]:
    """The usage of a result."""
    return {"entries": list(entries)}


class Spender:
    """Executes prompts with requests that use so many tokens each, until it is stopped or has
    made as many as it should. Everything else is done at once."""

    def __init__(self, tokens: int, requests: int = 10**6, model: str = MODEL) -> None:
        self.tokens = tokens
        self.requests = requests
        self.model = model
        self.prompts: list[Prompt] = []
        self.told: Callable[[int], None] = lambda number: None

    def __call__(
        self, session: Session, interaction: Interaction, *, emit: Emit, stop: threading.Event
    ) -> Result:
        """The result of a command, with all that was used."""
        if not isinstance(interaction.command, Prompt):
            return Result()
        self.prompts.append(interaction.command)
        made: list[dict[str, Any]] = []
        while len(made) < self.requests and not stop.is_set():
            made.append(entry(self.tokens, self.model))
            emit("usage", made[-1])
            self.told(len(made))
        if stop.is_set():
            return stopped(used(*made))
        return Result(output="written", usage=used(*made))


def stopped(usage: Mapping[str, Any] | None = None) -> Result:
    """What an environment makes of a command that it was told to end."""
    return Result("error", error="stopped on request", data={"stopped": True}, usage=usage)


def until_stopped(
    session: Session, interaction: Interaction, *, emit: Emit, stop: threading.Event
) -> Result:
    """An executor whose commands end when they are told to."""
    assert stop.wait(SECONDS), "nobody stopped it"
    return stopped()


def question(session: Session) -> Ask:
    """What a session asks a person."""
    assert session.open is not None, session.reason
    assert isinstance(session.open.command, Ask), session.open.command
    return session.open.command


def dynasty(scope: Scope, type: str = "writer", **input: Any) -> tuple[Session, Session, Session]:
    """A session, its child and its grandchild, which is of this type."""
    told = {"type": "family", "input": {"children": [{"type": type, "input": input}]}}
    top = sessions.create(scope, "family", input={"children": [told]})
    sessions.next_command(scope, top.id)
    (child,) = children(scope, top)
    sessions.next_command(scope, child.id)
    (grandchild,) = children(scope, child)
    return top, child, grandchild


def elsewhere() -> Scope:
    """Another project of the same account."""
    return accounts.enter("acme", "elsewhere", user="ann")
