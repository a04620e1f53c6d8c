"""`interlock budget`: what a step, a session, a project or an account may spend."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from interlock import sessions
from interlock.cli.caller import Caller, pass_caller
from interlock.cli.names import SESSION_ID
from interlock.cli.outlet import document, say, table
from interlock.cli.tree import Command, json_option
from interlock.engine import Scope
from interlock.engine.amounts import read_amount, show_amount, show_limits
from interlock.sessions import Balance, Budget, BudgetChange
from interlock.sessions.balances import PERIODS, name_place

PROJECT, ACCOUNT = "project", "account"


@click.command(
    cls=Command,
    examples="""
        interlock budget
        interlock budget 019ac3 --money 5 --tokens 2M
        interlock budget 019ac3 --money +5
        interlock budget 019ac3 --step fix --time 1h
        interlock budget project --money 20 --per day
        interlock budget account --money 200 --per month --json
        interlock budget 019ac3 --clear
    """,
)
@click.argument("whose", metavar="[ID | project | account]", required=False, type=SESSION_ID)
@click.option("--step", metavar="S", help="Of this step of the session alone.")
@click.option("--money", metavar="A", help="US dollars: 5 or 0.50. +5 adds to what there is.")
@click.option("--tokens", metavar="A", help="Input and output: 50000, 2M or +1M.")
@click.option("--seconds", "--time", metavar="A", help="Of commands that run: 90, 15m, 1h30m.")
@click.option("--steps", metavar="A", help="Commands that are carried out: 200 or +50.")
@click.option(
    "--per",
    type=click.Choice(tuple(PERIODS)),
    help="For each day or month (in UTC), of a project or an account.",
)
@click.option("--clear", is_flag=True, help="Forget the limits there were.")
@json_option
@pass_caller
def budget(
    caller: Caller,
    whose: str | None,
    step: str | None,
    per: str | None,
    clear: bool,
    as_json: bool,
    **given: str | None,
) -> None:
    """Say what may be spent, or show what was: by a session with all that it starts, by a step of
    it, by the project or by the account.

    Where a budget is used up the agent is stopped and the session waits for a person. Raising the
    budget answers its question, and `interlock run` goes on. Without a limit this shows each
    budget there is, what was spent of it and what is left.
    """
    asked = {name: text for name, text in given.items() if text is not None}
    setting = bool(asked or per or clear)
    scope, session_id = _locate(caller, whose, setting)
    going_on: tuple[str, ...] = ()
    if setting:
        change = sessions.set_budget(
            scope,
            session_id,
            step=step,
            limits={n: read_amount(n, t) for n, t in asked.items() if not _adds(t)},
            add={n: read_amount(n, t.strip()[1:]) for n, t in asked.items() if _adds(t)},
            period=per,
            clear=clear,
        )
        going_on = change.going_on
        if not as_json:
            _say_change(change)
            return
    elif step is not None:
        raise click.UsageError(
            "--step needs a limit, such as --tokens 50000", click.get_current_context()
        )
    found = sessions.balances(scope, session_id)
    if as_json:
        told = [balance_document(one) for one in found]
        document({"budgets": told, "going_on": list(going_on)})
        return
    _show(found, session_id)


def balance_document(balance: Balance) -> dict[str, Any]:
    """A budget for programs: whose it is, its limits, what was spent and what is left of each."""
    budget, limits = balance.budget, balance.budget.limits.given
    return {
        "project_id": budget.project_id,
        "session_id": budget.session_id,
        "step": budget.step,
        "per": budget.period,
        "limits": {name: _plain(limit) for name, limit in limits.items()},
        "spent": {name: _plain(balance.spent_of(name)) for name in limits},
        "left": {name: _plain(_left(balance, name)) for name in limits},
        "unpriced_requests": balance.spent.unpriced if "money" in limits else 0,
    }


def budget_lines(scope: Scope, session_id: str) -> Iterator[str]:
    """Each budget that bounds a session, with what was spent of it, a line each."""
    for balance in sessions.balances(scope, session_id):
        used = ", ".join(
            f"{show_amount(name, balance.spent_of(name))} of {show_amount(name, limit)}"
            for name, limit in balance.budget.limits.given.items()
        )
        yield f"{_name(balance.budget, session_id)}: {used}"


def _locate(caller: Caller, whose: str | None, setting: bool) -> tuple[Scope, str | None]:
    own = caller.own_scope if setting and whose in (PROJECT, ACCOUNT) else caller.scope
    if whose == PROJECT:
        return own, None
    if whose == ACCOUNT:
        return own.account_wide, None
    return caller.locate(whose)


def _adds(text: str) -> bool:
    return text.strip().startswith("+")


def _say_change(change: BudgetChange) -> None:
    budget = change.budget
    if budget is None:
        say("there is no budget of its own any more")
    else:
        period = PERIODS.get(budget.period or "", "")
        say(f"the budget of {name_place(budget)}{period} is {show_limits(budget.limits)}")
    for id_ in change.going_on:
        say(f"session {id_} need not wait any more: `interlock run {id_}` goes on")


def _show(found: list[Balance], session_id: str | None) -> None:
    if not found:
        say("no budget; `interlock budget --help` shows how to set one")
        return
    rows = []
    for balance in found:
        for name, limit in balance.budget.limits.given.items():
            spent = show_amount(name, balance.spent_of(name))
            left = show_amount(name, _left(balance, name))
            rows.append((_name(balance.budget, session_id), spent, show_amount(name, limit), left))
    table(("budget", "spent", "of", "left"), rows)
    unpriced = max(b.spent.unpriced for b in found) if any(_in_money(b) for b in found) else 0
    if unpriced:
        say(f"without a price, and in no sum of money: {unpriced} requests; limit tokens as well")


def _in_money(balance: Balance) -> bool:
    return balance.budget.limits.money is not None


def _name(budget: Budget, session_id: str | None) -> str:
    period = f" per {budget.period}" if budget.period else ""
    if budget.session_id == session_id and budget.step is None and session_id is not None:
        return "this session"
    return f"{name_place(budget)}{period}"


def _left(balance: Balance, name: str) -> Any:
    limit, spent = balance.budget.limits.given[name], balance.spent_of(name)
    return max(limit - spent, type(limit)(0))


def _plain(value: Any) -> Any:
    return value if isinstance(value, int) else float(value)
