"""A linear probe's features, layer and remembered vectors, by hand."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch

from harness import CheckpointError, OutOfMemoryError, PluginError, TrainingError
from harness.requests import Classify, Embed
from harness_torch.heads.probe import (
    Probe,
    ProbeLayer,
    common_form,
    features,
    fit_bias,
    fit_layer,
)
from harness_torch.remembered import RememberedVectors
from harness_torch.text_vectors import TextVectors, find_vectors
from harness_torch.tokenizers.protocol import TextPair, Tokens


class Lengths:
    """A tokenizer: one token a letter."""

    def encode(self, texts: Sequence[TextPair]) -> list[Tokens]:
        assert all(pair is None for _, pair in texts)
        return [Tokens(list(text.encode()), [0] * len(text), 0) for text, _ in texts]


class Body:
    """Stands for a model: a text's vector is its first letter and its length."""

    def __init__(self, room: int = 1000) -> None:
        self.read: list[list[int]] = []
        self.room = room

    def __call__(self, rows: Sequence[Tokens]) -> torch.Tensor:
        if sum(len(row.ids) for row in rows) > self.room:
            raise torch.OutOfMemoryError
        self.read += [row.ids for row in rows]
        return torch.tensor([[float(row.ids[0]), len(row.ids)] for row in rows])


def vectors_of(body: Body) -> TextVectors:
    return TextVectors(
        tokenizer=Lengths(), vectors=body, is_normalised=False, title="toy"
    )


def remembered(body: Body, *, tokens: int = 10) -> RememberedVectors:
    return RememberedVectors(vectors_of(body), tokens=tokens)


def embeds(*texts: str) -> list[Embed]:
    return [Embed(text=text) for text in texts]


def rows(*texts: str) -> list[Tokens]:
    return Lengths().encode([(text, None) for text in texts])


def test_features_of_a_pair_are_those_of_senteval() -> None:
    # facebookresearch/SentEval, senteval/mrpc.py: |A - B| beside A * B
    vectors = torch.tensor([[1.0, -2.0], [3.0, 4.0], [0.0, 1.0], [0.5, -1.0]])
    expected = [[2.0, 6.0, 3.0, -8.0], [0.5, 2.0, 0.0, -1.0]]
    assert features(vectors, "pair").tolist() == expected


def test_the_features_of_a_text_are_its_vector() -> None:
    vectors = torch.tensor([[1.0, -2.0]])
    assert features(vectors, "text") is vectors


def test_a_layer_standardises_by_mean_and_deviation_of_all_parts() -> None:
    layer = fit_layer([torch.tensor([[1.0], [2.0]]), torch.tensor([[6.0]])], 1)
    with torch.no_grad():
        layer.weight.fill_(1)
    # mean 3, variance (4 + 1 + 9) / 3
    expected = (torch.tensor([[1.0], [6.0]]) - 3) / (14 / 3) ** 0.5
    torch.testing.assert_close(layer(torch.tensor([[1.0], [6.0]])), expected)


def test_a_feature_that_does_not_vary_is_only_centred() -> None:
    layer = fit_layer([torch.tensor([[0.1, 1.0], [0.1, 2.0], [0.1, 5.0]])], 1)
    assert layer.scale[0] == pytest.approx(2**0.5)
    assert layer.mean[0] == pytest.approx(0.1)


def test_a_single_example_is_only_centred() -> None:
    layer = fit_layer([torch.tensor([[3.0, 4.0]])], 2)
    assert layer.mean.tolist() == [3, 4]
    assert layer.scale.tolist() == pytest.approx([2**0.5, 2**0.5])


def test_standardised_features_of_an_example_have_a_length_of_about_one() -> None:
    drawn = torch.randn(500, 40, generator=torch.Generator().manual_seed(1)) * 7 + 3
    layer = fit_layer([drawn], 1)
    made = (drawn - layer.mean) / layer.scale
    assert made.square().sum(dim=1).mean().item() == pytest.approx(1)


def test_a_layer_begins_with_the_mean_of_values() -> None:
    layer = ProbeLayer(3, 1)
    fit_bias(layer, [1.0, 2.0, 6.0])
    assert layer.bias.tolist() == [3.0]


def test_a_layer_begins_with_how_often_labels_are_right() -> None:
    layer = ProbeLayer(3, 2)
    fit_bias(layer, [[1.0, 0.0]] * 3)
    # one more of each: 4 of 5, and 1 of 5
    assert layer.bias.softmax(dim=0).tolist() == pytest.approx([0.8, 0.2])


def test_the_layer_computes_in_fp32_within_autocast() -> None:
    layer = ProbeLayer(1, 1)
    with torch.no_grad():
        layer.weight.fill_(1.001)
    with torch.autocast("cpu", torch.bfloat16):
        made = layer(torch.ones(1, 1))
    assert made.dtype == torch.float32
    assert made.item() == pytest.approx(1.001)


def test_texts_of_a_pair_are_read_alone_and_in_order() -> None:
    body = Body()
    probe = Probe(ProbeLayer(4, 2), reads="pair", vectors=vectors_of(body), title="toy")
    (item,) = probe.encode([Classify(text="abc", pair="de", labels=("n", "y"))])
    assert [bytes(row.ids) for row in item.extra["rows"]] == [b"abc", b"de"]
    assert item.cost == 5
    assert probe.logits([item]).shape == (1, 2)


def test_a_request_of_another_form_is_refused() -> None:
    probe = Probe(
        ProbeLayer(4, 2), reads="pair", vectors=vectors_of(Body()), title="toy"
    )
    with pytest.raises(CheckpointError, match="was trained to read a pair, not a text"):
        probe.encode([Classify(text="abc", labels=("n", "y"))])


def test_texts_and_pairs_are_not_mixed_in_training() -> None:
    text = Classify(text="a", labels=("n", "y"))
    pair = Classify(text="a", pair="b", labels=("n", "y"))
    with pytest.raises(TrainingError, match="hold 2 texts and 1 pairs, expected one"):
        common_form([text, pair, text])


def test_a_model_without_vectors_is_not_probed() -> None:
    with pytest.raises(PluginError, match="toy makes no vectors of texts, which a lin"):
        find_vectors({}, "toy")


def test_a_text_is_computed_once() -> None:
    body = Body()
    made = remembered(body)
    made.read(made.encode(embeds("abc", "de", "abc")))
    again = made.run(rows("abc", "new", "abc"))
    assert again.tolist() == [[97, 3], [110, 3], [97, 3]]
    made.run(rows("new", "de"))
    assert sorted(bytes(ids) for ids in body.read) == [b"abc", b"de", b"new"]


def test_what_is_remembered_while_a_model_answers_can_be_trained_on() -> None:
    made = remembered(Body())
    with torch.inference_mode():
        made.run(rows("abc"))
    layer = ProbeLayer(2, 1)
    layer(made.run(rows("abc"))).sum().backward()
    assert layer.weight.grad is not None


def test_a_batch_that_does_not_fit_is_halved() -> None:
    body = Body(room=4)
    made = remembered(body, tokens=8)
    made.read(made.encode(embeds("abc", "de", "fg")))
    assert made.tokens == 3
    assert len(body.read) == 3


def test_a_text_that_does_not_fit_alone_is_out_of_memory() -> None:
    made = remembered(Body(room=2))
    with pytest.raises(OutOfMemoryError, match="a batch of 3 tokens does not fit"):
        made.read(made.encode(embeds("abc")))
