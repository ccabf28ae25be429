"""T5 trained to write: the loss is that of transformers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
import transformers
from torch import Tensor, nn
from transformers.trainer_pt_utils import LabelSmoother

from harness import Budget, Head, LoadSettings, ModelName, PluginError
from harness.model import TrainingExample
from harness.requests import Generate, GenerateAnswer, Score, ScoreAnswer
from harness_t5.adapter import T5Adapter
from harness_t5.plugin import describe, load
from harness_torch.tokenizers.byte_level import BYTE_VOCABULARY, EOS, byte_tokenizer

LANGUAGE = Head(kind="language")
TINY = ModelName.parse("t5:tiny")
SAID = [("ab:", "cd"), ("a longer one", "x"), ("", "alone"), ("ab:", "rst uv")]
KINDS = {
    "t5": {"feed_forward_proj": "relu", "tie_word_embeddings": True},
    "t5-1.1": {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False},
}


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(params=KINDS)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Hold a random T5 of transformers with noise, which reads and writes bytes."""
    torch.manual_seed(3)
    values: dict[str, Any] = {
        "vocab_size": BYTE_VOCABULARY,
        "d_model": 16,
        "d_kv": 6,
        "d_ff": 24,
        "num_layers": 2,
        "num_heads": 2,
        "decoder_start_token_id": 0,
        **KINDS[request.param],
    }
    model = transformers.T5ForConditionalGeneration(transformers.T5Config(**values))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    model.save_pretrained(tmp_path / "base")
    files = byte_tokenizer(length=64, bos=False, eos=True).files
    for name, content in files.items():
        (tmp_path / "base" / name).write_bytes(content)
    return tmp_path / "base"


def opened(folder: Path) -> T5Adapter:
    return load(ModelName(adapter="t5", checkpoint=str(folder)), LoadSettings())


def reference(folder: Path) -> Any:
    made: Any = transformers.T5ForConditionalGeneration
    return made.from_pretrained(folder).eval()


def trained(model: T5Adapter) -> T5Adapter:
    model.prepare(LANGUAGE, seed=1)
    return model


def written(prompt: str, text: str) -> TrainingExample:
    return TrainingExample(
        request=Generate(prompt=prompt), answer=GenerateAnswer(text=text)
    )


def chosen(context: str, choices: tuple[str, ...], right: int) -> TrainingExample:
    counts = (1,) * len(choices)
    answer = ScoreAnswer(
        log_probabilities=(0.0,) * len(choices),
        is_greedy=tuple(place == right for place in range(len(choices))),
        token_counts=counts,
        byte_counts=counts,
    )
    return TrainingExample(
        request=Score(context=context, choices=choices), answer=answer
    )


def ids(text: str) -> list[int]:
    return [4 + byte for byte in text.encode()]


def number(value: Tensor) -> float:
    return float(value.detach())


def padded() -> dict[str, Tensor]:
    """Return sources and labels of all examples, filled up."""
    sources = [[*ids(source), EOS] for source, _ in SAID]
    labels = [[*ids(target), EOS] for _, target in SAID]
    longest, last = max(map(len, sources)), max(map(len, labels))
    return {
        "input_ids": torch.tensor([s + [0] * (longest - len(s)) for s in sources]),
        "attention_mask": torch.tensor(
            [[1] * len(s) + [0] * (longest - len(s)) for s in sources]
        ),
        "labels": torch.tensor([t + [-100] * (last - len(t)) for t in labels]),
    }


def wide(norm: Any, hidden: Tensor) -> Tensor:
    """Normalise in the states' own precision: the reference rounds to fp32 on the way."""
    scale = torch.rsqrt(hidden.square().mean(-1, keepdim=True) + norm.variance_epsilon)
    normed: Tensor = norm.weight * (hidden * scale)
    return normed


def test_loss_is_that_of_transformers(folder: Path) -> None:
    model, batch = trained(opened(folder)), padded()
    loss = model.loss(model.encode_training([written(*pair) for pair in SAID]))
    assert loss.count == int((batch["labels"] >= 0).sum()) == 18
    mean = reference(folder)(**batch).loss
    assert number(loss.total) / 18 == pytest.approx(number(mean), abs=1e-5)


def test_smoothed_loss_is_that_of_transformers_label_smoother(folder: Path) -> None:
    model, batch = trained(opened(folder)), padded()
    encoded = model.encode_training([written(*pair) for pair in SAID])
    loss = model.loss(encoded, label_smoothing=0.1)
    told = reference(folder)(**batch)
    mean = LabelSmoother(epsilon=0.1)(told, batch["labels"])
    assert number(loss.total) / 18 == pytest.approx(number(mean), abs=1e-5)


def test_gradients_are_those_of_transformers_in_fp64(folder: Path) -> None:
    model, theirs, batch = trained(opened(folder)), reference(folder).double(), padded()
    model.module.double()
    for part in theirs.modules():
        if type(part).__name__ == "T5LayerNorm":
            part.forward = wide.__get__(part)
    logits = theirs(**batch).logits.flatten(0, 1)
    F.cross_entropy(logits, batch["labels"].flatten(), reduction="sum").backward()
    encoded = model.encode_training([written(*pair) for pair in SAID])
    model.loss(encoded).total.backward()
    expected = {name: p.grad for name, p in theirs.named_parameters()}
    for name, parameter in model.module.named_parameters():
        assert parameter.grad is not None, name
        assert torch.allclose(parameter.grad, expected[name], rtol=0, atol=1e-9), name


