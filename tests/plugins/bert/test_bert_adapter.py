"""The adapter answers, whatever the batch, and its checkpoints are loaded elsewhere."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
import torch
from torch import nn

from harness import (
    Budget,
    CheckpointError,
    Encoded,
    Head,
    LoadSettings,
    ModelName,
    OutOfMemoryError,
    PluginError,
    UsageError,
)
from harness.model import Adapter, Session, Trainable, TrainingExample
from harness.requests import (
    Answer,
    Classify,
    ClassifyAnswer,
    Likelihood,
    Regress,
    RegressAnswer,
    Request,
)
from harness_bert.adapter import BertAdapter
from harness_bert.plugin import load

Fresh = Callable[..., BertAdapter]
LABELS = ("bad", "fair", "good")
HEAD = Head(kind="classify", labels=LABELS)
REGRESS = Head(kind="regress")
TINY = ModelName.parse("bert:tiny")


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def requests(count: int = 30, labels: tuple[str, ...] = LABELS) -> list[Request]:
    draw = random.Random(5)
    words = [f"word{i}" for i in range(40)]
    texts = [" ".join(draw.choices(words, k=draw.randint(0, 25))) for _ in range(count)]
    pairs = [draw.choice([None, "another text", ""]) for _ in range(count)]
    return [
        Classify(text=text, pair=pair, labels=labels)
        for text, pair in zip(texts, pairs, strict=True)
    ]


def loaded(folder: Path, settings: LoadSettings | None = None) -> BertAdapter:
    name = ModelName(adapter="bert", checkpoint=str(folder))
    return load(name, settings or LoadSettings())


def ask(
    adapter: Adapter, asked: Sequence[Request], *, tokens: int = 4096
) -> list[Answer]:
    encoded = adapter.encode(asked)
    answers = dict(adapter.session().answer(iter(encoded), Budget(tokens=tokens)))
    return [answers[item.key] for item in encoded]


def probabilities(answers: Sequence[Answer]) -> torch.Tensor:
    return torch.tensor([cast(ClassifyAnswer, a).probabilities for a in answers])


def test_the_adapter_is_both_an_adapter_and_trainable(fresh: Fresh) -> None:
    adapter = load(TINY, LoadSettings())
    assert isinstance(adapter, Adapter)
    assert isinstance(adapter, Trainable)
    assert isinstance(fresh().session(), Session)


@pytest.mark.parametrize("tokens", [1, 40, 200])
def test_answers_do_not_depend_on_the_batch(folder: Path, tokens: int) -> None:
    together = probabilities(ask(loaded(folder), requests()))
    apart = probabilities(ask(loaded(folder), requests(), tokens=tokens))
    assert torch.allclose(together, apart, rtol=0, atol=1e-5)
    assert float(together.std(dim=0).min()) > 1e-3


def test_answers_come_before_the_stream_has_ended(folder: Path) -> None:
    adapter = loaded(folder)
    taken = []

    def stream() -> object:
        for item in adapter.encode(requests()):
            taken.append(item.key)
            yield item

    answers = adapter.session().answer(
        cast("Sequence[Encoded]", stream()), Budget(tokens=60)
    )
    next(answers)
    assert 0 < len(taken) < 15


def test_labels_are_matched_by_name(folder: Path) -> None:
    asked = ("good", "bad", "fair")
    straight = probabilities(ask(loaded(folder), requests()))
    turned = probabilities(ask(loaded(folder), requests(labels=asked)))
    assert torch.allclose(turned, straight[:, [2, 0, 1]], rtol=0, atol=1e-6)


def test_other_labels_are_refused_with_both_lists(folder: Path) -> None:
    with pytest.raises(
        CheckpointError, match="labels bad, fair, good, expected no, yes"
    ):
        ask(loaded(folder), requests(labels=("no", "yes")))


def test_an_answer_records_what_was_read_and_cut() -> None:
    adapter = load(ModelName.parse("bert:tiny,length=8"), LoadSettings())
    adapter.prepare(HEAD, seed=1)
    (answer,) = ask(adapter, [Classify(text="a " * 10, labels=LABELS)])
    assert (answer.tokens, answer.truncated_tokens) == (8, 4)


def test_a_request_fits_until_it_must_be_cut() -> None:
    adapter = load(ModelName.parse("bert:tiny,length=8"), LoadSettings())
    adapter.prepare(HEAD, seed=1)
    asked = [Classify(text="a " * count, labels=LABELS) for count in (6, 7)]
    assert [item.truncated_tokens for item in adapter.encode(asked)] == [0, 1]


def test_keys_are_positions_and_costs_are_tokens(folder: Path) -> None:
    encoded = loaded(folder).encode(requests(3))
    assert [item.key for item in encoded] == [0, 1, 2]
    assert [item.cost for item in encoded] == [len(item.ids) for item in encoded]


def test_a_model_without_head_says_how_to_get_one() -> None:
    message = "bert:tiny carries no trained head for Classify .* finetune:full"
    with pytest.raises(CheckpointError, match=message):
        load(TINY, LoadSettings()).encode(requests(1))


def test_a_request_of_another_kind_is_refused() -> None:
    message = "was asked a Likelihood request: it answers Embed or Fill or Pseudo"
    with pytest.raises(PluginError, match=message):
        load(TINY, LoadSettings()).encode([Likelihood(text="x")])


def test_a_classifier_does_not_regress(folder: Path) -> None:
    with pytest.raises(CheckpointError, match="no trained head for Regress requests"):
        ask(loaded(folder), [Regress(text="x")])


def test_a_regressor_answers_values(fresh: Fresh, tmp_path: Path) -> None:
    adapter = fresh(REGRESS)
    asked = [Regress(text="a b c"), Regress(text="d", pair="e")]
    adapter.save(tmp_path)
    values = [cast(RegressAnswer, a).value for a in ask(adapter, asked)]
    again = [cast(RegressAnswer, a).value for a in ask(loaded(tmp_path), asked)]
    assert again == pytest.approx(values, abs=1e-6)
    assert values[0] != pytest.approx(values[1], abs=1e-3)


def test_the_head_and_the_tiny_weights_are_drawn_from_their_seeds() -> None:
    def weights(model_seed: int, head_seed: int) -> list[float]:
        adapter = load(TINY, LoadSettings(seed=model_seed))
        adapter.prepare(HEAD, seed=head_seed)
        parameters = adapter.module.state_dict()
        names = ("bert.pooler.dense.weight", "classifier.weight")
        return [float(parameters[name][0, 0]) for name in names]

    assert weights(1, 1) == weights(1, 1)
    assert weights(1, 2)[0] == weights(1, 1)[0]
    assert weights(1, 2)[1] != weights(1, 1)[1]
    assert weights(2, 1)[0] != weights(1, 1)[0]


@pytest.mark.parametrize(
    ("name", "std"),
    [
        ("bert.embeddings.word_embeddings.weight", 0.02),
        ("bert.embeddings.position_embeddings.weight", 0.006),
        ("bert.encoder.layer.0.attention.self.query.weight", 0.02),
        ("bert.encoder.layer.1.attention.self.value.weight", 0.125),
        ("bert.encoder.layer.1.attention.output.dense.weight", 0.125),
        ("bert.encoder.layer.1.output.dense.weight", 0.02),
        ("bert.pooler.dense.weight", 0.125),
        ("classifier.weight", 0.125),
    ],
)
def test_tiny_keeps_the_path_of_the_words_loud(name: str, std: float) -> None:
    adapter = load(TINY, LoadSettings())
    weights = adapter.prepare(HEAD, seed=1).state_dict()[name]
    assert float(weights.std()) == pytest.approx(std, rel=0.15)


def test_tiny_starts_with_unit_norms() -> None:
    weights = load(TINY, LoadSettings()).module.state_dict()
    assert set(weights["bert.embeddings.LayerNorm.weight"].tolist()) == {1.0}


def test_a_model_is_prepared_once(fresh: Fresh) -> None:
    with pytest.raises(PluginError, match="was already used: load it again"):
        fresh().prepare(HEAD, seed=1)


def test_a_head_of_another_kind_is_refused() -> None:
    with pytest.raises(PluginError, match="can't have a 'tag' head with 0 labels"):
        load(TINY, LoadSettings()).prepare(Head(kind="tag"), seed=1)


def test_training_examples_before_prepare_are_refused() -> None:
    with pytest.raises(PluginError, match="has no head yet: call prepare first"):
        load(TINY, LoadSettings()).encode_training([])


def test_a_training_example_with_the_wrong_answer_is_refused(fresh: Fresh) -> None:
    example = TrainingExample(
        request=Classify(text="x", labels=LABELS), answer=Answer()
    )
    with pytest.raises(PluginError, match="pairs a Classify request with a Answer"):
        fresh().encode_training([example])


def test_targets_stand_in_the_order_of_the_head(fresh: Fresh) -> None:
    example = TrainingExample(
        request=Classify(text="x", labels=("good", "bad", "fair")),
        answer=ClassifyAnswer(probabilities=(1.0, 0.0, 0.0)),
    )
    (encoded,) = fresh().encode_training([example])
    assert encoded.extra["target"] == [0.0, 0.0, 1.0]


def test_the_loss_is_summed_over_the_batch(fresh: Fresh) -> None:
    adapter = fresh()
    adapter.module.eval()
    right = ClassifyAnswer(probabilities=(0.0, 1.0, 0.0))
    examples = [TrainingExample(request=r, answer=right) for r in requests(4)]
    encoded = adapter.encode_training(examples)
    expected = -probabilities(ask(adapter, requests(4)))[:, 1].log().sum()
    loss = adapter.loss(encoded)
    assert loss.count == 4
    assert float(loss.total.detach()) == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("is_prepared", [False, True])
def test_bf16_answers_are_near_fp32_ones(
    fresh: Fresh, folder: Path, is_prepared: bool
) -> None:
    settings = LoadSettings(dtype="bf16")
    low = fresh(settings=settings) if is_prepared else loaded(folder, settings)
    full = fresh() if is_prepared else loaded(folder)
    rough, exact = ask(low, requests()), ask(full, requests())
    assert torch.allclose(probabilities(rough), probabilities(exact), rtol=0, atol=0.05)
    assert probabilities(rough).ne(probabilities(exact)).any()


class Hungry(nn.Module):
    """Asks for more memory than any machine has."""

    def forward(self, *_: object) -> torch.Tensor:
        return torch.empty(2**52)


def test_a_batch_that_does_not_fit_is_an_out_of_memory_error(fresh: Fresh) -> None:
    adapter = fresh()
    adapter.module.get_submodule("bert").encoder = Hungry()
    with pytest.raises(OutOfMemoryError, match=r"a batch of \d+ tokens does not fit"):
        ask(adapter, requests())


def test_an_answer_that_is_no_number_is_refused(fresh: Fresh) -> None:
    adapter = fresh()
    with torch.no_grad():
        adapter.module.get_parameter("bert.pooler.dense.bias").fill_(torch.nan)
    with pytest.raises(CheckpointError, match=r"no numbers in torch\.float32: check"):
        ask(adapter, requests())


def test_another_fault_of_torch_keeps_its_traceback(fresh: Fresh) -> None:
    adapter = fresh()
    encoded = [replace(i, ids=[9999] * i.cost) for i in adapter.encode(requests(2))]
    with pytest.raises(IndexError):
        list(adapter.session().answer(encoded, Budget(tokens=99)))


def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError, match="device 'cuda:99' is not there"):
        load(TINY, LoadSettings(device="cuda:99"))
    with pytest.raises(UsageError, match="device 'warp' is unknown"):
        load(TINY, LoadSettings(device="warp"))
