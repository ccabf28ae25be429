"""The peer's side of fine-tuning: transformers' Trainer, padding each batch or all."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import Any

import torch
import transformers
from torch.utils.data import Sampler

from benchmarks.beside.worker import Settings, Work, read_items, serve


class InOrder(Sampler[int]):
    """Draws examples in an order that is given."""

    def __init__(self, order: list[int]) -> None:
        self._order = order

    def __iter__(self) -> Iterator[int]:
        return iter(self._order)

    def __len__(self) -> int:
        return len(self._order)


class OrderedTrainer(transformers.Trainer):
    """Sees the examples in the order that the other side sees them in."""

    order: list[int]

    def _get_train_sampler(self, train_dataset: Any = None) -> Sampler[int]:  # noqa: ANN401 # untyped library
        return InOrder(self.order)


def prepare(settings: Settings) -> Work:
    torch.set_num_threads(settings["threads"])
    items = read_items(settings)

    def work() -> list[list[float]]:
        transformers.set_seed(settings["seed"])
        tokenizer = transformers.AutoTokenizer.from_pretrained(settings["model"])
        model = transformers.AutoModelForSequenceClassification.from_pretrained(
            settings["model"], dtype=torch.float32, **_dropout(settings)
        )
        rows = tokenise(tokenizer, items, settings)
        with tempfile.TemporaryDirectory() as scratch:
            trainer = OrderedTrainer(
                model=model,
                args=_arguments(settings, scratch),
                train_dataset=rows,
                data_collator=transformers.DataCollatorWithPadding(tokenizer),
            )
            trainer.order = settings["order"]
            trainer.remove_callback(transformers.PrinterCallback)
            trainer.train()
        return _answers(model.eval(), tokenizer, rows[:32])

    return work


def tokenise(tokenizer: Any, items: list[dict[str, Any]], settings: Settings) -> Any:  # noqa: ANN401 # untyped library
    """Return a row for each item."""
    columns = tokenizer(
        [item["text"] for item in items],
        [item["pair"] for item in items],
        truncation=True,
        max_length=settings["longest"],
        padding="max_length" if settings.get("is_padded") else False,
    )
    return [
        {**{key: values[i] for key, values in columns.items()}, "labels": item["label"]}
        for i, item in enumerate(items)
    ]


def _dropout(settings: Settings) -> dict[str, Any]:
    if "dropout" not in settings:
        return {}
    names = ("hidden_dropout_prob", "attention_probs_dropout_prob")
    return dict.fromkeys(names, settings["dropout"])


def _arguments(settings: Settings, folder: str) -> transformers.TrainingArguments:
    return transformers.TrainingArguments(
        output_dir=folder,
        num_train_epochs=1,
        per_device_train_batch_size=settings["batch_size"],
        learning_rate=settings["learning_rate"],
        warmup_steps=settings["warm_steps"],
        weight_decay=settings["weight_decay"],
        max_grad_norm=settings["clip"],
        bf16=settings.get("dtype") == "bf16",
        seed=settings["seed"],
        use_cpu=True,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        logging_strategy="no",
    )


@torch.inference_mode()
def _answers(
    model: Any,  # noqa: ANN401 # untyped library
    tokenizer: Any,  # noqa: ANN401 # untyped library
    rows: list[dict[str, Any]],
) -> list[list[float]]:
    inputs = [{k: v for k, v in row.items() if k != "labels"} for row in rows]
    padded = tokenizer.pad(inputs, return_tensors="pt")
    found: list[list[float]] = model(**padded).logits.float().softmax(-1).tolist()
    return found


if __name__ == "__main__":
    serve(prepare)
