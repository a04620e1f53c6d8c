"""The tables. Models carry the schema and every inspecting query; the hot path is in `records`."""

from __future__ import annotations

from peewee import (
    SQL,
    AutoField,
    BlobField,
    Check,
    CompositeKey,
    FloatField,
    ForeignKeyField,
    IntegerField,
    TextField,
)

from interlock.store import indexes
from interlock.store.tenancy import Account, Component, Membership, Project, Table, User
from interlock.store.tenancy import database as database
from interlock.store.times import TimeField

STATUS = "status IN ('active', 'complete', 'failed', 'cancelled')"
MODE = "execution_mode IN ('manual', 'auto', 'agentic')"
PERIOD = "period IS NULL OR (session_id IS NULL AND period IN ('day', 'month'))"
ROW_STATUS = "status IN ('open', 'done', 'superseded', 'unknown', 'cancelled')"


class Session(Table):
    """One run of a session type. Where it stands is the fold of its interactions, kept here."""

    id = TextField(primary_key=True, constraints=[Check("length(id) > 0")])
    account = ForeignKeyField(Account, on_delete="RESTRICT")
    project = ForeignKeyField(Project, on_delete="SET NULL", null=True)
    component = ForeignKeyField(Component, on_delete="SET NULL", null=True)
    user = ForeignKeyField(User, on_delete="SET NULL", null=True)
    parent = ForeignKeyField("self", on_delete="RESTRICT", null=True, index=False)
    spawn_key = TextField(null=True)
    type = TextField(constraints=[Check("length(type) > 0")])
    type_digest = TextField()
    agent = TextField(null=True, constraints=[Check("length(agent) > 0")])
    environment = TextField(null=True, constraints=[Check("length(environment) > 0")])
    workdir = TextField(null=True)
    execution_mode = TextField(default="manual", constraints=[Check(MODE)])
    external_conversation_id = TextField(null=True, index=True)
    title = TextField(null=True)
    input = TextField()
    state = TextField()
    status = TextField(default="active", constraints=[Check(STATUS)])
    reason = TextField(null=True)
    step = TextField()
    attempt = IntegerField()
    seq = IntegerField()
    since = IntegerField()
    budget = IntegerField(constraints=[Check("budget > 0")])
    version = IntegerField()
    lease_owner = TextField(null=True)
    lease_until = TimeField(null=True)
    inserted_at = TimeField()
    updated_at = TimeField()
    last_activity_at = TimeField()
    ended_at = TimeField(null=True)
    archived_at = TimeField(null=True)
    head = TextField(constraints=[SQL("DEFAULT ''")])
    queue = TextField(null=True, constraints=[Check("length(queue) > 0")])
    priority = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    ready_at = TimeField(null=True)

    class Meta:
        indexes = (
            (("account", "status"), False),
            (("account", "project", "id"), False),
            (("parent", "spawn_key"), True),
        )


Session.add_index(SQL(indexes.SESSION_QUEUED))
Session.add_index(SQL(indexes.SESSION_LEASED))


class Interaction(Table):
    """Row `seq` of a session's log: a command and, once known, its result, as JSON text."""

    session = ForeignKeyField(Session, on_delete="RESTRICT", index=False)
    account_id = TextField()
    project_id = TextField(null=True)
    seq = IntegerField(constraints=[Check("seq > 0")])
    step = TextField()
    attempt = IntegerField()
    status = TextField(constraints=[Check(ROW_STATUS)])
    command = TextField()
    result = TextField(null=True)
    submitted = TextField(null=True)
    inserted_at = TimeField()
    completed_at = TimeField(null=True)
    due_at = TimeField(null=True)
    digest = TextField(constraints=[SQL("DEFAULT ''")])

    class Meta:
        primary_key = CompositeKey("session", "seq")
        indexes = ((("session", "step", "seq"), False),)


Interaction.add_index(
    Interaction.index(
        Interaction.session, unique=True, where=SQL("status = 'open'"), name="interaction_one_open"
    )
)
Interaction.add_index(
    Interaction.index(
        Interaction.due_at,
        where=SQL("status = 'open' AND due_at IS NOT NULL"),
        name="interaction_due",
    )
)
Interaction.add_index(SQL(indexes.WITHOUT_RESULT))


