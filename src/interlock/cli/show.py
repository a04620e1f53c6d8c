"""`interlock show`: where a session stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import click

from interlock import accounts, sessions
from interlock.agents.conversation import CONVERSATIONS, USAGE_SEEN
from interlock.cli.amounts import show_used
from interlock.cli.budget import budget_lines
from interlock.cli.caller import Caller, pass_caller
from interlock.cli.descriptions import describe_command, show_time
from interlock.cli.documents import session_document
from interlock.cli.names import id_argument
from interlock.cli.outlet import document, json_text, say, tell, visible
from interlock.cli.standing import advise, introduce, say_where, waiting_sessions
from interlock.cli.tree import Command, json_option
from interlock.engine import Scope, Session


@click.command(
    cls=Command,
    examples="""
        interlock show
        interlock show 019ac3
        interlock show --json | jq -r .status
    """,
)
@id_argument
@json_option
@pass_caller
def show(caller: Caller, session_id: str | None, as_json: bool) -> None:
    """Show where a session stands: input, state, limits, and what it waits for."""
    scope, found = caller.locate(session_id)
    session = sessions.get(scope, found)
    if as_json:
        document(session_document(session))
        return
    if session.title:
        tell((session.title, "bold"))
    say_where(session)
    for name, value in facts(scope, session):
        tell((f"{name:>12}  ", "dim"), value)
    for waiting in waiting_sessions(scope, session) or [session]:
        if name := introduce(waiting, session):
            say(name)
        for line in advise(waiting):
            say(line)


def facts(scope: Scope, session: Session) -> Iterator[tuple[str, str]]:
    """What there is to say of a session, each with its name."""
    if session.attempt > 1:
        yield "attempt", str(session.attempt)
    if session.open is not None:
        yield "open", f"{session.open.id}  {_one_line(describe_command(session.open.command))}"
    if session.project_id is not None:
        yield "project", accounts.project_names(scope).get(session.project_id, session.project_id)
    for name, value in (
        ("agent", session.agent),
        ("environment", session.environment),
        ("workdir", session.workdir),
        ("parent", session.parent_id),
        ("queue", session.queue and f"{session.queue}, priority {session.priority}"),
        ("started", show_time(session.inserted_at)),
        ("updated", show_time(session.updated_at)),
        ("ended", show_time(session.ended_at)),
        ("archived", show_time(session.archived_at)),
    ):
        if value:
            yield name, _one_line(value)
    yield "interactions", f"{session.seq} of {session.since + session.budget}"
    (cost,) = sessions.costs(scope, session=session.id)
    if cost.requests:
        yield "used", f"{show_used(cost)}; `interlock cost {session.id}` has more"
    for line in budget_lines(scope, session.id):
        yield "budget", line
    for key, value in session.input.items():
        yield "input", f"{_one_line(key)} = {_one_line(_plain(value))}"
    yield from _remembered(session)


def _remembered(session: Session) -> Iterator[tuple[str, str]]:
    for key, value in session.state.items():
        if key == CONVERSATIONS and isinstance(value, Mapping):
            for agent, identity in value.items():
                yield "conversation", _one_line(f"{agent} {_plain(identity)}")
        elif key != USAGE_SEEN:  # what was counted: --json has it
            yield "state", f"{_one_line(key)} = {_one_line(_plain(value))}"


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json_text(value, indent=None)


def _one_line(text: str) -> str:
    line = visible(text).replace("\n", "\\n").replace("\t", "\\t")
    return line if len(line) <= 500 else f"{line[:497]}..."
