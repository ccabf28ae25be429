"""The store: runs, cells, examples, answers and scores in one database.

SQLite by default, any SQLAlchemy URL otherwise. What a cell is, is its fingerprint;
what an answer is, is the model's fingerprint and the request's. Equal content is
stored once, so the same command run again finds what it did before.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection

from harness.errors import StoreError
from harness.requests import Answer, JsonValue, answer_from_json, to_json
from harness.results import CellResult, CellScore
from harness.store import tables
from harness.store.opening import check_schema, open_engine
from harness.store.result_json import result_from_json, result_to_json
from harness.task import Example, Prediction

_CHUNK = 500  # rows a statement; SQLite allows 32,766 bound values


class RunRecord(NamedTuple):
    """One run, as the store remembers it."""

    id: str
    started: str
    title: str
    command: str
    environment: dict[str, str]
    cells: list[str]


class TrainingRecord(NamedTuple):
    """What came of a train cell; `report` is empty where it failed."""

    fingerprint: str
    task: str
    model: str
    status: str
    reason: str | None
    report: dict[str, Any]


class Store:
    """An open store.

    Args:
        place: a file for SQLite, or a SQLAlchemy URL.

    Raises:
        StoreError: it can't be opened, is no store, or was written by another
            version of the schema.
    """

    def __init__(self, place: str) -> None:
        self.place = place
        self._engine = open_engine(place)
        with self._transaction() as connection:
            check_schema(connection, place)

    def close(self) -> None:
        """Release the database."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except sa.exc.DBAPIError as error:
            raise StoreError(
                f"the store {self.place} can't be used: {error.orig}: name another "
                "with --store, or make it readable and writable"
            ) from error

    # Runs

    def start_run(self, run: RunRecord) -> None:
        """Record that a run began."""
        row = run._asdict()
        row["environment"] = json.dumps(run.environment)
        row["cells"] = json.dumps(run.cells)
        with self._transaction() as connection:
            connection.execute(tables.runs.insert(), row)

    def finish_run(self, run_id: str, finished: str) -> None:
        """Record that a run ended."""
        statement = tables.runs.update().where(tables.runs.c.id == run_id)
        with self._transaction() as connection:
            connection.execute(statement.values(finished=finished))

    def runs(self) -> list[RunRecord]:
        """Return all runs, oldest first."""
        columns = [tables.runs.c[name] for name in RunRecord._fields]
        statement = sa.select(*columns).order_by(tables.runs.c.started)
        with self._transaction() as connection:
            rows = connection.execute(statement).all()
        return [
            RunRecord(
                id=row.id,
                started=row.started,
                title=row.title,
                command=row.command,
                environment=json.loads(row.environment),
                cells=json.loads(row.cells),
            )
            for row in rows
        ]

    # Answers

    def find_answers(self, model: str, requests: Sequence[str]) -> dict[str, Answer]:
        """Return the answers that are known, by request key."""
        found: dict[str, Answer] = {}
        table = tables.answers
        with self._transaction() as connection:
            for chunk in _chunks(requests):
                rows = connection.execute(
                    sa.select(table.c.request, table.c.content).where(
                        table.c.model == model, table.c.request.in_(chunk)
                    )
                )
                found |= {row.request: answer_from_json(row.content) for row in rows}
        return found

    def add_answers(self, model: str, answers: Mapping[str, Answer]) -> None:
        """Journal answers by request key, in one transaction."""
        rows = [
            {"model": model, "request": key, "content": to_json(answer)}
            for key, answer in answers.items()
        ]
        with self._transaction() as connection:
            self._insert_new(connection, tables.answers, rows)

    # Cells

    def statuses(self, fingerprints: Sequence[str]) -> dict[str, str]:
        """Return the status of every cell that is in the store."""
        table = tables.cells
        found: dict[str, str] = {}
        with self._transaction() as connection:
            for chunk in _chunks(fingerprints):
                rows = connection.execute(
                    sa.select(table.c.fingerprint, table.c.status).where(
                        table.c.fingerprint.in_(chunk)
                    )
                )
                found |= {row.fingerprint: row.status for row in rows}
        return found

    def save_cell(
        self,
        result: CellResult,
        *,
        run: str,
        finished: str,
        predictions: Iterable[tuple[Example, Prediction]] = (),
    ) -> None:
        """Store an evaluate cell with its scores and predictions, or nothing at all."""
        row = _cell_row(result.fingerprint, "evaluate", result.task, result.model)
        row |= {"status": result.status, "reason": result.reason}
        row |= {"run": run, "finished": finished, "outcome": result_to_json(result)}
        with self._transaction() as connection:
            self._replace_cell(connection, row)
            self._insert_predictions(connection, result.fingerprint, predictions)
            scores = [
                _score_row(result.fingerprint, position, score)
                for position, score in enumerate(result.scores)
            ]
            if scores:
                connection.execute(tables.scores.insert(), scores)

    def forget(self, fingerprints: Sequence[str]) -> None:
        """Remove cells that have neither scores nor predictions."""
        table = tables.cells
        with self._transaction() as connection:
            for chunk in _chunks(fingerprints):
                connection.execute(table.delete().where(table.c.fingerprint.in_(chunk)))

    def save_training(self, record: TrainingRecord, *, run: str, finished: str) -> None:
        """Store a train cell's report; the checkpoint itself lies beside the store."""
        row = _cell_row(record.fingerprint, "train", record.task, record.model)
        row |= {"status": record.status, "reason": record.reason}
        row |= {"run": run, "finished": finished, "outcome": json.dumps(record.report)}
        with self._transaction() as connection:
            self._replace_cell(connection, row)

    def training(self, fingerprint: str) -> dict[str, Any] | None:
        """Return the report of a train cell that is done."""
        table = tables.cells
        statement = sa.select(table.c.outcome).where(
            table.c.fingerprint == fingerprint, table.c.status == "done"
        )
        with self._transaction() as connection:
            row = connection.execute(statement).first()
        return None if row is None else dict(json.loads(row.outcome))

    def results(self, fingerprints: Sequence[str] | None = None) -> list[CellResult]:
        """Return evaluate cells, all of them or those named, in the order named."""
        table = tables.cells
        statement = sa.select(table).where(table.c.kind == "evaluate")
        with self._transaction() as connection:
            rows = connection.execute(statement.order_by(table.c.finished)).all()
            scores = _scores_by_cell(connection)
        found = {
            row.fingerprint: result_from_json(
                row.outcome, scores.get(row.fingerprint, ())
            )
            for row in rows
        }
        wanted = found if fingerprints is None else fingerprints
        return [found[fingerprint] for fingerprint in wanted if fingerprint in found]

    def predictions(self, fingerprint: str) -> list[tuple[Example, Prediction]]:
        """Return a cell's examples with the predictions made of them, in order."""
        p, e = tables.predictions.c, tables.examples.c
        statement = (
            sa.select(e.content, p.value, p.detail)
            .join_from(tables.predictions, tables.examples, p.example == e.key)
            .where(p.cell == fingerprint)
            .order_by(p.position)
        )
        with self._transaction() as connection:
            rows = connection.execute(statement).all()
        return [_read_prediction(row.content, row.value, row.detail) for row in rows]

    # Writing

    def _replace_cell(self, connection: Connection, row: dict[str, Any]) -> None:
        fingerprint = row["fingerprint"]
        for table in (tables.scores, tables.predictions):
            connection.execute(table.delete().where(table.c.cell == fingerprint))
        same = tables.cells.c.fingerprint == fingerprint
        connection.execute(tables.cells.delete().where(same))
        connection.execute(tables.cells.insert(), row)

    def _insert_predictions(
        self,
        connection: Connection,
        fingerprint: str,
        predictions: Iterable[tuple[Example, Prediction]],
    ) -> None:
        for start, chunk in enumerate(_chunks(predictions)):
            contents = [_example_json(example) for example, _ in chunk]
            keys = [hashlib.sha256(text.encode()).hexdigest() for text in contents]
            new = [
                {"key": key, "content": content}
                for key, content in zip(keys, contents, strict=True)
            ]
            self._insert_new(connection, tables.examples, new)
            rows = [
                {
                    "cell": fingerprint,
                    "position": start * _CHUNK + offset,
                    "example": keys[offset],
                    "value": json.dumps(prediction.value),
                    "detail": json.dumps(dict(prediction.detail)),
                }
                for offset, (_, prediction) in enumerate(chunk)
            ]
            connection.execute(tables.predictions.insert(), rows)

    def _insert_new(
        self, connection: Connection, table: sa.Table, rows: list[dict[str, Any]]
    ) -> None:
        """Insert the rows whose key is not there yet."""
        if not rows:
            return
        if connection.dialect.name == "postgresql":
            from sqlalchemy.dialects import postgresql  # takes a while to load

            connection.execute(postgresql.insert(table).on_conflict_do_nothing(), rows)
        else:
            connection.execute(sqlite.insert(table).on_conflict_do_nothing(), rows)


