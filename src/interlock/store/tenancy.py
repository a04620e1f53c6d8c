"""Whose data it is: accounts, people, projects and the parts of their code."""

from __future__ import annotations

from peewee import Check, CompositeKey, DatabaseProxy, ForeignKeyField, Model, TextField

from interlock.store.times import TimeField

database = DatabaseProxy()


class Table(Model):
    """What all tables share: the database they are in."""

    class Meta:
        database = database
        legacy_table_names = False


class Account(Table):
    """Whose data it is. Every row of every other table belongs to one."""

    id = TextField(primary_key=True, constraints=[Check("length(id) > 0")])
    name = TextField(unique=True, constraints=[Check("length(name) > 0")])
    inserted_at = TimeField()


class User(Table):
    """A person."""

    id = TextField(primary_key=True, constraints=[Check("length(id) > 0")])
    name = TextField(unique=True, constraints=[Check("length(name) > 0")])
    inserted_at = TimeField()


class Membership(Table):
    """That a person belongs to an account."""

    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    user = ForeignKeyField(User, on_delete="CASCADE")
    role = TextField(default="owner")
    inserted_at = TimeField()

    class Meta:
        primary_key = CompositeKey("account", "user")


class Project(Table):
    """A code base, told by its name within the account; `current` is its session in use."""

    id = TextField(primary_key=True, constraints=[Check("length(id) > 0")])
    account = ForeignKeyField(Account, on_delete="RESTRICT", index=False)
    name = TextField(constraints=[Check("length(name) > 0")])
    path = TextField(null=True)
    current_session_id = TextField(null=True)
    inserted_at = TimeField()

    class Meta:
        indexes = ((("account", "name"), True),)


class Component(Table):
    """A part of a code base that sessions work on."""

    id = TextField(primary_key=True, constraints=[Check("length(id) > 0")])
    account = ForeignKeyField(Account, on_delete="RESTRICT", index=False)
    project = ForeignKeyField(Project, on_delete="CASCADE", null=True)
    name = TextField(constraints=[Check("length(name) > 0")])
    inserted_at = TimeField()

    class Meta:
        indexes = ((("account", "project", "name"), True),)
