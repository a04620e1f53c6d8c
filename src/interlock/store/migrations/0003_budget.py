"""The table of budgets, and what finds the usage of commands that have no result."""

from __future__ import annotations

from typing import Any

from peewee import (
    SQL,
    Check,
    Database,
    DateTimeField,
    FloatField,
    ForeignKeyField,
    IntegerField,
    Model,
)
from peewee import TextField as Text

PERIOD = "period IS NULL OR (session_id IS NULL AND period IN ('day', 'month'))"
ONE_PLACE = (
    "CREATE UNIQUE INDEX budget_place ON budget "
    "(account_id, coalesce(project_id, ''), coalesce(session_id, ''), coalesce(step, ''))"
)
WITHOUT_RESULT = (
    "CREATE INDEX interaction_without_result ON interaction (account_id) "
    "WHERE status IN ('superseded', 'unknown', 'cancelled')"
)
USAGE_EVENTS = "CREATE INDEX event_usage ON event (session_id, seq) WHERE type = 'usage'"


class Table(Model):
    class Meta:
        legacy_table_names = False


class Account(Table):
    id = Text(primary_key=True)


class Project(Table):
    id = Text(primary_key=True)


class Session(Table):
    id = Text(primary_key=True)


class Budget(Table):
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    project = ForeignKeyField(Project, on_delete="CASCADE", null=True, index=False)
    session = ForeignKeyField(Session, on_delete="CASCADE", null=True, index=False)
    step = Text(null=True, constraints=[Check("step IS NULL OR session_id IS NOT NULL")])
    money = IntegerField(null=True, constraints=[Check("money > 0")])
    tokens = IntegerField(null=True, constraints=[Check("tokens > 0")])
    seconds = FloatField(null=True, constraints=[Check("seconds > 0")])
    steps = IntegerField(null=True, constraints=[Check("steps > 0")])
    period = Text(null=True, constraints=[Check(PERIOD)])
    asked_at = DateTimeField(null=True)
    inserted_at = DateTimeField()


Budget.add_index(SQL(ONE_PLACE))


def up(migrator: Any, db: Database) -> None:
    """Create the table and the indexes."""
    with db.bind_ctx((Budget,), bind_refs=False, bind_backrefs=False):
        db.create_tables((Budget,), safe=False)
    db.execute_sql(WITHOUT_RESULT)
    db.execute_sql(USAGE_EVENTS)
