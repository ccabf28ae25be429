"""Cell results as JSON, without the scores, which have a table of their own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from typing import Any

from harness.results import Caveats, CellResult, CellScore, Cost


def result_to_json(result: CellResult) -> str:
    """Write a result; scores are left out."""
    return json.dumps(asdict(replace(result, scores=())), ensure_ascii=False)


def result_from_json(text: str, scores: Sequence[CellScore]) -> CellResult:
    """Read what `result_to_json` wrote and give it its scores."""
    body: dict[str, Any] = json.loads(text)
    body["cost"] = Cost(**_known(Cost, body["cost"]))
    body["caveats"] = Caveats(**_known(Caveats, body["caveats"]))
    body["scores"] = tuple(scores)
    body["curve"] = tuple((int(s), x, rate) for s, x, rate in body["curve"])
    if body["confusion"] is not None:
        labels, counts = body["confusion"]
        body["confusion"] = tuple(labels), tuple(tuple(row) for row in counts)
    if "dtype" not in body and not body["is_baseline"]:
        body["dtype"] = _told_dtype(body["provenance"].get("command", ""))
    return CellResult(**_known(CellResult, body))


def _told_dtype(command: str) -> str | None:
    """Read the precision from a cell's command: older results say it nowhere else."""
    words = command.split()
    return words[words.index("--dtype") + 1] if "--dtype" in words[:-1] else None


def _known(cls: type[Any], body: dict[str, Any]) -> dict[str, Any]:
    """Keep the fields that this version has."""
    names = {field.name for field in fields(cls)}
    return {name: value for name, value in body.items() if name in names}
