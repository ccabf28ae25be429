"""Encoder states, logits and gradients of T5 equal transformers'."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from transformers.models.mt5.modeling_mt5 import MT5LayerNorm
from transformers.models.t5.modeling_t5 import T5LayerNorm

from harness_t5.buckets import bucket
from harness_t5.config import read_config
from harness_t5.model import T5, Reading
from harness_torch.crossing import cross
from harness_torch.packed import Packed, pack

CPU = torch.device("cpu")
SOURCES = (9, 4, 1, 40, 9)
TARGETS = (3, 8, 1, 5, 30)
KINDS = {
    "t5": {},
    "t5-1.1": {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False},
    "odd": {
        "num_layers": 1,
        "num_decoder_layers": 3,
        "feed_forward_proj": "gated-silu",
    },
    "mt5": {},
}


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def _norms_in_fp64(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the reference square in fp64, as ours does in an fp64 model.

    It squares in fp32 whatever the model's precision, which is off by 1e-8.
    """

    def forward(self: nn.Module, hidden: Tensor) -> Tensor:
        variance = hidden.pow(2).mean(-1, keepdim=True)
        scale: Any = torch.rsqrt(variance + self.variance_epsilon)  # type: ignore[operator] # a number
        normed: Tensor = self.weight * (hidden * scale)
        return normed

    monkeypatch.setattr(T5LayerNorm, "forward", forward)
    monkeypatch.setattr(MT5LayerNorm, "forward", forward)


def reference(kind: str, *, dtype: torch.dtype = torch.float32, **changes: Any) -> Any:
    """Make a random model of transformers with noise on every parameter."""
    torch.manual_seed(11)
    values: dict[str, Any] = {
        "vocab_size": 50,
        "d_model": 24,
        "d_kv": 8,
        "d_ff": 32,
        "num_layers": 2,
        "num_heads": 3,
        # At 1 logits reach 20 and either side is off by 1.5e-5 against fp64.
        "initializer_factor": 0.5,
        "relative_attention_num_buckets": 8,
        "relative_attention_max_distance": 20,
        "decoder_start_token_id": 0,
        **KINDS[kind],
        **changes,
    }
    model: Any = (
        transformers.MT5ForConditionalGeneration(transformers.MT5Config(**values))
        if kind == "mt5"
        else transformers.T5ForConditionalGeneration(transformers.T5Config(**values))
    ).eval()
    if kind == "t5-1.1":
        model.lm_head.weight = nn.Parameter(torch.randn(50, 24) * 0.5)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return model.to(dtype)


def ours(model: Any, kind: str) -> T5:
    """Make our module with the same weights."""
    raw = model.config.to_dict() | {"id2label": None} | KINDS[kind]
    module = T5(read_config(raw, Path("config")), has_output=kind == "t5-1.1")
    weights = dict(model.named_parameters())
    module.load_state_dict(weights)
    return module.to(next(model.parameters()).dtype).eval()


class Batch:
    """Ragged sources and targets, packed for us and padded for transformers."""

    def __init__(
        self, sources: Sequence[int], targets: Sequence[int], *, is_left: bool = False
    ) -> None:
        generator = torch.Generator().manual_seed(3)
        side = "left" if is_left else "right"

        def draw(lengths: Sequence[int]) -> list[Tensor]:
            return [torch.randint(2, 50, (n,), generator=generator) for n in lengths]

        def pad(rows: list[Tensor]) -> Tensor:
            return nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_side=side)

        read, written = draw(sources), draw(targets)
        self.source = pack([x.tolist() for x in read], device=CPU)
        self.target = pack([x.tolist() for x in written], device=CPU, is_causal=True)
        self.crossing = cross(targets, sources, device=CPU)
        self.mask = pad([torch.ones_like(x) for x in read])
        self.written = nn.utils.rnn.pad_sequence(
            [torch.ones_like(x) for x in written], batch_first=True
        ).bool()
        self.padded = {
            "input_ids": pad(read),
            "attention_mask": self.mask,
            "decoder_input_ids": nn.utils.rnn.pad_sequence(written, batch_first=True),
        }

    def logits(self, module: T5) -> Tensor:
        states = module.encode(self.source)
        assert module.decoder is not None
        sight = Reading(self.target, module.decoder, states, self.crossing)
        return module.project(module.decode(self.target.ids, sight))


def close(ours: Tensor, theirs: Tensor, tolerance: float) -> bool:
    return bool(((ours - theirs).abs() <= tolerance * theirs.abs().clamp(min=1)).all())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("is_left", [False, True])
