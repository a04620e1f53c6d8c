"""The context: everything that can be asked of sessions, with the scope first.

Load in scope, decide (the engine, pure), save in one transaction, tell after the commit.
"""

from interlock.sessions.audit import Leak, audit
from interlock.sessions.balances import Balance
from interlock.sessions.budgets import BudgetChange, balances, set_budget
from interlock.sessions.expenses import (
    check_usage,
    costs,
    has_prices,
    reprice,
    unfinished_tokens,
    usage,
)
from interlock.sessions.inquiry import (
    Page,
    check,
    contexts,
    events,
    find,
    get,
    history,
    resolve,
    verify,
)
from interlock.sessions.lease import running
from interlock.sessions.lifecycle import add_context, archive, cancel, create, reopen, retry
from interlock.sessions.queues import Holder, dequeue, enqueue, holders
from interlock.sessions.reassignment import reassign
from interlock.sessions.removal import delete, preview_deletion
from interlock.sessions.runner import Emit, Perform, drive, record, run
from interlock.sessions.standing import Standing, standing
from interlock.sessions.subscribers import Change, subscribe
from interlock.sessions.turns import answer, handle_result, next_command
from interlock.store.budgets import Budget
from interlock.store.costs import Cost
from interlock.store.deletion import Deletion
from interlock.store.prices import Repriced
from interlock.store.queries import Context, Event

__all__ = [
    "Balance",
    "Budget",
    "BudgetChange",
    "Change",
    "Context",
    "Cost",
    "Deletion",
    "Emit",
    "Event",
    "Holder",
    "Leak",
    "Page",
    "Perform",
    "Repriced",
    "Standing",
    "add_context",
    "answer",
    "archive",
    "audit",
    "balances",
    "cancel",
    "check",
    "check_usage",
    "contexts",
    "costs",
    "create",
    "delete",
    "dequeue",
    "drive",
    "enqueue",
    "events",
    "find",
    "get",
    "handle_result",
    "has_prices",
    "history",
    "holders",
    "next_command",
    "preview_deletion",
    "reassign",
    "record",
    "reopen",
    "reprice",
    "resolve",
    "retry",
    "run",
    "running",
    "set_budget",
    "standing",
    "subscribe",
    "unfinished_tokens",
    "usage",
    "verify",
]
