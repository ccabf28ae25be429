"""The peer's side of classifying: transformers with dynamic padding, in file order."""

from __future__ import annotations

from typing import Any

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from benchmarks.beside.worker import Settings, Work, read_items, serve


def prepare(settings: Settings) -> Work:
    torch.set_num_threads(settings["threads"])
    tokenizer = AutoTokenizer.from_pretrained(settings["model"])
    model = AutoModelForSequenceClassification.from_pretrained(
        settings["model"], dtype=getattr(torch, settings.get("dtype", "float32"))
    ).eval()
    items, size = read_items(settings), settings["batch_size"]

    @torch.inference_mode()
    def work() -> list[list[float]]:
        found: list[list[float]] = []
        for start in range(0, len(items), size):
            batch = items[start : start + size]
            rows = tokenise(tokenizer, batch, settings["longest"])
            padded = tokenizer.pad(rows, return_tensors="pt")
            found += model(**padded).logits.float().softmax(-1).tolist()
        return found

    return work


def tokenise(
    tokenizer: Any,  # noqa: ANN401 # untyped library
    batch: list[dict[str, Any]],
    longest: int,
) -> list[dict[str, Any]]:
    """Tokenise a batch: texts alone in one call, pairs in another."""
    found: dict[int, dict[str, Any]] = {}
    for has_pair in (False, True):
        places = [i for i, item in enumerate(batch) if bool(item["pair"]) == has_pair]
        columns = [[batch[place]["text"] for place in places]]
        if has_pair:
            columns.append([batch[place]["pair"] for place in places])
        if places:
            encoded = tokenizer(*columns, truncation=True, max_length=longest)
            for row, place in enumerate(places):
                found[place] = {key: values[row] for key, values in encoded.items()}
    return [found[place] for place in range(len(batch))]


if __name__ == "__main__":
    serve(prepare)
