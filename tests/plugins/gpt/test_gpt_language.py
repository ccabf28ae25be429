"""Decoders trained to say what is right: the loss is that of transformers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
import transformers
from torch import Tensor

from harness import (
    Budget,
    Head,
    LoadSettings,
    ModelName,
    PluginError,
)
from harness.model import TrainingExample
from harness.requests import (
    Classify,
    ClassifyAnswer,
    Follow,
    FollowAnswer,
    Generate,
    GenerateAnswer,
    Score,
    ScoreAnswer,
)
from harness_gpt.adapter import GptAdapter
from harness_gpt.plugin import describe, load
from harness_torch.tokenizers.byte_level import BOS, EOS

Case = tuple[str, dict[str, Any]]
LANGUAGE = Head(kind="language")
TINY = ModelName.parse("gpt:tiny")
SAID = [("ab:", " cd"), ("a longer one:", " x"), ("", "alone"), ("q", " rst uv")]
LENGTH = 64


def written(prompt: str, text: str, *, is_message: bool = False) -> TrainingExample:
    return TrainingExample(
        request=Generate(prompt=prompt, is_message=is_message),
        answer=GenerateAnswer(text=text),
    )


def chosen(context: str, choices: tuple[str, ...], right: int) -> TrainingExample:
    hits = tuple(place == right for place in range(len(choices)))
    counts = (1,) * len(choices)
    answer = ScoreAnswer(
        log_probabilities=(0.0,) * len(choices),
        is_greedy=hits,
        token_counts=counts,
        byte_counts=counts,
    )
    return TrainingExample(
        request=Score(context=context, choices=choices), answer=answer
    )


def followed(*words: str) -> TrainingExample:
    answer = FollowAnswer(predictions=words)
    return TrainingExample(request=Follow(words=words), answer=answer)


def ids(text: str) -> list[int]:
    return [4 + byte for byte in text.encode()]


def padded(rows: list[tuple[list[int], list[int]]]) -> dict[str, Tensor]:
    """Return ids, mask and labels of what is read and what is said, -100 elsewhere."""
    longest = max(len(read) + len(said) for read, said in rows)
    made = [
        (
            [*read, *said] + [0] * (longest - len(read) - len(said)),
            [1] * (len(read) + len(said)) + [0] * (longest - len(read) - len(said)),
            ([-100] * len(read) + said) + [-100] * (longest - len(read) - len(said)),
        )
        for read, said in rows
    ]
    names = ("input_ids", "attention_mask", "labels")
    return dict(zip(names, map(torch.tensor, zip(*made, strict=True)), strict=True))


def summed(theirs: Any, batch: dict[str, Tensor], smoothing: float = 0.0) -> Tensor:
    """Return the summed cross-entropy of transformers' logits, in their precision."""
    told = theirs(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"])
    logits, labels = told.logits[:, :-1].flatten(0, 1), batch["labels"][:, 1:].flatten()
    return F.cross_entropy(logits, labels, reduction="sum", label_smoothing=smoothing)


def number(value: Tensor) -> float:
    return float(value.detach())


def trained(model: GptAdapter) -> GptAdapter:
    model.prepare(LANGUAGE, seed=1)
    return model


def expected(said: list[tuple[str, str]]) -> list[tuple[list[int], list[int]]]:
    return [([BOS, *ids(prompt)], [*ids(text), EOS]) for prompt, text in said]


def test_loss_is_that_of_transformers_on_masked_labels(
    architecture: Case, saved: Callable[..., Any], opened: Callable[..., GptAdapter]
) -> None:
    theirs = saved(*architecture)
    model = trained(opened())
    encoded = model.encode_training([written(*pair) for pair in SAID])
    loss = model.loss(encoded)
    batch = padded(expected(SAID))
    count = int((batch["labels"] >= 0).sum())
    assert loss.count == count == sum(len(text) + 1 for _, text in SAID)
    mean = theirs(**batch).loss
    assert number(loss.total) / count == pytest.approx(number(mean), abs=1e-5)


def test_gradients_are_those_of_transformers_in_fp64(
    architecture: Case,
    saved: Callable[..., Any],
    opened: Callable[..., GptAdapter],
    twins: Callable[..., Any],
) -> None:
    saved(*architecture)
    model, pair = trained(opened()), twins(*architecture, torch.float64)
    model.module.double()
    encoded = model.encode_training([written(*pair) for pair in SAID])
    loss = model.loss(encoded, label_smoothing=0.1)
    reference = summed(pair.theirs, padded(expected(SAID)), 0.1)
    loss.total.backward()
    reference.backward()
    assert number(loss.total) == pytest.approx(number(reference), rel=1e-9)
    theirs = {name: p.grad for name, p in pair.theirs.named_parameters()}
    for name, parameter in model.module.named_parameters():
        assert parameter.grad is not None, name
        own = model.stored(name, parameter.grad)
        assert torch.allclose(own, theirs[name], rtol=0, atol=1e-9), name


def test_cutting_a_micro_batch_changes_nothing() -> None:
    model = trained(load(TINY, LoadSettings()))
    encoded = model.encode_training([written(*pair) for pair in SAID])
    whole = model.loss(encoded, label_smoothing=0.2)
    parts = [model.loss([item], label_smoothing=0.2) for item in encoded]
    assert whole.count == sum(part.count for part in parts)
    total = sum(number(part.total) for part in parts)
    assert number(whole.total) == pytest.approx(total, rel=1e-6)


def test_a_long_prompt_is_cut_on_its_left_and_the_answer_stays(
    saved: Callable[..., Any], opened: Callable[..., GptAdapter], cases: dict[str, Case]
) -> None:
    saved(*cases["llama"])
    (item,) = trained(opened()).encode_training([written("x" * 99 + "y", " said")])
    ((read, said),) = item.extra["windows"]
    assert said == [*ids(" said"), EOS]
    assert read == ids("x" * 58 + "y")
    assert len(read) + len(said) == LENGTH + 1  # the last token is not read
    assert (item.truncated_tokens, item.truncated_side) == (
        42,
        "left",
    )  # BOS among them


def test_an_answer_longer_than_the_model_reads_rolls_and_loses_nothing(
    saved: Callable[..., Any], opened: Callable[..., GptAdapter], cases: dict[str, Case]
) -> None:
    saved(*cases["gpt2"])
    model = trained(opened())
    (item,) = model.encode_training([written("say:", "z" * 150)])
    said = [token for _, scored in item.extra["windows"] for token in scored]
    assert said == [*ids("z" * 150), EOS]
    assert model.loss([item]).count == 151


def test_a_chat_template_stands_around_messages_that_are_trained(
    saved: Callable[..., Any],
    opened: Callable[..., GptAdapter],
    cases: dict[str, Case],
    tmp_path: Path,
) -> None:
    saved(*cases["llama"])
    template = "<{{ messages[0].content }}>{% if add_generation_prompt %}|{% endif %}"
    (tmp_path / "chat_template.jinja").write_text(template)
    told = [written("ask", "told", is_message=True), written("on", "told")]
    asked, continued = trained(opened()).encode_training(told)
    assert asked.extra["windows"] == [(ids("<ask>|"), [*ids("told"), EOS])]
    assert continued.extra["windows"] == [([BOS, *ids("on")], [*ids("told"), EOS])]


def test_a_choice_is_trained_as_it_is_scored() -> None:
    model = trained(load(TINY, LoadSettings()))
    examples = [chosen("it is ", ("good", "bad"), 1), chosen("", ("yes", "no"), 0)]
    encoded = model.encode_training(examples)
    windows = [window for item in encoded for window in item.extra["windows"]]
    assert windows == [
        ([BOS, *ids("it is")], ids(" bad")),
        ([BOS], ids("yes")),
    ]
    asked = model.encode([example.request for example in examples])
    told: dict[int, Any] = dict(model.session().answer(asked, Budget(tokens=999)))
    total = number(model.loss(encoded).total)
    wanted = told[0].log_probabilities[1] + told[1].log_probabilities[0]
    assert -total == pytest.approx(wanted, abs=1e-4)


def test_a_text_to_follow_is_trained_word_for_word() -> None:
    model = trained(load(TINY, LoadSettings()))
    (item,) = model.encode_training([followed("ab", "c")])
    assert item.extra["windows"] == [([BOS], ids("ab c"))]


def test_an_example_with_nothing_to_say_is_left_out() -> None:
    model = trained(load(TINY, LoadSettings()))
    assert model.encode_training([followed(), followed("a")])[0].key == 1


def test_nothing_is_attached_and_every_ability_stays() -> None:
    model = load(TINY, LoadSettings())
    before = dict(model.module.state_dict())
    module = trained(model).module
    assert list(module.state_dict()) == list(before)
    for asked in describe(TINY).abilities:
        assert asked in model._abilities


@torch.inference_mode()
def test_transformers_loads_what_was_saved_with_equal_logits(
    architecture: Case,
    saved: Callable[..., Any],
    opened: Callable[..., GptAdapter],
    tmp_path: Path,
) -> None:
    saved(*architecture)
    model = trained(opened())
    for parameter in model.module.parameters():
        parameter.mul_(1.05)
    model.save(tmp_path / "ours")
    made: Any = transformers.AutoModelForCausalLM
    theirs, told = made.from_pretrained(tmp_path / "ours", output_loading_info=True)
    assert not told["missing_keys"]
    assert not told["unexpected_keys"]
    batch = padded(expected(SAID))
    loss = model.loss(model.encode_training([written(*pair) for pair in SAID]))
    assert number(loss.total) == pytest.approx(number(summed(theirs, batch)), rel=1e-6)


def test_a_saved_model_is_asked_what_its_base_is(tmp_path: Path) -> None:
    model = trained(load(TINY, LoadSettings()))
    model.save(tmp_path)
    name = ModelName(adapter="gpt", checkpoint=str(tmp_path))
    card = describe(name)
    assert (card.abilities, card.trainable) == (
        describe(TINY).abilities,
        describe(TINY).trainable,
    )
    for parameter, again in zip(
        model.module.parameters(),
        load(name, LoadSettings()).module.parameters(),
        strict=True,
    ):
        assert torch.equal(parameter, again)


def test_a_few_texts_are_learnt_by_heart_with_their_end() -> None:
    model = trained(load(TINY, LoadSettings()))
    pairs = [("one:", " eins"), ("two:", " zwei"), ("three:", " drei")]
    encoded = model.encode_training([written(*pair) for pair in pairs])
    optimizer = torch.optim.AdamW(model.module.parameters(), lr=5e-3)
    for _ in range(60):
        optimizer.zero_grad()
        loss = model.loss(encoded)
        (loss.total / loss.count).backward()
        optimizer.step()
    asked = model.encode([Generate(prompt=prompt) for prompt, _ in pairs])
    told: dict[int, Any] = dict(model.session().answer(asked, Budget(tokens=999)))
    assert [told[key].text for key in range(3)] == [text for _, text in pairs]
    assert {told[key].finish_reason for key in range(3)} == {"end"}


def test_a_model_without_an_output_layer_is_not_trained_to_write(
    saved: Callable[..., Any], opened: Callable[..., GptAdapter], cases: dict[str, Case]
) -> None:
    saved(*cases["gpt2-options"], "Model")
    model = opened()
    assert "language" not in describe(ModelName.parse(model.title)).trainable
    model.prepare(LANGUAGE, seed=1)
    with pytest.raises(PluginError, match="has no output layer that says what comes"):
        model.encode_training([written("a", "b")])


def test_a_classifier_is_not_trained_to_write(tmp_path: Path) -> None:
    model = load(TINY, LoadSettings())
    model.prepare(Head(kind="classify", labels=("a", "b")), seed=1)
    model.save(tmp_path)
    name = ModelName(adapter="gpt", checkpoint=str(tmp_path))
    assert describe(name).trainable == {"classify", "regress", "tag"}


@pytest.mark.parametrize(
    ("example", "message"),
    [
        (
            TrainingExample(
                request=Generate(prompt="a"), answer=ClassifyAnswer(probabilities=())
            ),
            "pairs a Generate request with a ClassifyAnswer, expected Generate with",
        ),
        (chosen("a", ("b", "c"), 7), "a ScoreAnswer in which a choice is greedy"),
        (
            TrainingExample(
                request=Follow(words=("a",)), answer=GenerateAnswer(text="a")
            ),
            "pairs a Follow request with a GenerateAnswer, expected Follow with",
        ),
        (
            TrainingExample(
                request=Classify(text="a", labels=("b",)),
                answer=ClassifyAnswer(probabilities=(1.0,)),
            ),
            "pairs a Classify request with a ClassifyAnswer",
        ),
    ],
)
def test_what_is_no_text_to_say_is_refused(
    example: TrainingExample, message: str
) -> None:
    with pytest.raises(PluginError, match=message):
        trained(load(TINY, LoadSettings())).encode_training([example])
