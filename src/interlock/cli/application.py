"""The command `interlock` and all that is under it."""

from __future__ import annotations

from collections.abc import Mapping

import click

from interlock import __version__
from interlock.cli.caller import caller_options
from interlock.cli.tree import Group, Table

PACKAGE = "interlock.cli"

SECTIONS: Mapping[str, Table] = {
    "Set up": {
        "init": (f"{PACKAGE}.setup:init", "Make the database and say what was found here."),
        "doctor": (f"{PACKAGE}.doctor:doctor", "Check that everything Interlock needs is there."),
        "types": (
            f"{PACKAGE}.types:types",
            "Session types: list, show, draw, check, new, trust.",
        ),
        "agents": (f"{PACKAGE}.agent_list:agents", "The agents that can be used."),
        "environments": (f"{PACKAGE}.plugin_lists:environments", "Where commands can run."),
        "secrets": (f"{PACKAGE}.secrets:secrets", "Secrets by name: set, list, remove, audit."),
        "vscode": (f"{PACKAGE}.vscode:vscode", "Write tasks for VS Code: next and submit."),
        "completion": (f"{PACKAGE}.completion:completion", "Print what a shell needs to complete."),
    },
    "Run a session": {
        "start": (f"{PACKAGE}.start:start", "Start a session and make it the current one."),
        "run": (f"{PACKAGE}.run:run", "Drive a session until it ends or waits."),
        "next": (f"{PACKAGE}.turns:next_", "Say what to do next in a session."),
        "submit": (f"{PACKAGE}.turns:submit", "Hand in the result of a session's open command."),
        "answer": (f"{PACKAGE}.turns:answer", "Answer the question a session waits for."),
        "budget": (f"{PACKAGE}.budget:budget", "Show or set what may be spent."),
        "use": (f"{PACKAGE}.current:use", "Make a session the current one."),
        "current": (f"{PACKAGE}.current:current", "Print the id of the current session."),
    },
    "Run many sessions": {
        "queue": (f"{PACKAGE}.queue:queue", "Hand a session over to workers, or take it back."),
        "worker": (f"{PACKAGE}.worker:worker", "Carry on the sessions that are in queues."),
        "workers": (f"{PACKAGE}.workers:workers", "Show who holds which session now."),
    },
    "See what happened": {
        "list": (f"{PACKAGE}.listing:list_", "List sessions, newest first."),
        "show": (f"{PACKAGE}.show:show", "Show where a session stands."),
        "log": (f"{PACKAGE}.log:log", "Show every command of a session and what came back."),
        "diff": (f"{PACKAGE}.diff:diff", "Show what a session, or a step of it, did to the files."),
        "cost": (f"{PACKAGE}.cost:cost", "Show what sessions used, and what it cost."),
        "export": (f"{PACKAGE}.export:export", "Write a session and its log as one document."),
    },
    "Take the work over": {
        "offer": (f"{PACKAGE}.offer:offer", "Put a session's work on a branch of your repository."),
        "pull-request": (
            f"{PACKAGE}.pull_request:pull_request",
            "Push that branch, and open a pull request.",
        ),
        "promote": (f"{PACKAGE}.promote:promote", "Write a session as a test that replays it."),
    },
    "Go on, go back, end": {
        "recover": (
            f"{PACKAGE}.recover:recover",
            "Show what is not finished, and have it go on.",
        ),
        "cancel": (f"{PACKAGE}.lifecycle:cancel", "End a session, and its child sessions."),
        "retry": (f"{PACKAGE}.lifecycle:retry", "Try a failed session again where it failed."),
        "reopen": (f"{PACKAGE}.lifecycle:reopen", "Make an ended session active again."),
        "archive": (f"{PACKAGE}.lifecycle:archive", "Put an ended session away, or take it back."),
        "delete": (f"{PACKAGE}.delete:delete", "Delete an ended session and its log."),
    },
    "Look after what is kept": {
        "verify": (f"{PACKAGE}.verify:verify", "Show that sessions are as they were written."),
        "workspaces": (f"{PACKAGE}.workspaces:workspaces", "Where sessions work: list, sweep."),
        "db": (f"{PACKAGE}.db:db", "The database: make, check, back up, move it."),
    },
}
"""The commands under the headings of the help."""

HELP = """A state machine decides what happens next; agents only do it.

A session is one run of a session type. Every command it gives and every result that comes back is
a row of its log, so it can be stopped at any moment and goes on where it stood.

An ID may be any unique beginning of a session's id. Where ID is left out, the current session is
meant: the last one started here, or the one named with `interlock use`.

Sessions belong to a project of an account. The project is the git repository you stand in, else the
directory; the account is your own. --account and --project, or INTERLOCK_ACCOUNT and
INTERLOCK_PROJECT, name others.

\b
Exit status:
  0  fine                            5  the session waits for a person or a time
  1  the session run ended badly,    6  unknown or broken session type or plugin
     or a check found faults         7  the database cannot be used
  2  wrong usage or input           70  a fault in Interlock; a report was written
  3  not found                      74  the output cannot be written
  4  refused: ended, taken, stale  130  interrupted
"""


@click.group(
    cls=Group,
    sections=SECTIONS,
    help=HELP,
    examples="""
        interlock init
        interlock run mend -i check="ruff check ." --agent "program ruff check --fix ."
        interlock log
        interlock --project website list
    """,
)
@click.version_option(__version__, message="%(prog)s %(version)s")
@caller_options
@click.pass_context
def application(ctx: click.Context) -> None:
    """Print the help when no command is named."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