class Event(Table):
    """What happened inside an interaction: output, an agent's stream, a late result."""

    id = AutoField()
    session = ForeignKeyField(Session, on_delete="RESTRICT", index=False)
    seq = IntegerField(null=True)
    account_id = TextField()
    type = TextField(constraints=[Check("length(type) > 0")])
    data = TextField()
    sent_at = TimeField()
    inserted_at = TimeField()

    class Meta:
        indexes = ((("session", "id"), False), (("session", "seq", "id"), False))


Event.add_index(SQL(indexes.EVENT_USAGE))


class Usage(Table):
    """What one entry of a result's usage comes to: an index over the log, which can be made anew
    from it. Money is in billionths of a US dollar."""

    session = ForeignKeyField(Session, on_delete="CASCADE", index=False)
    seq = IntegerField()
    part = IntegerField()
    account_id = TextField()
    project_id = TextField(null=True)
    step = TextField()
    agent = TextField(null=True)
    model = TextField(null=True)
    requests = IntegerField()
    input_tokens = IntegerField()
    output_tokens = IntegerField()
    cache_read_tokens = IntegerField()
    cache_write_tokens = IntegerField()
    cache_write_1h_tokens = IntegerField()
    reasoning_tokens = IntegerField()
    vendor_cost = IntegerField(null=True)
    duration_ms = IntegerField()
    cost = IntegerField(null=True)
    priced_at = TimeField(null=True)
    inserted_at = TimeField()

    class Meta:
        primary_key = CompositeKey("session", "seq", "part")
        without_rowid = True


SUMMED = (
    Usage.inserted_at,
    Usage.cost,
    Usage.requests,
    Usage.input_tokens,
    Usage.output_tokens,
    Usage.duration_ms,
)
Usage.add_index(Usage.index(Usage.account_id, *SUMMED, name="usage_account"))
Usage.add_index(Usage.index(Usage.account_id, Usage.project_id, *SUMMED, name="usage_project"))
Usage.add_index(
    Usage.index(Usage.account_id, where=SQL("priced_at IS NULL"), name="usage_not_priced")
)


class Budget(Table):
    """What may be spent at one place: a step of a session, a session with all below it, a project
    or an account. Money is in billionths of a US dollar."""

    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    project = ForeignKeyField(Project, on_delete="CASCADE", null=True, index=False)
    session = ForeignKeyField(Session, on_delete="CASCADE", null=True, index=False)
    step = TextField(null=True, constraints=[Check("step IS NULL OR session_id IS NOT NULL")])
    money = IntegerField(null=True, constraints=[Check("money > 0")])
    tokens = IntegerField(null=True, constraints=[Check("tokens > 0")])
    seconds = FloatField(null=True, constraints=[Check("seconds > 0")])
    steps = IntegerField(null=True, constraints=[Check("steps > 0")])
    period = TextField(null=True, constraints=[Check(PERIOD)])
    asked_at = TimeField(null=True)
    inserted_at = TimeField()


Budget.add_index(SQL(indexes.BUDGET_PLACE))


class Context(Table):
    """A text that goes with a session: system, user or file."""

    id = TextField(primary_key=True, constraints=[Check("length(id) > 0")])
    session = ForeignKeyField(Session, on_delete="RESTRICT")
    account_id = TextField()
    type = TextField(constraints=[Check("length(type) > 0")])
    content = TextField()
    inserted_at = TimeField()


class Blob(Table):
    """A payload too long for its row, by the SHA-256 of its text, once for each account."""

    digest = TextField()
    account_id = TextField()
    size = IntegerField()
    content = BlobField()

    class Meta:
        primary_key = CompositeKey("digest", "account_id")


class Tombstone(Table):
    """That a session was deleted: whose it was, its type, how long its log was and its digest."""

    session_id = TextField(primary_key=True)
    account_id = TextField()
    project_id = TextField(null=True)
    user_id = TextField(null=True)
    type = TextField()
    seq = IntegerField()
    head = TextField()
    deleted_at = TimeField()


TABLES: tuple[type[Table], ...] = (
    Account,
    User,
    Membership,
    Project,
    Component,
    Session,
    Interaction,
    Usage,
    Budget,
    Event,
    Context,
    Blob,
    Tombstone,
)
