"""The peer's side of finding answers: transformers over windows, in file order.

Windows and spans are those of transformers' own example, run_qa.py with utils_qa.py
(examples/pytorch/question-answering): a window's 20 best starts and ends, no span
longer than 30 tokens, none outside the context. Batches are padded to their longest.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import torch
from torch import Tensor
from transformers import AutoModelForQuestionAnswering, AutoTokenizer, BatchEncoding

from benchmarks.beside.worker import Settings, Work, read_items, serve

N_BEST = 20
LONGEST_ANSWER = 30

Span = tuple[str, int | None, float, float]


def prepare(settings: Settings) -> Work:
    torch.set_num_threads(settings["threads"])
    tokenizer = AutoTokenizer.from_pretrained(settings["model"])
    model = AutoModelForQuestionAnswering.from_pretrained(
        settings["model"], dtype=getattr(torch, settings.get("dtype", "float32"))
    ).eval()
    items, size = read_items(settings), settings["batch_size"]

    @torch.inference_mode()
    def work() -> list[Span]:
        windows = tokenizer(
            [item["question"].lstrip() for item in items],
            [item["context"] for item in items],
            truncation="only_second",
            max_length=settings["window"],
            stride=settings["stride"],
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
        )
        scored: list[tuple[Tensor, Tensor]] = []
        rows = windows["input_ids"]
        for start in range(0, len(rows), size):
            batch = {
                key: windows[key][start : start + size]
                for key in ("input_ids", "token_type_ids", "attention_mask")
            }
            given = model(**tokenizer.pad(batch, return_tensors="pt"))
            scored += zip(given.start_logits, given.end_logits, strict=True)
        owners = windows["overflow_to_sample_mapping"]
        return [
            best_span(
                item["context"],
                windows,
                scored,
                [w for w, o in enumerate(owners) if o == place],
            )
            for place, item in enumerate(items)
        ]

    return work


def best_span(
    context: str,
    windows: BatchEncoding,
    scored: list[tuple[Tensor, Tensor]],
    own: list[int],
) -> Span:
    """Return an item's best span over its windows, and the score of no answer."""
    none = min(float(scored[window][0][0] + scored[window][1][0]) for window in own)
    spans = [
        span for window in own for span in spans_of(windows, window, *scored[window])
    ]
    if not spans:
        return "", None, none, none
    score, start, end = max(spans, key=lambda span: span[0])
    return context[start:end], start, score, none


def spans_of(
    windows: BatchEncoding, window: int, starts: Tensor, ends: Tensor
) -> Iterator[tuple[float, int, int]]:
    """Yield a window's spans: score, and where they begin and end in the context."""
    length = len(windows["input_ids"][window])
    segments = windows.sequence_ids(window)
    offsets = windows["offset_mapping"][window]
    best = (one[:length].topk(min(N_BEST, length)) for one in (starts, ends))
    pairs = (
        zip(one.indices.tolist(), one.values.tolist(), strict=True) for one in best
    )
    for (first, one), (last, other) in product(*pairs):
        is_inside = segments[first] == 1 and segments[last] == 1
        if is_inside and 0 <= last - first < LONGEST_ANSWER:
            yield one + other, offsets[first][0], offsets[last][1]


if __name__ == "__main__":
    serve(prepare)
