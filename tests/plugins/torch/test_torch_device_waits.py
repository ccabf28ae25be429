"""What a GPU would wait for is asked once a step, and the results stay what they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from harness import Head, LoadSettings, ModelName, TrainingError, TrainingExample
from harness.recipe import TrainJob, TrainReport
from harness.requests import (
    Choose,
    ChooseAnswer,
    Classify,
    ClassifyAnswer,
    Extract,
    ExtractAnswer,
    Generate,
    GenerateAnswer,
    Regress,
    RegressAnswer,
    Tag,
    TagAnswer,
)
from harness_bert import plugin as bert
from harness_gpt import plugin as gpt
from harness_t5 import plugin as t5
from harness_torch.device import send
from harness_torch.heads.span import span_loss
from harness_torch.slots import padded_slots
from harness_torch.training.loop import train
from harness_torch.training.settings import LoopSettings

LABELS = ("no", "yes")
LOADERS = {"bert": bert.load, "gpt": gpt.load, "t5": t5.load}


def spanning(text: str, start: int | None) -> ExtractAnswer:
    return ExtractAnswer(text=text, start=start, score=0.0, no_answer_score=0.0)


LESSONS: dict[str, tuple[Head, list[TrainingExample]]] = {
    "classify": (
        Head(kind="classify", labels=LABELS),
        [
            TrainingExample(
                request=Classify(text="a " * n, labels=LABELS),
                answer=ClassifyAnswer(probabilities=(0.0, 1.0)),
            )
            for n in (3, 5)
        ],
    ),
    "regress": (
        Head(kind="regress"),
        [
            TrainingExample(
                request=Regress(text="a " * n), answer=RegressAnswer(value=n)
            )
            for n in (3, 5)
        ],
    ),
    "choose": (
        Head(kind="choose"),
        [
            TrainingExample(
                request=Choose(context="a", choices=("b", "c d")[:n]),
                answer=ChooseAnswer(scores=(1.0, 0.0)[:n]),
            )
            for n in (1, 2)
        ],
    ),
    "extract": (
        Head(kind="extract"),
        [
            TrainingExample(
                request=Extract(question="who", context="it is he"),
                answer=spanning("he", 6),
            ),
            TrainingExample(
                request=Extract(question="who is it", context="it is"),
                answer=spanning("", None),
            ),
        ],
    ),
    "tag": (
        Head(kind="tag", labels=LABELS),
        [
            TrainingExample(
                request=Tag(words=("a",) * n, labels=LABELS),
                answer=TagAnswer(labels=("yes",) * n, probabilities=(1.0,) * n),
            )
            for n in (2, 4)
        ],
    ),
    "language": (
        Head(kind="language"),
        [
            TrainingExample(
                request=Generate(prompt="a " * n), answer=GenerateAnswer(text="b")
            )
            for n in (3, 5)
        ],
    ),
}
CASES = [("bert", kind) for kind in LESSONS if kind != "language"]
CASES += [("gpt", "classify"), ("gpt", "language")]
CASES += [("t5", "classify"), ("t5", "language")]


class Waits(TorchDispatchMode):
    """Counts how often the host reads a number, for which it would wait for a GPU."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        self.count += func is torch.ops.aten._local_scalar_dense.default
        return func(*args, **(kwargs or {}))


def test_reading_a_number_is_counted() -> None:
    with Waits() as waits:
        bool(torch.ones(1).isfinite().all())
        float(torch.ones(1).sum())
    assert waits.count == 2


@pytest.mark.parametrize(("family", "kind"), CASES)
def test_a_loss_waits_for_nothing(family: str, kind: str) -> None:
    head, examples = LESSONS[kind]
    model: Any = LOADERS[family](ModelName.parse(f"{family}:tiny"), LoadSettings())
    model.prepare(head, seed=1)
    batch = model.encode_training(examples)
    with Waits() as waits:
        model.loss(batch).total.backward()
    assert waits.count == 0


def train_bert(folder: Path, model: Any, kind: str, **changes: Any) -> TrainReport:
    head, examples = LESSONS[kind]
    settings = LoopSettings(epochs=1, learning_rate=1e-3, dropout=0.0, **changes)
    job = TrainJob(
        model=model,
        head=head,
        examples=examples * 4,
        settings=settings,
        seed=1,
        load=LoadSettings(),
        folder=folder,
        on_step=lambda _: None,
    )
    return train(job, model.module, settings)


def waits_of(folder: Path, micro_batch_tokens: int) -> tuple[int, float]:
    model: Any = bert.load(ModelName.parse("bert:tiny"), LoadSettings())
    model.prepare(LESSONS["classify"][0], seed=1)
    with Waits() as waits:
        report = train_bert(
            folder, model, "classify", micro_batch_tokens=micro_batch_tokens
        )
    return waits.count, report.final_loss


def test_more_micro_batches_ask_no_more_of_the_device(tmp_path: Path) -> None:
    whole, cut = waits_of(tmp_path, 2048), waits_of(tmp_path, 8)
    assert cut[0] == whole[0]
    assert cut[1] == pytest.approx(whole[1], rel=1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_of_spans_is_torch_s_of_each_window(smoothing: float) -> None:
    torch.manual_seed(1)
    lengths, targets = [5, 5, 1, 7], [(0, 4), (2, 2), (0, 0), (3, 6)]
    scores = torch.randn(sum(lengths), 2, requires_grad=True)
    ours = span_loss(scores, lengths, targets, label_smoothing=smoothing)
    pieces = zip(scores.split(lengths), targets, strict=True)
    reference = sum(
        F.cross_entropy(own.T, torch.tensor(target), label_smoothing=smoothing)
        for own, target in pieces
    )
    assert isinstance(reference, torch.Tensor)
    gradients = [torch.autograd.grad(loss, scores)[0] for loss in (ours, reference)]
    torch.testing.assert_close(ours, reference)
    torch.testing.assert_close(*gradients)


def test_a_span_loss_that_is_no_number_names_the_step(tmp_path: Path) -> None:
    model: Any = bert.load(ModelName.parse("bert:tiny"), LoadSettings())
    module = model.prepare(LESSONS["extract"][0], seed=1)
    torch.nn.init.constant_(module.qa_outputs.bias, torch.nan)
    with pytest.raises(TrainingError, match="the loss of step 1 is nan"):
        train_bert(tmp_path, model, "extract")


def test_a_tensor_is_sent_as_it_is() -> None:
    made = torch.tensor([1, 2])
    assert send(made, torch.device("cpu")) is made


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_gets_what_was_sent() -> None:
    made = torch.arange(100)
    assert send(made, torch.device("cuda")).tolist() == made.tolist()


def test_padding_repeats_a_sequence_s_first_token() -> None:
    slots = padded_slots([2, 1, 3])
    assert slots.tokens.tolist() == [0, 1, 0, 2, 2, 2, 3, 4, 5]
    assert slots.is_real.sum(1).tolist() == [2, 1, 3]
