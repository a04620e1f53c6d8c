"""The first schema: a frozen copy of the tables as they were, independent of today's models."""

from __future__ import annotations

from typing import Any

from peewee import (
    SQL,
    AutoField,
    BlobField,
    Check,
    CompositeKey,
    Database,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)

STATUS = "status IN ('active', 'complete', 'failed', 'cancelled')"
MODE = "execution_mode IN ('manual', 'auto', 'agentic')"
ROW_STATUS = "status IN ('open', 'done', 'superseded', 'unknown', 'cancelled')"


class Table(Model):
    class Meta:
        legacy_table_names = False


class Account(Table):
    id = TextField(primary_key=True, constraints=[Check("length(id) > 0")])
    name = TextField(unique=True, constraints=[Check("length(name) > 0")])
    inserted_at = DateTimeField()


class User(Table):
    id = TextField(primary_key=True, constraints=[Check("length(id) > 0")])
    name = TextField(unique=True, constraints=[Check("length(name) > 0")])
    inserted_at = DateTimeField()


class Membership(Table):
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    user = ForeignKeyField(User, on_delete="CASCADE")
    role = TextField(default="owner")
    inserted_at = DateTimeField()

    class Meta:
        primary_key = CompositeKey("account", "user")


class Project(Table):
    id = TextField(primary_key=True, constraints=[Check("length(id) > 0")])
    account = ForeignKeyField(Account, on_delete="RESTRICT", index=False)
    name = TextField(constraints=[Check("length(name) > 0")])
    path = TextField(null=True)
    current_session_id = TextField(null=True)
    inserted_at = DateTimeField()

    class Meta:
        indexes = ((("account", "name"), True),)


class Component(Table):
    id = TextField(primary_key=True, constraints=[Check("length(id) > 0")])
    account = ForeignKeyField(Account, on_delete="RESTRICT", index=False)
    project = ForeignKeyField(Project, on_delete="CASCADE", null=True)
    name = TextField(constraints=[Check("length(name) > 0")])
    inserted_at = DateTimeField()

    class Meta:
        indexes = ((("account", "project", "name"), True),)


class Session(Table):
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
    lease_until = DateTimeField(null=True)
    inserted_at = DateTimeField()
    updated_at = DateTimeField()
    last_activity_at = DateTimeField()
    ended_at = DateTimeField(null=True)
    archived_at = DateTimeField(null=True)

    class Meta:
        indexes = (
            (("account", "status"), False),
            (("account", "project", "id"), False),
            (("parent", "spawn_key"), True),
        )


class Interaction(Table):
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
    inserted_at = DateTimeField()
    completed_at = DateTimeField(null=True)
    due_at = DateTimeField(null=True)

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


class Event(Table):
    id = AutoField()
    session = ForeignKeyField(Session, on_delete="RESTRICT", index=False)
    seq = IntegerField(null=True)
    account_id = TextField()
    type = TextField(constraints=[Check("length(type) > 0")])
    data = TextField()
    sent_at = DateTimeField()
    inserted_at = DateTimeField()

    class Meta:
        indexes = ((("session", "id"), False), (("session", "seq", "id"), False))


class Context(Table):
    id = TextField(primary_key=True, constraints=[Check("length(id) > 0")])
    session = ForeignKeyField(Session, on_delete="RESTRICT")
    account_id = TextField()
    type = TextField(constraints=[Check("length(type) > 0")])
    content = TextField()
    inserted_at = DateTimeField()


class Blob(Table):
    digest = TextField(primary_key=True)
    size = IntegerField()
    content = BlobField()


TABLES: tuple[type[Table], ...] = (
    Account,
    User,
    Membership,
    Project,
    Component,
    Session,
    Interaction,
    Event,
    Context,
    Blob,
)


def up(migrator: Any, db: Database) -> None:
    """Create every table and index."""
    with db.bind_ctx(TABLES, bind_refs=False, bind_backrefs=False):
        db.create_tables(TABLES, safe=False)
