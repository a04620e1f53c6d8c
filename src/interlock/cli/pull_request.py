"""`interlock pull-request`: a session's branch pushed, and a pull request of it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import click

from interlock import sessions
from interlock.cli.amounts import show_used
from interlock.cli.caller import Caller, pass_caller
from interlock.cli.descriptions import headline
from interlock.cli.names import id_argument
from interlock.cli.offer import idle_session, read_words, refusals
from interlock.cli.outlet import document, say, word
from interlock.cli.tree import Command, json_option
from interlock.engine import Scope, Session
from interlock.engine.errors import InvalidInput

if TYPE_CHECKING:
    from interlock.environments.pull_request import PullRequest

MAIN_INPUTS = ("change", "task")


@click.command(
    "pull-request",
    cls=Command,
    examples="""
        interlock pull-request --dry-run
        interlock pull-request 019ac3 --base main --draft
        interlock pull-request 019ac3 --title "Say hello" --remote upstream
    """,
)
@id_argument
@click.option("--title", metavar="TEXT", help="Else the session's title or task.")
@click.option("--base", metavar="BRANCH", help="Where it is to go; else what GitHub says.")
@click.option("--remote", metavar="NAME", help="Where the branch is pushed to; else origin.")
@click.option("--draft", is_flag=True, help="Open it as a draft.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@json_option
@pass_caller
def pull_request(
    caller: Caller, session_id: str | None, dry_run: bool, as_json: bool, **given: Any
) -> None:
    """Commit what a session has changed, push its branch, and open a pull request with `gh`.

    The branch is put into your repository as `interlock offer` does, and pushed from there with
    your own configuration and keys. No hook of the repository runs. Without --base it is the
    branch that the session's input `into` names, if it has one.
    """
    from interlock.environments import offering, pull_request

    scope, found = caller.locate(session_id)
    session = idle_session(scope, found)
    asked = _ask(scope, session, given)
    with refusals():
        ours = offering.find_workspace(session)
        branch = offering.branch_of(ours)
        remote = offering.find_remote(ours.repository, given["remote"])
        if branch == asked.base:
            raise InvalidInput(f"the session is on {branch} itself: --base names another branch")
        told = {"session": found, "branch": branch, "remote": remote, "base": asked.base,
                "title": asked.title, "body": asked.body, "draft": asked.draft}  # fmt: skip
        if dry_run:
            _tell(told | {"commit": None, "url": None}, as_json)
            return
        pull_request.require_program()
        tag = f"offer-{secrets.token_hex(8)}"
        made = offering.offer_work(session, asked.title)
        offering.push_branch(made, remote, tag)
        url = pull_request.open_pull_request(made, asked, tag)
    _tell(told | {"commit": made.commit, "url": url}, as_json)


def _ask(scope: Scope, session: Session, given: dict[str, Any]) -> PullRequest:
    from interlock.environments.pull_request import PullRequest

    into = session.input.get("into")
    base = read_words(given["base"], "--base") or (into if isinstance(into, str) and into else None)
    title = read_words(given["title"], "--title") or headline(session)
    return PullRequest(title, describe(scope, session), base, given["draft"])


def describe(scope: Scope, session: Session) -> str:
    """What a pull request says of a session: its task, where it stands, what it used."""
    texts = (session.input.get(name) for name in MAIN_INPUTS)
    words = (session.agent or "").split()
    agent = f", by the agent {words[0]}," if words else ""
    status = "is not finished" if session.active else f"is {session.status}"
    stands = (
        f"The session `{session.type}` {session.id}{agent} {status}: {session.seq} interactions"
    )
    (cost,) = sessions.costs(scope, session=session.id)
    used = f", {show_used(cost)}" if cost.requests else ""
    parts = [text for text in texts if isinstance(text, str) and text.strip()]
    parts += [f"{stands}{used}.", *([session.reason] if session.reason else [])]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _tell(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        document(told)
        return
    into = told["base"] or "the remote's own branch"
    draft = " as a draft" if told["draft"] else ""
    if told["url"] is not None:
        say(told["url"] or "the pull request is open")
    else:
        say(f"would push {told['branch']} to {told['remote']}")
        say(f"and open a pull request into {into}{draft}:")
        say(word(told["title"]))
        say()
        say(told["body"].rstrip("\n"))
