"""Hidden states, logits and gradients equal those of transformers."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from harness_torch.cache import PackedAttention
from harness_torch.packed import pack

CPU = torch.device("cpu")
LENGTHS = (7, 7, 1, 13, 64, 3)
Case = tuple[str, dict[str, Any]]
TwinsOf = Callable[..., Any]


def rows(lengths: tuple[int, ...] = LENGTHS, words: int = 260) -> list[list[int]]:
    draw = random.Random(3)
    return [[draw.randrange(words) for _ in range(n)] for n in lengths]


def assert_near(ours: Tensor, theirs: Tensor, tolerance: float) -> None:
    off = (ours - theirs).abs() / theirs.abs().clamp(min=1)
    assert float(off.max()) <= tolerance


@pytest.mark.parametrize("on_left", [False, True])
@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-9)]
)
@torch.inference_mode()
def test_states_and_logits_equal_transformers(
    case: Case, twins: TwinsOf, dtype: torch.dtype, tolerance: float, on_left: bool
) -> None:
    pair = twins(*case, dtype=dtype)
    theirs = pair.padded(rows(), on_left=on_left)
    for hidden, told in zip(pair.hidden(rows()), theirs, strict=True):
        assert_near(hidden, told["hidden"], tolerance)
        assert_near(pair.ours.logits(hidden), told["logits"], tolerance)


@torch.inference_mode()
def test_one_sequence_alone_equals_transformers(
    architecture: Case, twins: TwinsOf
) -> None:
    pair = twins(*architecture)
    for length in (1, 2, 64):
        (row,) = rows((length,))
        (hidden,) = pair.hidden([row])
        theirs = pair.theirs(torch.tensor([row])).logits[0]
        assert_near(pair.ours.logits(hidden), theirs, 1e-5)


def test_gradients_equal_transformers(case: Case, twins: TwinsOf) -> None:
    pair = twins(*case, dtype=torch.float64)
    weigh = torch.Generator().manual_seed(7)
    weights = [
        torch.randn(n, 260, generator=weigh, dtype=torch.float64) for n in LENGTHS
    ]
    for logits in (
        [pair.ours.logits(hidden) for hidden in pair.hidden(rows())],
        [told["logits"] for told in pair.padded(rows(), on_left=False)],
    ):
        sum((x * w).sum() for x, w in zip(logits, weights, strict=True)).backward()
    gradients = {n: p.grad for n, p in pair.theirs.named_parameters()}
    for name, parameter in pair.ours.named_parameters():
        theirs = gradients[name]
        is_turned = theirs.shape != parameter.shape or (
            case[0] == "GPT2" and ".c_" in name and theirs.ndim == 2
        )
        assert_near(parameter.grad, theirs.t() if is_turned else theirs, 1e-9)


LLAMAS = st.fixed_dictionaries(
    {
        "vocab_size": st.integers(4, 40),
        "intermediate_size": st.integers(1, 13),
        "num_hidden_layers": st.integers(1, 3),
        "head_dim": st.sampled_from([2, 4, 6, 10]),
        "rms_norm_eps": st.sampled_from([1e-6, 1e-2]),
        "tie_word_embeddings": st.booleans(),
    }
)
GPT2S = st.fixed_dictionaries(
    {
        "vocab_size": st.integers(4, 40),
        "n_layer": st.integers(1, 3),
        "n_inner": st.integers(1, 13),
        "n_positions": st.integers(20, 30),
        "tie_word_embeddings": st.booleans(),
        "activation_function": st.sampled_from(["gelu_new", "gelu", "silu"]),
    }
)
SEQUENCES = st.lists(st.integers(1, 20), min_size=1, max_size=5)


@torch.inference_mode()
def check(pair: Any, lengths: list[int], words: int) -> None:
    asked = rows(tuple(lengths), words)
    theirs = pair.padded(asked, on_left=False)
    for hidden, told in zip(pair.hidden(asked), theirs, strict=True):
        assert_near(pair.ours.logits(hidden), told["logits"], 1e-5)


@given(
    raw=LLAMAS,
    heads=st.sampled_from([(1, 1), (2, 1), (4, 2), (6, 3), (3, 3)]),
    family=st.sampled_from(["Llama", "Mistral", "Qwen2", "Qwen3"]),
    lengths=SEQUENCES,
)
@settings(max_examples=15, derandomize=True, deadline=None)
def test_any_llama_configuration_equals_transformers(
    twins: TwinsOf,
    raw: dict[str, Any],
    heads: tuple[int, int],
    family: str,
    lengths: list[int],
) -> None:
    queries, keys = heads
    more = {"num_attention_heads": queries, "num_key_value_heads": keys}
    width = {"hidden_size": queries * 4, "max_position_embeddings": 32}
    pair = twins(family, {**raw, **more, **width})
    check(pair, lengths, raw["vocab_size"])


@given(raw=GPT2S, heads=st.integers(1, 4), lengths=SEQUENCES)
@settings(max_examples=8, derandomize=True, deadline=None)
def test_any_gpt2_configuration_equals_transformers(
    twins: TwinsOf, raw: dict[str, Any], heads: int, lengths: list[int]
) -> None:
    pair = twins("GPT2", {**raw, "n_head": heads, "n_embd": heads * 5})
    check(pair, lengths, raw["vocab_size"])


@torch.inference_mode()
def test_linear_layers_see_no_more_rows_than_real_tokens(
    architecture: Case, twins: TwinsOf
) -> None:
    pair = twins(*architecture)
    seen: list[int] = []
    for part in pair.ours.modules():
        if isinstance(part, nn.Linear) and part is not pair.ours.lm_head:
            part.register_forward_hook(lambda *given: seen.append(len(given[1][0])))
    pair.hidden(rows())
    assert seen
    assert set(seen) == {sum(LENGTHS)}


@torch.inference_mode()
def test_states_do_not_depend_on_the_batch(architecture: Case, twins: TwinsOf) -> None:
    pair = twins(*architecture)
    for row, hidden in zip(rows(), pair.hidden(rows()), strict=True):
        (alone,) = pair.hidden([row])
        assert_near(hidden, alone, 1e-5)


@torch.inference_mode()
def test_rows_that_are_asked_alone_are_those_of_all(
    architecture: Case, twins: TwinsOf
) -> None:
    ours = twins(*architecture).ours
    packed = pack(rows(), device=CPU, is_causal=True)
    attending = PackedAttention(packed)
    every = ours(packed.ids, packed.positions, attending)
    some = ours(packed.ids, packed.positions, attending, packed.last)
    assert_near(some, every[packed.last], 1e-6)


@torch.inference_mode()
def test_half_precision_equals_transformers_as_far_as_it_goes(
    architecture: Case, twins: TwinsOf
) -> None:
    pair = twins(*architecture, dtype=torch.bfloat16)
    exact = twins(*architecture)
    (row,) = rows((64,))
    ours, theirs = (
        pair.ours.logits(pair.hidden([row])[0]).float(),
        pair.theirs(torch.tensor([row])).logits[0].float(),
    )
    right = exact.ours.logits(exact.hidden([row])[0])
    assert float((ours - right).abs().mean()) < 1.5 * float(
        (theirs - right).abs().mean()
    )


@torch.inference_mode()
def test_a_dropped_bias_is_seen(cases: Mapping[str, Case], twins: TwinsOf) -> None:
    pair = twins(*cases["llama-biases"])
    before = pair.hidden(rows())[0]
    for name, parameter in pair.ours.named_parameters():
        if name.endswith("k_proj.bias"):
            parameter.zero_()
    # shifts of keys alone cancel but for rotation, which sees places
    assert float((pair.hidden(rows())[0] - before).abs().max()) > 1e-4


def test_dropout_acts_in_training_only(twins: TwinsOf) -> None:
    ours = twins(
        "GPT2", {"vocab_size": 260, "n_embd": 8, "n_layer": 1, "n_head": 1}
    ).ours
    packed = pack(rows(), device=CPU, is_causal=True)
    attending = PackedAttention(packed)
    first, again = (ours(packed.ids, packed.positions, attending) for _ in range(2))
    assert torch.equal(first, again)
    ours.train()
    assert not torch.equal(ours(packed.ids, packed.positions, attending), first)
