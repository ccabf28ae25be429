"""Examples a second of our training loop beside transformers' Trainer.

Both sides take the same steps over the same pairs, with the same weights, batch size,
AdamW, clipping and schedule, one after another in turn: the Trainer padded to 128
tokens as run_glue.py does, the Trainer with dynamic padding, and ours; then the last
two in bf16. Prints medians and the ratio of each to the others, with its range over
the turns. With one thread the clock is the process's own CPU seconds, which a busy
machine disturbs least; else it is the wall's.

    python -m benchmarks.train_speed MODEL_FOLDER DATA_FOLDER --threads 1

MODEL_FOLDER holds a BERT checkpoint in Hugging Face format, DATA_FOLDER the file
train.parquet with sentence1, sentence2 and label (0 or 1).
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers

from benchmarks.train_against_trainer import (
    BATCH_SIZE,
    CLIP,
    LABELS,
    LEARNING_RATE,
    LENGTH,
    WARMUP,
    WEIGHT_DECAY,
    Rows,
    as_example,
    read_rows,
)
from harness import Head, LoadSettings, ModelName
from harness.model import Precision
from harness.recipe import TrainJob
from harness_bert.adapter import load_bert
from harness_torch.training.loop import train
from harness_torch.training.schedule import Schedule
from harness_torch.training.settings import LoopSettings

PAIRS = (
    ("ours", "Trainer, padded to 128", 2.7),
    ("ours", "Trainer, dynamic padding", 1.4),
    ("ours, bf16", "Trainer, dynamic padding, bf16", 1.35),
)
"""Which is compared with which, and the ratio that is aimed at."""


def main() -> None:
    options = read_options()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(options.threads)
    clock = time.process_time if options.threads == 1 else time.perf_counter
    rows = read_rows(options.data / "train.parquet", options.steps * BATCH_SIZE)
    sides = {
        "Trainer, padded to 128": lambda: theirs(
            options.model, rows, clock, is_padded=True
        ),
        "Trainer, dynamic padding": lambda: theirs(options.model, rows, clock),
        "ours": lambda: ours(options.model, rows, clock, "fp32"),
        "Trainer, dynamic padding, bf16": lambda: theirs(
            options.model, rows, clock, is_bf16=True
        ),
        "ours, bf16": lambda: ours(options.model, rows, clock, "bf16"),
    }
    print(
        f"{len(rows)} examples in {options.steps} steps of {BATCH_SIZE}, "
        f"{options.turns} turns, {options.threads} threads, clock {clock.__name__}, "
        f"torch {torch.__version__}, transformers {transformers.__version__}"
    )
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(options.turns + 1):
        for name, side in sides.items():
            spent = side()
            if turn:  # the first is for warming up
                seconds[name].append(spent)
    report(seconds, len(rows))


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def ours(
    folder: Path, rows: Rows, clock: Callable[[], float], dtype: Precision
) -> float:
    """Train with our loop, tokenising counted, and return the seconds."""
    options = {"length": str(LENGTH)}
    name = ModelName(adapter="bert", checkpoint=str(folder), options=options)
    load = LoadSettings(dtype=dtype)
    adapter = load_bert(name, LoadSettings())
    with tempfile.TemporaryDirectory() as scratch:
        job = TrainJob(
            model=adapter,
            head=Head(kind="classify", labels=LABELS),
            examples=[as_example(row) for row in rows],
            settings=None,
            seed=1,
            load=load,
            folder=Path(scratch),
            on_step=lambda _: None,
        )
        settings = LoopSettings(
            epochs=1,
            learning_rate=LEARNING_RATE,
            batch_size=BATCH_SIZE,
            warmup=WARMUP,
            weight_decay=WEIGHT_DECAY,
            clip=CLIP,
        )
        module = adapter.prepare(job.head, seed=1)
        started = clock()
        train(job, module, settings)
        return clock() - started


def theirs(
    folder: Path,
    rows: Rows,
    clock: Callable[[], float],
    *,
    is_padded: bool = False,
    is_bf16: bool = False,
) -> float:
    """Train with the Trainer over rows tokenised before, and return the seconds."""
    transformers.set_seed(1)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        folder, dtype=torch.float32
    )
    schedule = Schedule(
        examples=len(rows), batch_size=BATCH_SIZE, epochs=1, warmup=WARMUP
    )
    with tempfile.TemporaryDirectory() as scratch:
        arguments = transformers.TrainingArguments(
            output_dir=scratch,
            num_train_epochs=1,
            per_device_train_batch_size=BATCH_SIZE,
            learning_rate=LEARNING_RATE,
            warmup_steps=schedule.warm_steps,
            weight_decay=WEIGHT_DECAY,
            max_grad_norm=CLIP,
            bf16=is_bf16,
            seed=1,
            use_cpu=True,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            logging_strategy="no",
        )
        trainer = transformers.Trainer(
            model=model,
            args=arguments,
            train_dataset=tokenise(tokenizer, rows, is_padded=is_padded),
            data_collator=transformers.DataCollatorWithPadding(tokenizer),
        )
        trainer.remove_callback(transformers.PrinterCallback)
        started = clock()
        trainer.train()
        return clock() - started


def tokenise(tokenizer: Any, rows: Rows, *, is_padded: bool) -> list[dict[str, Any]]:  # noqa: ANN401 # untyped library
    columns = tokenizer(
        [row["sentence1"] for row in rows],
        [row["sentence2"] for row in rows],
        truncation=True,
        max_length=LENGTH,
        padding="max_length" if is_padded else False,
    )
    return [
        {**{key: values[i] for key, values in columns.items()}, "labels": row["label"]}
        for i, row in enumerate(rows)
    ]


def report(seconds: dict[str, list[float]], examples: int) -> None:
    for name, spent in seconds.items():
        print(f"{name:32} {examples / statistics.median(spent):7.1f} examples/s")
    for mine, peer, aim in PAIRS:
        ratios = [p / m for p, m in zip(seconds[peer], seconds[mine], strict=True)]
        print(
            f"{mine} / {peer}: {statistics.median(ratios):.2f} times "
            f"({min(ratios):.2f}-{max(ratios):.2f}), aimed at {aim}"
        )


if __name__ == "__main__":
    main()
