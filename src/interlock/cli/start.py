"""`interlock start`: a new session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from interlock import accounts, sessions
from interlock.cli.caller import Caller, is_repository, pass_caller
from interlock.cli.documents import session_document
from interlock.cli.json_input import read_input
from interlock.cli.names import AGENT_NAME, ENVIRONMENT_NAME, SECRET_NAME, TYPE_NAME
from interlock.cli.outlet import document, say
from interlock.cli.tree import Command, json_option
from interlock.engine import Session
from interlock.engine.amounts import read_pairs
from interlock.engine.errors import InvalidInput
from interlock.environments.options import keeps_files
from interlock.sessions.turns import by_hand

START_OPTIONS = (
    click.option(
        "-i",
        "pairs",
        metavar="KEY=VALUE",
        multiple=True,
        help="One input: KEY=VALUE is text, KEY:=JSON any value, as in tries:=3. Repeat it.",
    ),
    click.option(
        "--input", "place", metavar="FILE", help="A JSON object with the input; - reads it here."
    ),
    click.option("--title", metavar="T", help="What the session is about."),
    click.option(
        "--agent",
        metavar="A",
        type=AGENT_NAME,
        help='The agent with its options, as in "program ruff check --fix ."; "A || B" asks B '
        "while A is limited.",
    ),
    click.option(
        "--environment",
        metavar="E",
        type=ENVIRONMENT_NAME,
        help="Where commands run. If not given: a clone of the repository for agents such as "
        "claude-code, local for all else.",
    ),
    click.option(
        "--budget",
        "budgets",
        metavar="LIMITS",
        multiple=True,
        help="What it may spend: money=5,tokens=1M,seconds=1h,steps=200. Repeat it.",
    ),
    click.option("--workdir", metavar="DIR", help="The directory they run in; else this one."),
    click.option(
        "--secret",
        "secrets",
        metavar="NAME",
        type=SECRET_NAME,
        multiple=True,
        help="A secret that its commands get as a variable of that name. Repeat it.",
    ),
)


def start_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how a session starts."""
    for option in reversed(START_OPTIONS):
        function = option(function)
    return function


def start_session(caller: Caller, type: str, given: dict[str, Any]) -> Session:
    """A new session, which is the current one from now on. `given` has the start options by name.

    Raises InvalidInput, TypeUnusable, PluginUnusable, StoreUnusable.
    """
    pairs, place = given.pop("pairs"), given.pop("place")
    given["input"] = read_input(pairs, place)
    given["budgets"] = read_pairs(given["budgets"])
    given["workdir"] = find_workdir(given["workdir"])
    session = sessions.create(caller.own_scope, type, **given)
    accounts.use(caller.own_scope, session.id)
    return session


def tell_place(session: Session) -> str:
    """Where a session works that has files of its own, to end a line with; else empty."""
    if not keeps_files(session.environment) or session.workdir is None:
        return ""
    kind = str(session.environment).split()[0]
    here = Path(session.workdir)
    top = next((one for one in (here, *here.parents) if is_repository(one)), here)
    return f", in a {kind} of {top}"


def find_workdir(given: str | None) -> str:
    """The absolute path of an existing directory; the current one for None. Raises InvalidInput."""
    try:
        place = Path(given or ".").expanduser().resolve()
        if place.is_dir():
            return str(place)
    except (OSError, RuntimeError, ValueError) as error:
        raise InvalidInput(f"--workdir {given}: it cannot be used: {error}") from None
    raise InvalidInput(f"--workdir {given}: there is no such directory; make it first")


@click.command(
    cls=Command,
    examples="""
        interlock start mend -i check="ruff check ." --agent "program ruff check --fix ."
        interlock start agent_task --input task.json --title "Spelling"
        interlock start agent_task --input task.json --priority 5 --queue
        echo '{"task": "Say it better", "evaluate": "make"}' | interlock start agent_task --input -
    """,
)
@click.argument("type", metavar="TYPE", type=TYPE_NAME)
@start_options
@click.option(
    "--queue",
    metavar="[Q]",
    is_flag=False,
    flag_value="default",
    help='Hand it over to workers, in this queue; without a name, as the last word, in "default".',
)
@click.option(
    "--priority", metavar="N", type=int, default=0, help="-100 to 100; higher ones are taken first."
)
@json_option
@pass_caller
def start(caller: Caller, type: str, as_json: bool, **given: Any) -> None:
    """Start a session of TYPE and make it the current one.

    Nothing runs yet: `interlock run` drives it, or `interlock next` and `interlock submit` take
    its commands one by one. With --queue an `interlock worker` takes it.
    """
    session = start_session(caller, type, given)
    if as_json:
        document(session_document(session))
        return
    say(f"started {session.type} {session.id} at step {session.step}{tell_place(session)}")
    if session.queue is not None:
        say(f"it is in the queue {session.queue}; `interlock worker` takes it")
        return
    drives = "" if by_hand(session) else "`interlock run` drives it; "
    say(f"{drives}`interlock next` says its first command")
