"""`interlock run`: drive a session until it ends or waits."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import suppress
from typing import Any

import click

from interlock import database, plugins, sessions
from interlock.cli.caller import Caller, pass_caller
from interlock.cli.descriptions import show_time
from interlock.cli.documents import session_document
from interlock.cli.interrupts import Interrupted, Interrupts
from interlock.cli.names import SESSION_OR_TYPE, names_session
from interlock.cli.outlet import document, is_terminal, say
from interlock.cli.progress import Progress, make_progress
from interlock.cli.question import put_question
from interlock.cli.standing import (
    advise,
    exit_status,
    introduce,
    next_due,
    say_where,
    waiting_sessions,
)
from interlock.cli.start import start_options, start_session, tell_place
from interlock.cli.tree import Command, json_option
from interlock.engine import Ask, Interaction, Result, Scope, Session
from interlock.environments.options import secrets_of
from interlock.environments.process_tree import end_abandoned
from interlock.environments.supervisor import hide_memory
from interlock.secrets import vault
from interlock.sessions.admission import asks

START_NAMES = ("pairs", "place", "title", "environment", "workdir", "secrets", "budgets")


@click.command(
    cls=Command,
    examples="""
        interlock run
        interlock run 019ac3
        interlock run 019ac3 --wait
        interlock run 019ac3 --agent codex
        interlock run mend -i check="ruff check ." --agent "program ruff check --fix ."
        interlock run mend -i check="make test" -i tries:=5 --agent "program ./mend.sh" --json
    """,
)
@click.argument("what", metavar="[ID | TYPE]", required=False, type=SESSION_OR_TYPE)
@start_options
@click.option("--no-input", is_flag=True, help="Never ask on the terminal; end where it waits.")
@click.option(
    "--wait",
    is_flag=True,
    help="Stay until a time that it waits for, or until a budget is raised, and go on then.",
)
@json_option
@pass_caller
def run(
    caller: Caller, what: str | None, no_input: bool, wait: bool, as_json: bool, **given: Any
) -> int:
    """Drive a session until it ends or waits: the one with this ID, a new one of this TYPE, or the
    current one.

    An ID begins with a digit, a TYPE with a letter. A run that was interrupted or killed goes on
    when it is run again; what was being executed is then settled by the step's own policy. With
    --agent a session that is there goes on with another agent, which is told what was done.

    Where it waits for a person the question is asked here, if this is a terminal. Ctrl-C stops
    the command that runs and leaves a session that `interlock run` continues. With --json the
    session is printed when it stops, and progress goes to standard error.
    """
    hide_memory()
    end_abandoned()
    scope, found = _find(caller, what, as_json, given)
    _check_plugins(sessions.get(scope, found))
    drive = Drive(scope, found, as_json=as_json, asks=_can_ask(no_input), stays=wait)
    try:
        session = drive.finish()
    except (Interrupted, KeyboardInterrupt) as error:
        session = sessions.get(scope, found)
        say(
            f"interrupted at step {session.step}; `interlock run {found}` goes on",
            error=as_json,
        )
        if as_json:
            document(session_document(session))
        return error.status if isinstance(error, Interrupted) else 130
    _conclude(scope, session, as_json)
    return exit_status(session)


def _find(
    caller: Caller, what: str | None, as_json: bool, given: dict[str, Any]
) -> tuple[Scope, str]:
    if what is not None and not names_session(what):
        session = start_session(caller, what, given)
        with suppress(OSError):  # a reader that has gone stops no session
            say(f"started {session.type} {session.id}{tell_place(session)}", error=as_json)
        return caller.own_scope, session.id
    if any(given[name] for name in START_NAMES):
        raise click.UsageError(
            "-i and the other options that start a session need a TYPE",
            click.get_current_context(),
        )
    scope, found = caller.locate(what)
    if given["agent"] is not None:
        sessions.reassign(scope, found, given["agent"])
    return scope, found


def _check_plugins(session: Session) -> None:
    """Raise TypeUnusable or PluginUnusable before a command runs whose result nobody could read,
    and SecretNotFound or StoreUnusable before one that lacks a secret."""
    if session.active:
        plugins.load_type(session.type)
        plugins.load_environment(session.environment or "local")
        vault.choose(session.account_id, secrets_of(session.environment))


def _can_ask(no_input: bool) -> bool:
    return not no_input and is_terminal(sys.stdin) and is_terminal(sys.stderr)


def _conclude(scope: Scope, session: Session, as_json: bool) -> None:
    say_where(session, error=as_json)
    for waiting in waiting_sessions(scope, session) or [session]:
        if name := introduce(waiting, session):
            say(name, error=as_json)
        for line in advise(waiting):
            say(line, error=as_json)
    if as_json:
        document(session_document(session))


class Drive:
    """One run of a session, which asks the person at the terminal where it may."""

    def __init__(
        self, scope: Scope, session_id: str, *, as_json: bool, asks: bool, stays: bool
    ) -> None:
        self.scope = scope
        self.session_id = session_id
        self.as_json = as_json
        self.asks = asks
        self.stays = stays
        self.interrupts = Interrupts()
        self.progress: Progress | None = None

    def finish(self) -> Session:
        """The session where nothing more can be done now. Raises Interrupted, SessionBusy."""
        with self.interrupts:
            while True:
                session = self._run()
                asking = self._asking(session)
                if asking is not None and put_question(self.scope, asking, session):
                    continue
                if not self._stay(session):
                    return session

    def _run(self) -> Session:
        stream = sys.stderr if self.as_json else sys.stdout
        progress = make_progress(self.session_id, error=self.as_json, terminal=is_terminal(stream))
        unsubscribe = sessions.subscribe(self.scope.account_wide, self._follow)
        try:
            with progress as self.progress:
                return sessions.drive(self.scope, self.session_id, self._perform)
        finally:
            unsubscribe()

    def _stay(self, session: Session) -> bool:
        """True after a time that the session waited for, or the raise of a budget; False where it
        waits for none."""
        due = next_due(self.scope, session) if self.stays else None
        if due is None:
            return self.stays and self._stay_for_budget(session)
        say(f"waits until {show_time(due)}", error=self.as_json)
        while (left := (due - database.now()).total_seconds()) > 0:
            time.sleep(min(left, 1.0))  # a wall clock that is set right is noticed in a second
        return True

    def _stay_for_budget(self, session: Session) -> bool:
        held = [one for one in waiting_sessions(self.scope, session) if asks(one.open)]
        if held:
            for one in held:
                for line in advise(one):
                    say(line, error=self.as_json)
            say("waits for the budget", error=self.as_json)
        while held:
            if any(sessions.get(self.scope, one.id).version != one.version for one in held):
                return True
            time.sleep(1.0)
        return False

    def _asking(self, session: Session) -> Session | None:
        if not self.asks:
            return None
        waiting = waiting_sessions(self.scope, session)
        asked = (one for one in waiting if one.open and isinstance(one.open.command, Ask))
        return next(asked, None)

    def _perform(
        self,
        session: Session,
        interaction: Interaction,
        *,
        emit: sessions.Emit,
        stop: threading.Event,
    ) -> Result:
        environment = plugins.load_environment(session.environment or "local")
        progress = self.progress
        assert progress is not None  # noqa: S101  it is set while the session is driven
        progress.begin(session, interaction)

        def tee(type: str, data: Any) -> None:
            emit(type, data)
            progress.event(type, data)

        with self.interrupts.stopping(stop):
            return environment.execute(session, interaction, emit=tee, stop=stop)

    def _follow(
        self, change: sessions.Change, session: Session, interaction: Interaction | None
    ) -> None:
        if change == "done" and interaction is not None and self.progress is not None:
            self.progress.finish(session, interaction)
