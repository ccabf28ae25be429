"""Hidden states, logits and gradients of every architecture equal transformers'."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from harness import LoadSettings, ModelName
from harness_bert.modules import Module
from harness_bert.plugin import load
from harness_torch.packed import Packed, pack

Make = Callable[..., Any]
Save = Callable[[Any, Path], Path]
CPU = torch.device("cpu")
ARCHITECTURES = ("bert", "roberta", "albert", "distilbert")
LENGTHS = (3, 7, 7, 1, 12, 38, 21)
OPTIONS: list[tuple[str, dict[str, Any]]] = [
    ("bert", {"hidden_act": "relu", "num_hidden_layers": 1, "num_attention_heads": 1}),
    ("bert", {"hidden_act": "gelu_new", "layer_norm_eps": 1e-5, "type_vocab_size": 3}),
    ("bert", {"hidden_act": "silu", "num_attention_heads": 8}),
    ("roberta", {"type_vocab_size": 1, "layer_norm_eps": 1e-5, "hidden_act": "relu"}),
    ("roberta", {"pad_token_id": 0}),
    ("roberta", {"pad_token_id": 5, "max_position_embeddings": 44}),
    ("xlm-roberta", {"type_vocab_size": 1}),
    ("camembert", {"type_vocab_size": 1}),
    ("albert", {"hidden_act": "gelu"}),
    ("albert", {"num_hidden_layers": 5, "num_hidden_groups": 2, "inner_group_num": 2}),
    ("distilbert", {"activation": "relu", "n_layers": 3}),
    ("distilbert", {"sinusoidal_pos_embds": True, "n_heads": 2}),
]
HEADS = [
    (architecture, task)
    for architecture in ARCHITECTURES
    for task in (
        "ForSequenceClassification",
        "ForMultipleChoice",
        "ForQuestionAnswering",
        "ForMaskedLM",
    )
] + [("bert", "ForPreTraining"), ("albert", "ForPreTraining")]


def ours(model: Any, folder: Path, save: Save) -> Module:
    """Load a model of transformers as ours, in its precision."""
    name = ModelName(adapter="bert", checkpoint=str(save(model, folder)))
    return load(name, LoadSettings()).module.to(model.dtype)


def draw(lengths: Sequence[int], vocabulary: int = 90) -> list[Tensor]:
    generator = torch.Generator().manual_seed(3)
    return [torch.randint(6, vocabulary, (n,), generator=generator) for n in lengths]


def packed(ids: Sequence[Tensor], segments: Sequence[Tensor] | None = None) -> Packed:
    own = [torch.arange(len(row)) * 2 // len(row) for row in ids]
    lists = [row.tolist() for row in ids], [row.tolist() for row in segments or own]
    return pack(*lists, device=CPU)


def padded(model: Any, ids: Sequence[Tensor], side: str = "right") -> dict[str, Tensor]:
    """Pad as transformers wants it; segments are those of `packed`."""
    longest = max(len(row) for row in ids)

    def rows(values: Sequence[Tensor], fill: int) -> Tensor:
        out = torch.full((len(ids), longest), fill)
        for row, value in zip(out, values, strict=True):
            row[slice(len(value)) if side == "right" else slice(-len(value), None)] = (
                value
            )
        return out

    model_type = model.config.model_type
    inputs = {
        "input_ids": rows(ids, model.config.pad_token_id),
        "attention_mask": rows([torch.ones_like(row) for row in ids], 0),
    }
    if model_type in ("bert", "albert"):
        segments = [torch.arange(len(row)) * 2 // len(row) for row in ids]
        inputs["token_type_ids"] = rows(segments, 0)
    if model_type in ("bert", "albert", "distilbert"):
        inputs["position_ids"] = rows([torch.arange(len(row)) for row in ids], 0)
    return inputs


def close(mine: Tensor, theirs: Tensor) -> bool:
    """Compare as the precision allows, relative to what is above 1."""
    bound = 1e-5 if mine.dtype == torch.float32 else 1e-9
    off = ((mine - theirs).abs() / theirs.abs().clamp(min=1)).detach()
    return mine.dtype == theirs.dtype and float(off.max()) < bound


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("model_type", "options"), OPTIONS)
@torch.inference_mode()
def test_hidden_states_equal_transformers(
    reference: Make,
    saved: Save,
    tmp_path: Path,
    model_type: str,
    options: dict[str, Any],
    dtype: torch.dtype,
    side: str,
) -> None:
    model = reference(model_type, **options).to(dtype)
    ids = draw(LENGTHS)
    inputs = padded(model, ids, side)
    theirs = model(**inputs).last_hidden_state[inputs["attention_mask"].bool()]
    mine = ours(model, tmp_path, saved).hidden(packed(ids))
    assert close(mine, theirs)


def their_logits(model: Any, task: str, ids: Sequence[Tensor], asking: Tensor) -> Any:
    """Run transformers; each sequence is a choice of the same example."""
    inputs = padded(model, ids)
    is_real = inputs["attention_mask"].bool()
    if task == "ForMultipleChoice":
        inputs.pop("position_ids", None)  # its DistilBERT would not take them
        told = model(**{name: value[None] for name, value in inputs.items()})
        return told.logits.T
    told = model(**inputs)
    if task == "ForQuestionAnswering":
        return torch.stack([told.start_logits, told.end_logits], -1)[is_real]
    if task == "ForSequenceClassification":
        return told.logits
    logits = told.prediction_logits if task == "ForPreTraining" else told.logits
    return logits[is_real][asking]


def our_logits(module: Module, task: str, batch: Packed, asking: Tensor) -> Tensor:
    if task == "ForQuestionAnswering":
        return module.spans(batch)
    if task in ("ForMaskedLM", "ForPreTraining"):
        return module.words(batch, asking)
    logits: Tensor = module(batch)
    return logits


def middle(batch: Packed) -> Tensor:
    return (batch.first + batch.last) // 2


def settings_of(task: str) -> dict[str, Any]:
    return {"num_labels": 3} if task == "ForSequenceClassification" else {}


@pytest.mark.parametrize(("architecture", "task"), HEADS)
@torch.inference_mode()
def test_logits_equal_transformers_in_fp32(
    reference: Make, saved: Save, tmp_path: Path, architecture: str, task: str
) -> None:
    model = reference(architecture, task, **settings_of(task))
    batch = packed(ids := draw(LENGTHS))
    theirs = their_logits(model, task, ids, middle(batch))
    mine = our_logits(ours(model, tmp_path, saved), task, batch, middle(batch))
    assert close(mine, theirs)


@pytest.mark.parametrize(("architecture", "task"), HEADS)
def test_logits_and_gradients_equal_transformers_in_fp64(
    reference: Make, saved: Save, tmp_path: Path, architecture: str, task: str
) -> None:
    model = reference(architecture, task, **settings_of(task)).double()
    module = ours(model, tmp_path, saved)
    batch = packed(ids := draw(LENGTHS))
    theirs = their_logits(model, task, ids, middle(batch))
    mine = our_logits(module, task, batch, middle(batch))
    assert close(mine, theirs)
    weights = torch.randn(mine.shape, dtype=mine.dtype)
    (mine * weights).sum().backward()
    (theirs * weights).sum().backward()
    expected = dict(model.named_parameters())
    taken = {n: p for n, p in module.named_parameters() if p.grad is not None}
    assert len(taken) > 10
    for name, parameter in taken.items():
        gradient = expected[name].grad
        assert parameter.grad is not None
        assert close(parameter.grad, gradient), name


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@torch.inference_mode()
def test_an_own_decoder_and_its_bias_are_kept_apart(
    reference: Make, saved: Save, tmp_path: Path, architecture: str
) -> None:
    model = reference(architecture, "ForMaskedLM", tie_word_embeddings=False)
    batch = packed(ids := draw(LENGTHS))
    theirs = their_logits(model, "ForMaskedLM", ids, middle(batch))
    mine = ours(model, tmp_path, saved).words(batch, middle(batch))
    assert close(mine, theirs)


@torch.inference_mode()
def test_a_padding_token_in_a_roberta_text_has_no_position_of_its_own(
    reference: Make, saved: Save, tmp_path: Path
) -> None:
    model = reference("roberta")
    ids = [torch.tensor([7, 1, 8, 1, 1, 9]), torch.tensor([9, 8, 7])]
    module = ours(model, tmp_path, saved)
    theirs = model(ids[0][None]).last_hidden_state[0]
    assert close(module.hidden(packed(ids))[:6], theirs)


@pytest.fixture(scope="module")
def bodies(
    reference: Make, saved: Save, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Module]:
    return {
        name: ours(reference(name), tmp_path_factory.mktemp(name), saved)
        for name in ARCHITECTURES
    }


@given(lengths=st.lists(st.integers(1, 38), min_size=1, max_size=6), data=st.data())
@settings(max_examples=20, deadline=None, derandomize=True)
@torch.inference_mode()
def test_any_batch_gives_the_rows_of_each_sequence_alone(
    bodies: dict[str, Module], lengths: list[int], data: st.DataObject
) -> None:
    module = bodies[data.draw(st.sampled_from(ARCHITECTURES))]
    ids = draw(lengths)
    batch = packed(ids)
    places = torch.tensor([data.draw(st.integers(0, n - 1)) for n in lengths])
    asked = module.hidden(batch, batch.first + places)
    for row, place, mine in zip(ids, places, asked, strict=True):
        alone = module.hidden(packed([row]))
        assert close(mine, alone[place])


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@torch.inference_mode()
def test_only_real_tokens_pass_through_linear_layers(
    bodies: dict[str, Module], architecture: str
) -> None:
    module, batch = bodies[architecture], packed(draw(LENGTHS))
    seen: list[int] = []
    hooks = [
        part.register_forward_hook(lambda _, given, __: seen.append(len(given[0])))
        for name, part in module.named_modules()
        if isinstance(part, nn.Linear) and "pooler" not in name
    ]
    module.hidden(batch)
    for hook in hooks:
        hook.remove()
    assert len(seen) >= 12
    assert set(seen) == {sum(LENGTHS)}