def _chunks(items: Iterable[Any]) -> Iterator[list[Any]]:
    chunk: list[Any] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _cell_row(fingerprint: str, kind: str, task: str, model: str) -> dict[str, Any]:
    return {"fingerprint": fingerprint, "kind": kind, "task": task, "model": model}


def _score_row(cell: str, position: int, score: CellScore) -> dict[str, Any]:
    row: dict[str, Any] = {
        name: getattr(score, name) for name in CellScore.__dataclass_fields__
    }
    row |= {"cell": cell, "position": position}
    row["value"] = None if math.isnan(score.value) else score.value
    return row


def _scores_by_cell(connection: Connection) -> dict[str, list[CellScore]]:
    table = tables.scores
    by_cell: dict[str, list[CellScore]] = {}
    for row in connection.execute(sa.select(table).order_by(table.c.position)):
        values = {name: row._mapping[name] for name in CellScore.__dataclass_fields__}
        values["value"] = math.nan if values["value"] is None else values["value"]
        by_cell.setdefault(row.cell, []).append(CellScore(**values))
    return by_cell


def _example_json(example: Example) -> str:
    body = {
        "id": example.id,
        "columns": dict(example.columns),
        "target": example.target,
        "group": example.group,
    }
    return json.dumps(body, sort_keys=True, ensure_ascii=False)


def _read_prediction(
    content: str, value: str, detail: str
) -> tuple[Example, Prediction]:
    body: dict[str, JsonValue] = json.loads(content)
    example = Example(**body)  # type: ignore[arg-type] # as _example_json wrote it
    prediction = Prediction(
        id=example.id, value=json.loads(value), detail=json.loads(detail)
    )
    return example, prediction
