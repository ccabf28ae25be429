"""The store's tables (SQLAlchemy Core, so that SQLite and PostgreSQL serve alike)."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

SCHEMA_VERSION = 2

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("key", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("started", String(32), nullable=False),
    Column("finished", String(32)),
    Column("title", Text, nullable=False),
    Column("command", Text, nullable=False),
    Column("environment", Text, nullable=False, doc="versions and hardware, JSON"),
    Column("cells", Text, nullable=False, doc="the plan's cell fingerprints, JSON"),
)

cells = Table(
    "cells",
    metadata,
    Column("fingerprint", String(64), primary_key=True),
    Column("kind", String(10), nullable=False, doc="train or evaluate"),
    Column("status", String(10), nullable=False, doc="done, failed or blocked"),
    Column("run", String(32), ForeignKey("runs.id"), nullable=False),
    Column("task", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("finished", String(32), nullable=False),
    Column("reason", Text),
    Column("outcome", Text, nullable=False, doc="the result without scores, JSON"),
)

examples = Table(
    "examples",
    metadata,
    Column("key", String(64), primary_key=True, doc="SHA-256 of the content"),
    Column("content", Text, nullable=False, doc="id, columns and target, JSON"),
)

answers = Table(
    "answers",
    metadata,
    Column("model", String(64), primary_key=True, doc="weights, precision, device"),
    Column("request", String(64), primary_key=True, doc="SHA-256 of the request"),
    Column("content", Text, nullable=False, doc="the answer, JSON"),
)

predictions = Table(
    "predictions",
    metadata,
    Column("cell", String(64), ForeignKey("cells.fingerprint"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("example", String(64), ForeignKey("examples.key"), nullable=False),
    Column("value", Text, nullable=False, doc="JSON"),
    Column("detail", Text, nullable=False, doc="JSON"),
    Index("predictions_by_example", "example"),
)

scores = Table(
    "scores",
    metadata,
    Column("cell", String(64), ForeignKey("cells.fingerprint"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("metric", Text, nullable=False),
    Column("signature", Text, nullable=False),
    Column("value", Float, doc="NULL where undefined"),
    Column("low", Float),
    Column("high", Float),
    Column("method", Text, nullable=False),
    Column("scale", Float, nullable=False),
    Column("units", Integer, nullable=False),
    Column("is_headline", Boolean, nullable=False),
    Column("is_lower_better", Boolean, nullable=False),
)
