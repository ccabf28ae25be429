"""Masked models trained to fill blanks: the loss is that over the words alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
import transformers
from torch import Tensor

from harness import Head, ModelName, PluginError, run
from harness.model import TrainingExample
from harness.requests import Fill, FillAnswer, Generate, GenerateAnswer
from harness_bert.adapter import BertAdapter
from harness_bert.plugin import describe

Make = Callable[..., Any]
ARCHITECTURES = ["bert", "roberta", "albert", "distilbert"]
FILL = Head(kind="fill")
MASK = 3  # of hashed words
WORDS = ("good", "bad", "so")
TEXTS = ["it is {blank} today", "{blank} it was", "not {blank}"]
RIGHT = [0, 2, 1]


def examples() -> list[TrainingExample]:
    return [
        TrainingExample(
            request=Fill(text=text, candidates=WORDS),
            answer=FillAnswer(probabilities=tuple(float(i == right) for i in range(3))),
        )
        for text, right in zip(TEXTS, RIGHT, strict=True)
    ]


def at_masks(model: Any, adapter: BertAdapter) -> Tensor:
    """Return transformers' logits of the words at the mask of each text."""
    words = [adapter.tokenizer.pieces([word])[0].ids[0] for word in WORDS]
    rows = []
    for text in TEXTS:
        (pieces,) = adapter.tokenizer.pieces([text.replace("{blank}", "[MASK]")])
        ids = adapter.tokenizer.wrap(pieces.ids).ids
        rows.append(model(torch.tensor([ids])).logits[0, ids.index(MASK), words])
    return torch.stack(rows)


@pytest.fixture(params=ARCHITECTURES)
def pair(
    request: pytest.FixtureRequest,
    reference: Make,
    saved: Make,
    opened: Make,
    tmp_path: Path,
) -> tuple[Any, BertAdapter]:
    """Return a model of transformers with ours, ready to be trained."""
    model = reference(request.param, "ForMaskedLM")
    adapter = opened(saved(model, tmp_path / "base"))
    adapter.prepare(FILL, seed=1)
    return model, adapter


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_loss_and_gradient_are_those_of_transformers_words(
    pair: tuple[Any, BertAdapter], smoothing: float
) -> None:
    theirs, ours = pair
    loss = ours.loss(ours.encode_training(examples()), label_smoothing=smoothing)
    expected = F.cross_entropy(
        at_masks(theirs, ours),
        torch.tensor(RIGHT),
        reduction="sum",
        label_smoothing=smoothing,
    )
    assert loss.count == 3
    assert loss.total.item() == pytest.approx(expected.item(), abs=1e-5)
    loss.total.backward()
    expected.backward()
    wanted = {name: p.grad for name, p in theirs.named_parameters()}
    for name, weight in ours.module.named_parameters():
        # RoBERTa's reference gives the padding's row none, which is [CLS] here.
        if weight.grad is not None and "embedding" not in name:
            assert torch.allclose(weight.grad, wanted[name], rtol=0, atol=1e-5), name


@torch.inference_mode()
def test_transformers_loads_what_was_saved(
    pair: tuple[Any, BertAdapter], tmp_path: Path
) -> None:
    _, ours = pair
    for parameter in ours.module.parameters():
        parameter.mul_(1.05)
    ours.save(tmp_path / "ours")
    made: Any = transformers.AutoModelForMaskedLM
    theirs, told = made.from_pretrained(tmp_path / "ours", output_loading_info=True)
    assert not told["missing_keys"]
    expected = F.cross_entropy(at_masks(theirs, ours), torch.tensor(RIGHT))
    loss = ours.loss(ours.encode_training(examples()))
    assert loss.total.item() / 3 == pytest.approx(expected.item(), abs=1e-5)
    card = describe(ModelName(adapter="bert", checkpoint=str(tmp_path / "ours")))
    assert (card.head, "fill" in card.trainable) == (None, True)


def test_an_answer_to_something_else_is_refused(pair: tuple[Any, BertAdapter]) -> None:
    wrong = TrainingExample(
        request=Generate(prompt="a"), answer=GenerateAnswer(text="b")
    )
    with pytest.raises(PluginError, match="expected Fill with FillAnswer"):
        pair[1].encode_training([wrong])


@pytest.mark.slow
def test_tiny_is_fine_tuned_by_cloze(tmp_path: Path) -> None:
    """As LM-BFF and PET fine-tune: Gao et al. 2021, Schick and Schütze 2021."""
    (cell,) = run(
        ["bert:tiny"],
        ["glue/sst2"],
        regimes=["finetune:full,epochs=2"],
        formulation="cloze",
        data="sample",
        device="cpu",
        store=str(tmp_path / "store.sqlite"),
    ).cells
    assert (cell.status, cell.formulation, cell.prompt) == ("done", "cloze", "cloze")
    assert cell.score is not None
    assert cell.score > 70
