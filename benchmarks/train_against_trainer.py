"""Fine-tune one BERT on a GLUE-like pair task with ours and with transformers' Trainer.

Same examples, same hyper-parameters, the last weights, several seeds: prints accuracy
and F1 for each seed, the means with the standard error of their difference pooled over
both sides, and the seconds of tokenising and training.

    python benchmarks/train_against_trainer.py MODEL_FOLDER DATA_FOLDER

MODEL_FOLDER holds a BERT checkpoint in Hugging Face format, DATA_FOLDER the files
train.parquet and validation.parquet with sentence1, sentence2 and label (0 or 1).
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
import torch
import transformers

from harness import Budget, Head, LoadSettings, ModelName, TrainingExample
from harness.recipe import TrainJob
from harness.requests import Classify, ClassifyAnswer
from harness_bert.adapter import BertAdapter, load_bert
from harness_torch.training.loop import train
from harness_torch.training.schedule import Schedule
from harness_torch.training.settings import LoopSettings

LABELS = ("0", "1")
LEARNING_RATE = 5e-5
BATCH_SIZE = 32
WARMUP = 0.1
WEIGHT_DECAY = 0.01
CLIP = 1.0
LENGTH = 128

Rows = list[dict[str, Any]]


class Outcome(NamedTuple):
    """What one side made of one seed."""

    accuracy: float
    f1: float
    seconds: float


def main() -> None:
    options = read_options()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    if options.threads:
        torch.set_num_threads(options.threads)
    rows = read_rows(options.data / "train.parquet", options.max_examples)
    held_out = read_rows(options.data / "validation.parquet", options.max_evaluated)
    print(
        f"{len(rows)} training and {len(held_out)} validation examples, "
        f"{options.epochs} epochs, {torch.get_num_threads()} threads, torch "
        f"{torch.__version__}, transformers {transformers.__version__}"
    )
    sides = {"trainer": train_theirs, "harness": train_ours}
    outcomes: dict[str, list[Outcome]] = {name: [] for name in sides}
    for seed in options.seeds:
        for name, side in sides.items():
            outcome = side(options.model, rows, held_out, options.epochs, seed)
            outcomes[name].append(outcome)
            print(
                f"seed {seed} {name:8} accuracy {outcome.accuracy:.4f} "
                f"F1 {outcome.f1:.4f} seconds {outcome.seconds:.1f}",
                flush=True,
            )
    summarise(outcomes["trainer"], outcomes["harness"])


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--epochs", type=float, default=2.0)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--max-examples", type=int, default=None)
    parser.add_argument("--max-evaluated", type=int, default=None)
    parser.add_argument("--threads", type=int, default=None)
    return parser.parse_args()


def read_rows(path: Path, most: int | None) -> Rows:
    """Read a file, or a draw of it that is the same for both sides and all seeds."""
    rows: Rows = pq.read_table(path).to_pylist()
    if most is not None and most < len(rows):
        rows = random.Random(0).sample(rows, most)
    return rows


def train_ours(
    folder: Path, rows: Rows, held_out: Rows, epochs: float, seed: int
) -> Outcome:
    name = ModelName(
        adapter="bert", checkpoint=str(folder), options={"length": str(LENGTH)}
    )
    adapter = load_bert(name, LoadSettings())
    job = TrainJob(
        model=adapter,
        head=Head(kind="classify", labels=LABELS),
        examples=[as_example(row) for row in rows],
        settings=None,
        seed=seed,
        load=LoadSettings(),
        folder=Path(),
        on_step=lambda _: None,
    )
    settings = LoopSettings(
        epochs=epochs,
        learning_rate=LEARNING_RATE,
        batch_size=BATCH_SIZE,
        warmup=WARMUP,
        weight_decay=WEIGHT_DECAY,
        clip=CLIP,
        micro_batch_tokens=4096,
    )
    module = adapter.prepare(job.head, seed=seed)
    started = time.perf_counter()
    train(job, module, settings)
    seconds = time.perf_counter() - started
    return score(lambda rows: predict_ours(adapter, rows), held_out, seconds)


def as_example(row: dict[str, Any]) -> TrainingExample:
    request = Classify(text=row["sentence1"], pair=row["sentence2"], labels=LABELS)
    hot = tuple(float(row["label"] == label) for label in range(len(LABELS)))
    return TrainingExample(request=request, answer=ClassifyAnswer(probabilities=hot))


def predict_ours(adapter: BertAdapter, rows: Rows) -> list[int]:
    encoded = adapter.encode([as_example(row).request for row in rows])
    stream = sorted(encoded, key=lambda item: item.cost)
    answers = dict(adapter.session().answer(stream, Budget(tokens=2048)))
    told = [answers[item.key] for item in encoded]
    return [
        max(range(len(LABELS)), key=answer.probabilities.__getitem__)
        for answer in told
        if isinstance(answer, ClassifyAnswer)
    ]


def train_theirs(
    folder: Path, rows: Rows, held_out: Rows, epochs: float, seed: int
) -> Outcome:
    transformers.set_seed(seed)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        folder, dtype=torch.float32
    )
    schedule = Schedule(
        examples=len(rows), batch_size=BATCH_SIZE, epochs=epochs, warmup=WARMUP
    )
    with tempfile.TemporaryDirectory() as scratch:
        arguments = transformers.TrainingArguments(
            output_dir=scratch,
            num_train_epochs=epochs,
            per_device_train_batch_size=BATCH_SIZE,
            learning_rate=LEARNING_RATE,
            warmup_steps=schedule.warm_steps,
            weight_decay=WEIGHT_DECAY,
            max_grad_norm=CLIP,
            seed=seed,
            use_cpu=True,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            logging_strategy="no",
        )
        started = time.perf_counter()
        trainer = transformers.Trainer(
            model=model,
            args=arguments,
            train_dataset=tokenise(tokenizer, rows),
            data_collator=transformers.DataCollatorWithPadding(tokenizer),
        )
        trainer.train()
        seconds = time.perf_counter() - started
        return score(
            lambda rows: predict_theirs(trainer, tokenise(tokenizer, rows)),
            held_out,
            seconds,
        )


def tokenise(tokenizer: Any, rows: Rows) -> list[dict[str, Any]]:  # noqa: ANN401 # untyped library
    first = [row["sentence1"] for row in rows]
    second = [row["sentence2"] for row in rows]
    columns = tokenizer(first, second, truncation=True, max_length=LENGTH)
    return [
        {**{key: values[i] for key, values in columns.items()}, "labels": row["label"]}
        for i, row in enumerate(rows)
    ]


def predict_theirs(trainer: Any, data: list[dict[str, Any]]) -> list[int]:  # noqa: ANN401 # untyped library
    logits = trainer.predict(data).predictions
    return [int(row.argmax()) for row in logits]


def score(
    predict: Callable[[Rows], Sequence[int]], rows: Rows, seconds: float
) -> Outcome:
    pairs = list(zip(predict(rows), (row["label"] for row in rows), strict=True))
    hits = sum(told == right for told, right in pairs)
    both = sum(told == right == 1 for told, right in pairs)
    either = sum(told + right for told, right in pairs)
    return Outcome(hits / len(pairs), 2 * both / either if either else 0.0, seconds)


def summarise(theirs: Sequence[Outcome], ours: Sequence[Outcome]) -> None:
    for measure in ("accuracy", "f1", "seconds"):
        peer = [float(getattr(outcome, measure)) for outcome in theirs]
        mine = [float(getattr(outcome, measure)) for outcome in ours]
        means = statistics.mean(peer), statistics.mean(mine)
        line = f"{measure:8} trainer {means[0]:.4f} harness {means[1]:.4f}"
        if len(peer) > 1:
            spread = statistics.variance(peer) + statistics.variance(mine)
            error = (spread / len(peer)) ** 0.5
            line += f" difference {means[1] - means[0]:+.4f} standard error {error:.4f}"
        print(line)
    print(
        "speed-up",
        f"{statistics.median(t.seconds / o.seconds for t, o in zip(theirs, ours, strict=True)):.2f}",
    )


if __name__ == "__main__":
    main()
