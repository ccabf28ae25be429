"""The peer's side of scoring: lm-evaluation-harness' HFLM.loglikelihood."""

from __future__ import annotations

from typing import Any

import torch
from lm_eval.api.instance import Instance  # type: ignore[import-not-found] # a peer's
from lm_eval.models.huggingface import HFLM  # type: ignore[import-not-found]

from benchmarks.beside.worker import Settings, Work, read_items, serve


def prepare(settings: Settings) -> Work:
    torch.set_num_threads(settings["threads"])
    model = HFLM(
        pretrained=settings["model"],
        dtype=settings.get("dtype", "float32"),
        batch_size=settings["batch_size"],
        device="cpu",
    )
    items = read_items(settings)

    def work() -> list[list[Any]]:
        pairs = [(one["context"], choice) for one in items for choice in one["choices"]]
        requests = [
            Instance("loglikelihood", {}, pair, place)
            for place, pair in enumerate(pairs)
        ]
        scored = iter(model.loglikelihood(requests, disable_tqdm=True))
        return [
            [(float(value), bool(flag)) for value, flag in (next(scored) for _ in one)]
            for one in (item["choices"] for item in items)
        ]

    return work


if __name__ == "__main__":
    serve(prepare)
