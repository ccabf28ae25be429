"""Digests of what lm-evaluation-harness asks about local files, for its own Python.

    PYTHON lm_eval_prompts.py DATA TASK=FOLDER ...

prints a JSON object: for every task and split, eight hexadecimal digits a row, of the
context and the choices joined by zero bytes. Run by a Python that has lm-eval; nothing
is downloaded, nothing is written.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import sys
import types
from pathlib import Path
from typing import Any


def digest(context: str, choices: list[str]) -> str:
    """Return eight hexadecimal digits of one row's prompts."""
    return hashlib.sha1("\0".join([context, *choices]).encode()).hexdigest()[:8]


def load(tasks: Any, name: str, files: dict[str, str]) -> Any:
    """Make a task object of lm-eval that reads local files."""
    datasets = importlib.import_module("datasets")
    task_class = importlib.import_module("lm_eval.api.task").ConfigurableTask

    def read_local(task: Any, *_given: object, **_options: object) -> None:
        loaded = datasets.load_dataset("parquet", data_files=files)
        for split in (task.config.training_split, task.config.validation_split):
            if split not in loaded:  # it wants both, and one will be asked for
                loaded[split] = loaded[next(iter(files))]
        task.dataset = loaded

    task_class.download = read_local
    return tasks.get_task_dict([name])[name]


def digests(task: Any, split: str) -> list[str]:
    """Return the digest of every row of a split."""
    docs = task.dataset[split]
    if task.config.process_docs is not None:
        docs = task.config.process_docs(docs)
    delimiter = task.config.target_delimiter
    return [
        digest(task.doc_to_text(doc), [delimiter + c for c in task.doc_to_choice(doc)])
        for doc in docs
    ]


def stand_in_for_metrics() -> None:
    """Let ReCoRD's task load: its metrics want a module that transformers 5 dropped."""
    for name in (
        "transformers.data.metrics",
        "transformers.data.metrics.squad_metrics",
    ):
        sys.modules.setdefault(name, types.ModuleType(name))


def main() -> None:
    """Print the digests of the tasks that the command line names."""
    folder, *wanted = sys.argv[1:]
    stand_in_for_metrics()
    tasks = importlib.import_module("lm_eval.tasks")
    found: dict[str, dict[str, str]] = {}
    for name, _, place in (item.partition("=") for item in wanted):
        paths = sorted(Path(folder, place).glob("*.parquet"))
        files = {p.stem: str(p) for p in paths if "labelled" not in p.stem}
        task = load(tasks, name, files)
        found[name] = {split: "".join(digests(task, split)) for split in files}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
