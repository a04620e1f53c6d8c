"""What a database says of its own schema."""

import peewee
from attrs import frozen

FILE = (
    "SELECT tbl_name, type, name, sql FROM sqlite_master "
    "WHERE name NOT LIKE 'sqlite_%' AND tbl_name <> 'schema_migration'"
)
COLUMNS = (
    "SELECT c.relname, 'column', a.attname, concat_ws(' ', format_type(a.atttypid, a.atttypmod), "
    "CASE WHEN a.attnotnull THEN 'not null' END, "
    "CASE WHEN l.collname <> 'default' THEN 'collate ' || l.collname END, "
    "'default ' || pg_get_expr(d.adbin, d.adrelid)) "
    "FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
    "LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum "
    "LEFT JOIN pg_collation l ON l.oid = a.attcollation "
    "WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped"
)
INDEXES = (
    "SELECT c.relname, 'index', i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) "
    "FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE true"
)
CONSTRAINTS = (
    "SELECT c.relname, 'constraint', k.conname, pg_get_constraintdef(k.oid) "
    "FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid WHERE true"
)
OURS = (
    " AND c.relnamespace = current_schema()::regnamespace AND c.relname <> 'schema_migration' "
    "AND NOT starts_with(c.relname, 'procrastinate_') "
)
SERVER = f"{OURS} UNION ALL ".join((COLUMNS, INDEXES, CONSTRAINTS)) + OURS


@frozen
class Part:
    """A table, a column, an index or a constraint."""

    table: str
    kind: str
    name: str
    made: str
    """All that it is, in the database's own words."""


def schema(database: peewee.Database) -> set[Part]:
    """Every part of a database, without what the runner of migrations and the queue keep for
    themselves."""
    is_file = isinstance(database, peewee.SqliteDatabase)
    return {Part(*row) for row in database.execute_sql(FILE if is_file else SERVER).fetchall()}
