"""Our side of fine-tuning: the loop of `harness run`, over pairs with two labels."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, cast

import torch
from safetensors.torch import load_file

from benchmarks.beside.worker import Settings, Work, read_items, serve
from harness import Budget, Head, LoadSettings, ModelName, TrainingExample
from harness.recipe import TrainJob
from harness.requests import Classify, ClassifyAnswer
from harness_bert.adapter import load_bert
from harness_torch.training.loop import train
from harness_torch.training.settings import LoopSettings

LABELS = ("LABEL_0", "LABEL_1")
HEAD = "classifier."


def prepare(settings: Settings) -> Work:
    torch.set_num_threads(settings["threads"])
    name = ModelName.parse(settings["model"])
    load = LoadSettings(dtype=settings.get("dtype", "fp32"))
    examples = [as_example(item) for item in read_items(settings)]
    head = Head(kind="classify", labels=LABELS)
    how = LoopSettings(
        epochs=1,
        learning_rate=settings["learning_rate"],
        batch_size=settings["batch_size"],
        warmup=settings["warmup"],
        weight_decay=settings["weight_decay"],
        clip=settings["clip"],
        dropout=settings.get("dropout"),
    )

    drawn = {
        key: tensor
        for key, tensor in load_file(f"{name.checkpoint}/model.safetensors").items()
        if key.startswith(HEAD)
    }

    def work() -> list[list[float]]:
        adapter = load_bert(name, LoadSettings())
        module = adapter.prepare(head, seed=settings["seed"])
        # Both sides begin with the head that is there.
        module.load_state_dict(drawn, strict=False)
        with tempfile.TemporaryDirectory() as scratch:
            job = TrainJob(
                model=adapter,
                head=head,
                examples=examples,
                settings=None,
                seed=settings["seed"],
                load=load,
                folder=Path(scratch),
                on_step=lambda _: None,
            )
            train(job, module, how)
        encoded = adapter.encode([example.request for example in examples[:32]])
        answers = dict(adapter.session().answer(encoded, Budget(tokens=2048)))
        told = [cast(ClassifyAnswer, answers[item.key]) for item in encoded]
        return [list(answer.probabilities) for answer in told]

    return work


def as_example(item: dict[str, Any]) -> TrainingExample:
    request = Classify(text=item["text"], pair=item["pair"], labels=LABELS)
    hot = tuple(float(item["label"] == label) for label in range(len(LABELS)))
    return TrainingExample(request=request, answer=ClassifyAnswer(probabilities=hot))


if __name__ == "__main__":
    serve(prepare)