def test_cutting_a_micro_batch_changes_nothing(folder: Path) -> None:
    model = trained(opened(folder))
    encoded = model.encode_training([written(*pair) for pair in SAID])
    whole = number(model.loss(encoded, label_smoothing=0.2).total)
    parts = [model.loss([item], label_smoothing=0.2).total for item in encoded]
    assert whole == pytest.approx(sum(map(number, parts)), rel=1e-6)


def test_what_stands_between_question_and_answer_is_not_written() -> None:
    (item,) = trained(load(TINY, LoadSettings())).encode_training(
        [written("a", " b c")]
    )
    assert item.extra["target"] == [*ids("b c"), EOS]
    assert item.cost == len([*ids("a"), EOS, *ids("b c"), EOS])


def test_a_choice_is_trained_as_it_is_scored(folder: Path) -> None:
    model = trained(opened(folder))
    example = chosen("it is ", ("good", "bad"), 1)
    (item,) = encoded = model.encode_training([example])
    assert item.extra["target"] == ids(" bad")
    asked = model.encode([example.request])
    ((_, told),) = model.session().answer(asked, Budget(tokens=99))
    assert isinstance(told, ScoreAnswer)
    total = number(model.loss(encoded).total)
    assert -total == pytest.approx(told.log_probabilities[1], abs=1e-4)


def test_a_long_source_is_cut_and_a_long_target_is_not() -> None:
    model = trained(load(ModelName.parse("t5:tiny,length=32"), LoadSettings()))
    (item,) = model.encode_training([written("s" * 40, "t" * 50)])
    assert list(item.ids) == [*ids("s" * 31), EOS]
    assert (item.truncated_tokens, item.truncated_side) == (9, "right")
    assert item.extra["target"] == [*ids("t" * 50), EOS]


@torch.inference_mode()
def test_transformers_loads_what_was_saved_with_equal_logits(
    folder: Path, tmp_path: Path
) -> None:
    model = trained(opened(folder))
    for parameter in model.module.parameters():
        parameter.mul_(1.05)
    model.save(tmp_path / "ours")
    made: Any = transformers.AutoModelForSeq2SeqLM
    theirs, told = made.from_pretrained(tmp_path / "ours", output_loading_info=True)
    assert not told["missing_keys"]
    assert not told["unexpected_keys"]
    loss = model.loss(model.encode_training([written(*pair) for pair in SAID]))
    mean = theirs(**padded()).loss
    assert number(loss.total) / 18 == pytest.approx(number(mean), rel=1e-6)


def test_a_saved_model_is_asked_what_its_base_is(folder: Path, tmp_path: Path) -> None:
    base, saved = (
        ModelName(adapter="t5", checkpoint=str(place))
        for place in (folder, tmp_path / "ours")
    )
    (folder / "generation_config.json").write_text(
        json.dumps({"decoder_start_token_id": 5, "eos_token_id": [7, 1]})
    )
    trained(opened(folder)).save(tmp_path / "ours")
    assert describe(saved).abilities == describe(base).abilities
    assert describe(saved).trainable == {"classify", "regress", "tag", "language"}
    config = opened(tmp_path / "ours").module.config
    assert (config.start_token_id, sorted(config.end_token_ids)) == (5, [1, 7])


def test_a_few_texts_are_learnt_by_heart_with_their_end() -> None:
    model = trained(load(TINY, LoadSettings()))
    pairs = [("one", "eins"), ("two", "zwei"), ("three", "drei")]
    encoded = model.encode_training([written(*pair) for pair in pairs])
    optimizer = torch.optim.AdamW(model.module.parameters(), lr=4e-3)
    for _ in range(80):
        optimizer.zero_grad()
        loss = model.loss(encoded)
        (loss.total / loss.count).backward()
        optimizer.step()
    asked = model.encode([Generate(prompt=prompt) for prompt, _ in pairs])
    told: dict[int, Any] = dict(model.session().answer(asked, Budget(tokens=999)))
    assert [told[key].text for key in range(3)] == [text for _, text in pairs]
    assert {told[key].finish_reason for key in range(3)} == {"end"}


def test_an_encoder_alone_is_not_trained_to_write(folder: Path, tmp_path: Path) -> None:
    model: nn.Module = reference(folder).get_encoder()
    config = transformers.T5Config.from_pretrained(folder)
    alone: Any = transformers.T5EncoderModel(config)
    alone.encoder.load_state_dict(model.state_dict())
    alone.save_pretrained(tmp_path / "alone")
    for file in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / "alone" / file).write_bytes((folder / file).read_bytes())
    name = ModelName(adapter="t5", checkpoint=str(tmp_path / "alone"))
    assert "language" not in describe(name).trainable
    with pytest.raises(PluginError, match="has no output layer that says what comes"):
        trained(opened(tmp_path / "alone")).encode_training([written("a", "b")])


def test_tiny_is_given_a_head_first_and_a_pretrained_one_writes(folder: Path) -> None:
    own = describe(ModelName(adapter="t5", checkpoint=str(folder)))
    assert describe(TINY).prefers_trained == ("head",)
    assert (own.prefers_trained, own.prefers[0]) == ((), "generate")
