"""psycopg's connections as the store needs them: values read as SQLite's are, and statements run
for an account where the role may see no more than one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import peewee
import psycopg
from psycopg import pq
from psycopg.adapt import Buffer, Loader
from psycopg.conninfo import make_conninfo

from interlock.store import acting
from interlock.store.times import write_time

CONNECT_SECONDS = 10
"""How long the server may take to answer."""
BUSY_SECONDS = 60
"""How long one waits for a row, or a name, that another holds."""
NOTICING = {
    "connect_timeout": CONNECT_SECONDS,
    "tcp_user_timeout": 1000 * CONNECT_SECONDS,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
"""A network that is cut says nothing: by these both sides notice, and nobody waits for hours."""

FIELD_TYPES = {
    **peewee.PostgresqlDatabase.field_types,
    "AUTO": "BIGSERIAL",
    "INT": "BIGINT",
    "FLOAT": "DOUBLE PRECISION",
    "DATETIME": "TIMESTAMPTZ",
    "TEXT": 'TEXT COLLATE "C"',  # sorts by code points, as SQLite does
}
SETTINGS = (
    "SELECT set_config('tcp_keepalives_idle', '10', false), "
    "set_config('tcp_keepalives_interval', '5', false), "
    "set_config('tcp_keepalives_count', '3', false), "
    "set_config('idle_in_transaction_session_timeout', '60s', false), "
    "set_config('TimeZone', 'UTC', false), set_config('DateStyle', 'ISO', false), "
    f"set_config('lock_timeout', '{BUSY_SECONDS}s', false), "
    "set_config('synchronous_commit', CASE current_setting('synchronous_commit') "
    "WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false), "
    "(SELECT row_security_active(oid) AND NOT pg_has_role(relowner, 'USAGE') FROM pg_class "
    "WHERE oid = to_regclass('session'))"
)
"""The last column is true of a role that the tables show the rows of one account."""
CLOCK = "SELECT clock_timestamp()"
MIGRATING = "SELECT pg_advisory_xact_lock(hashtextextended('interlock schema', 0))"
OF_NO_ACCOUNT = ("BEGIN", CLOCK, MIGRATING)
SCOPE = "SELECT set_config('interlock.account', %s, true)"
"""It ends with the transaction, so nobody who is given the connection next finds it."""


class NotConnected(psycopg.OperationalError):
    """There is no connection, so nothing was asked for."""


class Connection(psycopg.Connection[Any]):
    """One connection; `walled` where its role sees the rows of one account at a time."""

    walled = False
    _account: str | None = None
    """The account that the transaction it is in was told of."""

    def run(self, sql: str, values: Sequence[Any] | None) -> psycopg.Cursor[Any]:
        """What a statement leads to, run for the account that is acting.

        Raises RuntimeError where the role sees only one account's rows and none is acting: it
        would find nothing, and nobody would know why.
        """
        if sql == "BEGIN":
            self._account = None
        if not self.walled or sql in OF_NO_ACCOUNT:
            return self.execute(_marked(sql), values)
        account = acting.account()
        if account is None:
            raise RuntimeError(f"a statement of no account: {sql:.200}")
        within = self.pgconn.transaction_status == pq.TransactionStatus.INTRANS
        if within and account == self._account:
            return self.execute(_marked(sql), values)
        with self.pipeline():  # both in one message, which is one transaction
            self.execute(SCOPE, (account,))
            cursor = self.execute(_marked(sql), values)
        self._account = account if within else None
        return cursor


class Adapter(peewee.Psycopg3Adapter):
    """peewee's own, which imported no driver when it was imported."""

    txn_idle = pq.TransactionStatus.IDLE
    txn_inerror = pq.TransactionStatus.INERROR
    txn_unknown = pq.TransactionStatus.UNKNOWN

    def check_driver(self) -> None:
        """It is there."""

    def get_binary_type(self) -> Any:
        """What marks bytes."""
        return psycopg.Binary

    def connect(self, db: Any, **params: Any) -> Any:
        """A new connection, on which times and numbers are read as they are from SQLite."""
        conninfo = make_conninfo(db.database, application_name="interlock", **NOTICING)
        try:
            connection = Connection.connect(conninfo, autocommit=True)
        except psycopg.OperationalError as error:
            raise NotConnected(str(error)) from error
        connection.adapters.register_loader("timestamptz", TimeLoader)
        connection.adapters.register_loader("numeric", NumberLoader)
        told = connection.execute(SETTINGS).fetchone()
        connection.walled = bool(told and told[-1])
        return connection


class TimeLoader(Loader):
    """A time as the text that `write_time` makes of it."""

    def load(self, data: Buffer) -> str | None:
        """The text, given the server's."""
        text = bytes(data).decode()
        if len(text) == 29 and text.endswith("+00"):
            return f"{text[:10]}T{text[11:]}:00"
        return write_time(datetime.fromisoformat(text))


class NumberLoader(Loader):
    """The sum of whole numbers as one."""

    def load(self, data: Buffer) -> int | float:
        """A whole number, or a float where the text has a point."""
        text = bytes(data)
        return float(text) if b"." in text or b"N" in text else int(text)


@lru_cache(maxsize=1024)
def _marked(sql: str) -> str:
    """A statement with the driver's marks for bound values."""
    return sql.replace("%", "%%").replace("?", "%s")
