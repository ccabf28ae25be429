"""Open a store's database, which other processes may be opening too."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from harness.errors import StoreError
from harness.store import tables
from harness.store.journal import set_up_sqlite
from harness.store.migrations import can_migrate, migrate

_PATIENCE_S = 30.0
"""How long to wait for another process."""


def open_engine(place: str) -> Engine:
    """Connect to a store; a folder that a file needs is made.

    Raises:
        StoreError: the place can't be a store.
    """
    if "://" in place:
        try:
            return sa.create_engine(place)
        except (sa.exc.ArgumentError, ImportError) as error:
            raise StoreError(
                f"the store {place} can't be opened: {error}: give a file for SQLite, "
                "or a SQLAlchemy URL such as postgresql+psycopg://host/name with its "
                "driver installed (nlp-harness[postgres])"
            ) from error
    path = Path(place)
    if path.is_dir():
        raise StoreError(
            f"the store {place} is a folder, expected a file: name a file in it, such "
            f"as {path / 'store.sqlite'}"
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"the store {place} can't be made ({error}): name another with --store"
        ) from error
    url = sa.URL.create("sqlite", database=str(path))  # a path may hold a "?"
    engine = sa.create_engine(url, connect_args={"timeout": _PATIENCE_S})
    sa.event.listen(engine, "connect", set_up_sqlite)
    return engine


def check_schema(connection: Connection, place: str) -> None:
    """Make the tables of a new store, or bring those of an older one up to date.

    Raises:
        StoreError: a later version of the schema made them.
    """
    if not sa.inspect(connection).has_table(tables.meta.name):
        if connection.dialect.name == "sqlite":
            # two processes may open a new store at once: one makes it, one waits
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        tables.metadata.create_all(connection)
    statement = sa.select(tables.meta.c.value).where(tables.meta.c.key == "schema")
    found = connection.execute(statement).scalar()
    if found is None:
        row = {"key": "schema", "value": str(tables.SCHEMA_VERSION)}
        connection.execute(tables.meta.insert(), row)
    elif can_migrate(found):
        migrate(connection, found)
    elif found != str(tables.SCHEMA_VERSION):
        raise StoreError(
            f"the store {place} has schema version {found}, expected "
            f"{tables.SCHEMA_VERSION}: use the version of harness that wrote it, or "
            "name another store with --store"
        )
