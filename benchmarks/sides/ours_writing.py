"""Our side of generating: prompts through the engine, and the token ids of each text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch

from benchmarks.beside.worker import Settings, Work, read_items, serve
from benchmarks.sides.ours import LOADERS, NoCache
from harness import Budget, LoadSettings, ModelName
from harness.engine.engine import Engine
from harness.requests import Generate, GenerateAnswer
from harness_torch.abilities import TorchAdapter


def prepare(settings: Settings) -> Work:
    torch.set_num_threads(settings["threads"])
    name = ModelName.parse(settings["model"])
    loaded: Any = LOADERS[name.adapter](name, LoadSettings())
    loaded.tokenizer.decode = spell  # texts may be alike where ids are not
    adapter = TorchAdapter(
        title=loaded.title,
        module=loaded.module,
        dtype=torch.float32,
        abilities=loaded.abilities(None),
    )
    requests = [
        Generate(
            prompt=item["prompt"],
            max_tokens=settings.get("max_tokens") or item["max_tokens"],
            beams=settings.get("beams", 1),
        )
        for item in read_items(settings)
    ]

    def work() -> list[list[int]]:
        answers = Engine(adapter, NoCache(), Budget(tokens=2048)).answer(requests)
        return [read(cast(GenerateAnswer, one).text) for one in answers]

    return work


def spell(ids: Sequence[int]) -> str:
    return " ".join(map(str, ids))


def read(text: str) -> list[int]:
    return [int(word) for word in text.split()]


if __name__ == "__main__":
    serve(prepare)
