"""The peer's side of a whole run: `lm-eval run`, and then its files as one.

python benchmarks/sides/lm_eval_run.py MODEL TASKS OUT
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from lm_eval.__main__ import cli_evaluate  # type: ignore[import-not-found] # a peer's

TASK = "bench_choices"


def main() -> None:
    model, tasks, out = sys.argv[1:]
    sys.argv = [
        *("lm-eval", "run", "--model", "hf", "--device", "cpu", "--batch_size", "8"),
        *("--model_args", f"pretrained={model},dtype=float32"),
        *("--tasks", TASK, "--include_path", tasks),
        *("--output_path", out, "--log_samples"),
    ]
    cli_evaluate()
    found = {"choices": read_choices(Path(out)), "scores": read_scores(Path(out))}
    Path(out, "answers.json").write_text(json.dumps(found), "utf-8")


def read_choices(out: Path) -> list[list[tuple[float, bool]]]:
    """Return each item's log-probabilities and greedy flags, in the items' order."""
    (file,) = out.rglob("samples_*.jsonl")
    samples = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    ordered = sorted(samples, key=lambda sample: int(sample["doc_id"]))
    return [
        [(float(value), _as_flag(flag)) for value, flag in sample["filtered_resps"]]
        for sample in ordered
    ]


def read_scores(out: Path) -> list[float]:
    """Return the accuracy by log-probability, then by log-probability a character."""
    (file,) = out.rglob("results_*.json")
    found = json.loads(file.read_text("utf-8"))["results"][TASK]
    return [found["acc,none"], found["acc_norm,none"]]


def _as_flag(flag: object) -> bool:
    """Read a flag, which the samples' file has as a text."""
    return str(flag) == "True"


if __name__ == "__main__":
    main()
