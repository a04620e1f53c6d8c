"""psycopg as peewee's driver: how a connection is made, and how it reads times and numbers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import peewee
import psycopg
from psycopg import pq
from psycopg.adapt import Buffer, Loader
from psycopg.conninfo import make_conninfo

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
SETTINGS = (
    "SELECT set_config('tcp_keepalives_idle', '10', false), "
    "set_config('tcp_keepalives_interval', '5', false), "
    "set_config('tcp_keepalives_count', '3', false), "
    "set_config('idle_in_transaction_session_timeout', '60s', false), "
    "set_config('TimeZone', 'UTC', false), set_config('DateStyle', 'ISO', false), "
    f"set_config('lock_timeout', '{BUSY_SECONDS}s', false), "
    "set_config('synchronous_commit', CASE current_setting('synchronous_commit') "
    "WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)"
)


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
        connection = psycopg.connect(conninfo, autocommit=True)
        connection.adapters.register_loader("timestamptz", TimeLoader)
        connection.adapters.register_loader("numeric", NumberLoader)
        connection.execute(SETTINGS)
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