@torch.inference_mode()
def test_encoder_states_equal_transformers(kind: str, is_left: bool) -> None:
    model = reference(kind)
    batch = Batch(SOURCES, TARGETS, is_left=is_left)
    ids, mask = batch.padded["input_ids"], batch.mask
    theirs = model.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
    assert close(ours(model, kind).encode(batch.source), theirs[mask.bool()], 1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("is_left", [False, True])
@torch.inference_mode()
def test_logits_equal_transformers(kind: str, is_left: bool) -> None:
    model = reference(kind)
    batch = Batch(SOURCES, TARGETS, is_left=is_left)
    theirs = model(**batch.padded).logits[batch.written]
    assert close(batch.logits(ours(model, kind)), theirs, 1e-5)


@pytest.mark.usefixtures("_norms_in_fp64")
@pytest.mark.parametrize("kind", KINDS)
def test_logits_and_gradients_equal_transformers_in_fp64(kind: str) -> None:
    model = reference(kind, dtype=torch.float64)
    module = ours(model, kind)
    batch = Batch(SOURCES, TARGETS)
    mine = batch.logits(module)
    theirs = model(**batch.padded).logits[batch.written]
    assert close(mine, theirs, 1e-9)
    weight = torch.randn(mine.shape, generator=torch.Generator().manual_seed(5))
    gradients = [
        torch.autograd.grad((x * weight).sum(), list(own.parameters()))
        for x, own in ((mine, module), (theirs, model))
    ]
    names = [[n for n, _ in own.named_parameters()] for own in (module, model)]
    assert sorted(names[0]) == sorted(names[1])
    found, expected = (
        dict(zip(n, g, strict=True)) for n, g in zip(names, gradients, strict=True)
    )
    assert all(close(found[name], expected[name], 1e-9) for name in expected)


@given(
    lengths=st.lists(
        st.tuples(st.integers(1, 30), st.integers(1, 12)), min_size=1, max_size=5
    ),
    kind=st.sampled_from(sorted(KINDS)),
    head=st.sampled_from([(1, 5), (2, 8), (4, 3)]),
    is_left=st.booleans(),
)
@settings(max_examples=12, derandomize=True, deadline=None)
@torch.inference_mode()
def test_any_shape_equals_transformers(
    lengths: list[tuple[int, int]], kind: str, head: tuple[int, int], is_left: bool
) -> None:
    model = reference(kind, num_heads=head[0], d_kv=head[1])
    sources, targets = zip(*lengths, strict=True)
    batch = Batch(sources, targets, is_left=is_left)
    theirs = model(**batch.padded).logits[batch.written]
    assert close(batch.logits(ours(model, kind)), theirs, 1e-5)


@torch.inference_mode()
def test_every_parameter_counts_so_the_comparison_has_teeth() -> None:
    module = ours(reference("t5-1.1"), "t5-1.1")
    batch = Batch(SOURCES, TARGETS)
    before = batch.logits(module)
    for parameter in module.parameters():
        kept = parameter.clone()
        parameter.zero_()
        assert not close(batch.logits(module), before, 1e-3)
        parameter.copy_(kept)


@torch.inference_mode()
def test_logits_do_not_depend_on_the_batch() -> None:
    module = ours(reference("t5"), "t5")
    batch = Batch(SOURCES, TARGETS)
    together = batch.logits(module)
    states = module.encode(batch.source)
    pieces = zip(
        batch.source.ids.split(SOURCES),
        batch.target.ids.split(TARGETS),
        states.split(SOURCES),
        together.split(TARGETS),
        strict=True,
    )
    for source, target, _, rows in pieces:
        one = Batch((len(source),), (len(target),))
        one.source = pack([source.tolist()], device=CPU)
        one.target = pack([target.tolist()], device=CPU, is_causal=True)
        assert close(one.logits(module), rows, 1e-5)


@torch.inference_mode()
def test_padded_attention_as_on_cuda_gives_the_same() -> None:
    module = ours(reference("t5"), "t5")
    batch = Batch(SOURCES, TARGETS)
    before = batch.logits(module)

    def padded(packed: Packed, lengths: Sequence[int]) -> Packed:
        ids = [x.tolist() for x in packed.ids.split(tuple(lengths))]
        return pack(ids, device=CPU, is_causal=packed.is_causal, is_padded=True)

    batch.source = padded(batch.source, SOURCES)
    batch.target = padded(batch.target, TARGETS)
    batch.crossing = cross(TARGETS, SOURCES, device=CPU, is_padded=True)
    assert close(batch.logits(module), before, 1e-5)


@torch.inference_mode()
def test_linear_layers_see_real_tokens_alone() -> None:
    module = ours(reference("t5"), "t5")
    seen: dict[str, int] = {}
    for name, part in module.named_modules():
        if isinstance(part, nn.Linear):
            part.register_forward_hook(
                lambda _, args, __, name=name: seen.update({name: len(args[0])})
            )
    Batch(SOURCES, TARGETS).logits(module)
    for name, rows in seen.items():
        reads_source = name.startswith("encoder") or (
            "EncDecAttention" in name and name[-1] in "kv"
        )
        assert rows == sum(SOURCES if reads_source else TARGETS), name


@pytest.mark.parametrize("is_bidirectional", [False, True])
@pytest.mark.parametrize(("count", "reach"), [(32, 128), (8, 20), (6, 5)])
def test_buckets_are_those_of_transformers(
    is_bidirectional: bool, count: int, reach: int
) -> None:
    attention = transformers.models.t5.modeling_t5.T5Attention
    distances = torch.arange(-400, 401)
    expected = attention._relative_position_bucket(
        distances, bidirectional=is_bidirectional, num_buckets=count, max_distance=reach
    )
    found = bucket(
        distances, is_bidirectional=is_bidirectional, count=count, reach=reach
    )
    assert torch.equal(found, expected)
