"""What brings an older store up to this version's tables, one step a version."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.engine import Connection

from harness.store import tables

STEPS: Mapping[int, str] = {
    2: "ALTER TABLE scores ADD COLUMN is_lower_better BOOLEAN NOT NULL DEFAULT FALSE",
}
"""The statement that makes a store of a version from one of the version before."""


def can_migrate(version: str) -> bool:
    """Tell whether a store of that schema version can be brought up to date."""
    return version.isdigit() and 1 <= int(version) < tables.SCHEMA_VERSION


def migrate(connection: Connection, version: str) -> None:
    """Take every step from a version to this one, and note it."""
    for step in range(int(version) + 1, tables.SCHEMA_VERSION + 1):
        connection.exec_driver_sql(STEPS[step])
    connection.execute(
        tables.meta.update()
        .where(tables.meta.c.key == "schema")
        .values(value=str(tables.SCHEMA_VERSION))
    )
