"""`interlock cost`: what was used and what it cost, of a session or of all there are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from attrs import frozen

from interlock import sessions
from interlock.cli import bill
from interlock.cli.amounts import cost_document, show_money
from interlock.cli.caller import Caller, pass_caller
from interlock.cli.names import AGENT_NAME, TYPE_NAME, SessionId
from interlock.cli.outlet import document, say
from interlock.cli.tree import Command, json_option
from interlock.engine import Scope
from interlock.sessions import Cost

REPRICE = "reprice"
GROUPS = ("model", "agent", "step", "day", "session", "type")
OWN = ("step", "agent", "model")
"""What the costs of one session are summed by, unless asked otherwise."""

ROW = ("session", "row", "step", "agent", "time")
AGO = {"m": "minutes", "h": "hours", "d": "days"}


def read_moment(ctx: click.Context, param: click.Parameter, text: str | None) -> datetime | None:
    """The aware time that a text names: one, or how long ago it was; without a zone it is meant
    where the user is."""
    if text is None:
        return None
    try:
        if ago := re.fullmatch(r"(\d{1,6})([mhd])", text):
            return datetime.now(UTC) - timedelta(**{AGO[ago[2]]: int(ago[1])})
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"{text:.40} is no time; give one like 2026-11-28, 2026-11-28T14:30 or 7d"
        ) from None


class SessionOrReprice(SessionId):
    """The id of a session, or the word that has all priced anew."""

    name = "id"


@click.command(
    cls=Command,
    examples="""
        interlock cost
        interlock cost 019ac3 --rows
        interlock cost --by model --since 7d
        interlock cost --by agent --all-projects --json
        interlock cost reprice
    """,
)
@click.argument("session_id", metavar=f"[ID | {REPRICE}]", required=False, type=SessionOrReprice())
@click.option(
    "--by",
    metavar="WHAT",
    type=click.Choice(GROUPS),
    help=f"Sum by {', '.join(GROUPS)}; without ID, over the whole project.",
)
@click.option("--rows", is_flag=True, help="Every command behind the figures, a line each.")
@click.option("--type", metavar="T", type=TYPE_NAME, help="Only sessions of this type.")
@click.option("--step", metavar="S", help="Only this step.")
@click.option("--agent", metavar="A", type=AGENT_NAME, help="Only this agent, by its name.")
@click.option("--model", metavar="M", help="Only this model.")
@click.option(
    "--since", metavar="TIME", callback=read_moment, help="Since a time, or since 12h or 7d ago."
)
@click.option("--all-projects", is_flag=True, help="Over every project of the account.")
@json_option
@pass_caller
def cost(
    caller: Caller,
    session_id: str | None,
    by: str | None,
    rows: bool,
    all_projects: bool,
    as_json: bool,
    **chosen: Any,
) -> None:
    """Show what a session used and cost, with all that it started; or with --by, all there are.

    Money is US dollars by the price list that is installed, at the prices of the request's own
    time; VENDOR is what the agent's vendor says of the same work. A model without a known price is
    unpriced, which is not nothing. With --since or --all-projects and no ID all sessions are meant.

    `interlock cost reprice` prices everything anew by the price list of today.
    """
    if session_id == REPRICE:
        if by or rows or any(chosen.values()):
            raise click.UsageError("reprice takes --all-projects and --json only")
        _reprice(caller.scope.account_wide if all_projects else caller.scope, as_json=as_json)
        return
    wide = by or all_projects or chosen["since"] or chosen["type"]
    found = None
    if session_id is None and wide:
        scope = caller.scope.account_wide if all_projects else caller.scope
    else:
        scope, found = caller.locate(session_id)
    keys = ROW if rows else _keys(by) if by or not found else OWN
    _print(Question(scope, found, keys, chosen), rows=rows, as_json=as_json)


@frozen
class Question:
    """What is asked: whose costs, summed by what, and narrowed to what."""

    scope: Scope
    session_id: str | None
    keys: tuple[str, ...]
    chosen: Mapping[str, Any]

    def apart(self) -> list[Cost]:
        """By its keys; of a session, unless it is summed in another way, only its own."""
        return sessions.costs(
            self.scope,
            self.keys,
            session=self.session_id,
            below=self.keys != OWN,
            **self.chosen,
        )

    def total(self, *, below: bool = True) -> Cost:
        """In one sum."""
        (whole,) = sessions.costs(self.scope, session=self.session_id, below=below, **self.chosen)
        return whole


def _keys(by: str | None) -> tuple[str, ...]:
    return ("session", "type") if by == "session" else (by or "model",)


def _print(asked: Question, *, rows: bool, as_json: bool) -> None:
    apart, whole = asked.apart(), asked.total()
    own, unfinished = None, 0
    if asked.session_id:
        own = asked.total(below=False)
        unfinished = sessions.unfinished_tokens(asked.scope, asked.session_id)
    if as_json:
        document(
            {
                "session_id": asked.session_id,
                "prices": sessions.has_prices(),
                "costs": [cost_document(one) for one in apart],
                "own": None if own is None else cost_document(own),
                "total": cost_document(whole),
                "unfinished_tokens": unfinished if asked.session_id else None,
            }
        )
    elif rows:
        bill.print_rows(apart, whole)
    elif own is not None and asked.session_id and asked.keys == OWN:
        session = sessions.get(asked.scope, asked.session_id)
        bill.print_session(session, apart, own, whole, unfinished)
    else:
        bill.print_sums(apart, whole)


def _reprice(scope: Scope, *, as_json: bool) -> None:
    done = sessions.reprice(scope)
    if as_json:
        document(
            {
                "rows": done.rows,
                "changed": done.changed,
                "before_usd": float(done.before),
                "after_usd": float(done.after),
                "unpriced": done.unpriced,
            }
        )
        return
    say(
        f"{done.rows:,} entries priced anew, {done.changed:,} changed: "
        f"{show_money(done.before)} before, {show_money(done.after)} now"
    )
    if done.unpriced:
        say(f"{done.unpriced:,} have no price: `interlock cost --by model` names the models")
