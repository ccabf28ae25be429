"""How SQLite keeps its journal: safe from `kill -9`, and shared by processes."""

from __future__ import annotations

import sqlite3
import time

_ATTEMPTS = 200
_PAUSE_S = 0.01


def set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    """Set up a new connection; SQLAlchemy calls it."""
    # the journal survives kill -9 in this mode, and a commit costs no disk flush
    _switch_to_wal(connection)
    connection.execute("PRAGMA synchronous=NORMAL")


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Switch a file's journal, again while another process is switching it.

    SQLite does not wait here, whatever the connection's timeout.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or attempt == _ATTEMPTS:
                raise
            time.sleep(_PAUSE_S)
        else:
            return
