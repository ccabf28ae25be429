"""T5 writes what transformers' `generate` writes, token by token."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from torch import Tensor, nn

from harness import Encoded
from harness.requests import Generate
from harness_t5.config import read_config
from harness_t5.decoding import T5Decoding
from harness_t5.model import T5, Reading
from harness_torch.crossing import cross
from harness_torch.generation.loop import Written
from harness_torch.packed import pack
from tests.plugins.torch.writing import write

CPU = torch.device("cpu")
VOCABULARY, END = 40, 1
PROMPTS = 50


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module", params=["relu", "gated-gelu"])
def pair(request: pytest.FixtureRequest) -> tuple[Any, T5]:
    """Make a random model of transformers with noise on all parameters, and ours."""
    torch.manual_seed(8)  # some of its texts end, some do not
    values: dict[str, Any] = {
        "vocab_size": VOCABULARY,
        "d_model": 16,
        "d_kv": 6,
        "d_ff": 24,
        "num_layers": 2,
        "num_heads": 2,
        "decoder_start_token_id": 0,
        "feed_forward_proj": request.param,
    }
    raw = {"model_type": "t5", **values}
    if request.param != "relu":
        values["tie_word_embeddings"] = raw["tie_word_embeddings"] = False
    model: Any = transformers.T5ForConditionalGeneration(
        transformers.T5Config(**values)
    ).eval()
    model.lm_head.weight = nn.Parameter(torch.randn(VOCABULARY, 16) * 0.5)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    module = T5(read_config(raw, Path("config")), has_output=True).eval()
    module.load_state_dict(dict(model.named_parameters()))
    return model, module


@pytest.fixture(scope="module")
def sources() -> list[list[int]]:
    generator = torch.Generator().manual_seed(8)
    lengths = torch.randint(1, 20, (PROMPTS,), generator=generator).tolist()
    return [
        torch.randint(2, VOCABULARY, (n,), generator=generator).tolist()
        for n in lengths
    ]


def spell(ids: Sequence[int]) -> str:
    return "".join(chr(ord("a") + i) for i in ids)


def reading(sources: Sequence[Sequence[int]]) -> list[Encoded]:
    asked = Generate(prompt="")
    return [
        Encoded(key=key, request=asked, cost=1, ids=ids)
        for key, ids in enumerate(sources)
    ]


@torch.inference_mode()
def ours(
    module: T5,
    sources: Sequence[Sequence[int]],
    asked: Sequence[Generate],
    at_once: int = PROMPTS,
) -> list[Written]:
    return write(
        T5Decoding(module, "t5"),
        sources,
        asked,
        decode=spell,
        end=frozenset({END}),
        at_once=at_once,
    )


def theirs(
    model: Any, sources: Sequence[Sequence[int]], **settings: Any
) -> list[list[int]]:
    pad = nn.utils.rnn.pad_sequence
    rows = [torch.tensor(ids) for ids in sources]
    out = model.generate(
        pad(rows, batch_first=True),
        attention_mask=pad([torch.ones_like(row) for row in rows], batch_first=True),
        do_sample=False,
        **settings,
    )
    texts = [row[1:].tolist() for row in out]
    return [text[: text.index(END)] if END in text else text for text in texts]


def asking(**settings: Any) -> list[Generate]:
    return [Generate(prompt="", **settings) for _ in range(PROMPTS)]


def test_greedy_texts_equal_transformers(
    pair: tuple[Any, T5], sources: list[list[int]]
) -> None:
    model, module = pair
    written = ours(module, sources, asking(max_tokens=16))
    assert [one.ids for one in written] == theirs(model, sources, max_new_tokens=16)
    assert {one.finish_reason for one in written} == {"end", "length"}
    assert len({tuple(one.ids) for one in written}) > PROMPTS // 2


@pytest.mark.parametrize(("beams", "penalty"), [(2, 1.0), (4, 0.6), (3, 2.0)])
def test_beam_searches_equal_transformers(
    pair: tuple[Any, T5], sources: list[list[int]], beams: int, penalty: float
) -> None:
    model, module = pair
    asked = asking(max_tokens=12, beams=beams, length_penalty=penalty)
    expected = theirs(
        model, sources, max_new_tokens=12, num_beams=beams, length_penalty=penalty
    )
    assert [one.ids for one in ours(module, sources, asked)] == expected


def mixed() -> list[Generate]:
    kinds: list[dict[str, Any]] = [
        {"beams": 3, "max_tokens": 9},
        {"max_tokens": 40},
        {"beams": 2, "length_penalty": 0.5, "stop": ("c",)},
        {"temperature": 1.0, "max_tokens": 20},
        {"max_tokens": 0},
    ]
    return [Generate(prompt=str(n), **kinds[n % len(kinds)]) for n in range(PROMPTS)]


def test_a_text_does_not_depend_on_its_batch(
    pair: tuple[Any, T5], sources: list[list[int]]
) -> None:
    _, module = pair
    few = range(0, PROMPTS, 4)  # of every kind
    alone = [ours(module, [sources[n]], [mixed()[n]])[0] for n in few]
    together = ours(module, sources, mixed())
    assert ours(module, sources, mixed(), at_once=7) == together
    assert [together[n] for n in few] == alone


@torch.inference_mode()
def test_steps_equal_reading_the_whole(
    pair: tuple[Any, T5], sources: list[list[int]]
) -> None:
    _, module = pair
    few = sources[:4]
    lengths = [len(ids) for ids in few]
    states = module.encode(pack(few, device=CPU))
    decoding = T5Decoding(module, "t5")
    targets = torch.randint(2, VOCABULARY, (4, 40))
    stepped = torch.stack(
        [
            decoding.go_on([], reading(few)),
            *(decoding.go_on(targets[:, n].tolist(), []) for n in range(40)),
        ],
        dim=1,
    )
    read = pack([[0, *row] for row in targets.tolist()], device=CPU, is_causal=True)
    assert module.decoder is not None
    met = cross([41] * 4, lengths, device=CPU)
    whole = module.project(
        module.decode(read.ids, Reading(read, module.decoder, states, met))
    )
    assert torch.allclose(stepped.flatten(0, 1), whole, rtol=1e-5, atol=1e-5)


@torch.inference_mode()
def test_keys_of_a_source_are_computed_once_for_all_beams_and_steps(
    pair: tuple[Any, T5], sources: list[list[int]]
) -> None:
    _, module = pair
    rows: list[int] = []
    part = module.get_submodule("decoder.block.1.layer.1.EncDecAttention.k")
    hook = part.register_forward_hook(lambda _, args, __: rows.append(len(args[0])))
    ours(module, sources, asking(max_tokens=8, beams=4))
    hook.remove()
    assert rows == [sum(map(len, sources))]


@torch.inference_mode()
def test_rows_may_come_in_any_order(
    pair: tuple[Any, T5], sources: list[list[int]]
) -> None:
    _, module = pair

    def after(order: list[int]) -> Tensor:
        decoding = T5Decoding(module, "t5")
        decoding.go_on([], reading(sources[:3]))
        decoding.select(order)
        return decoding.go_on([7] * len(order), [])

    rows = after([0, 1, 2])
    assert torch.allclose(after([2, 2, 0, 1]), rows[[2, 2, 0, 1]], rtol=1e-5, atol=1e-5)
