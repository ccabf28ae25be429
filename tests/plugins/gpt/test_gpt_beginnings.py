"""What all contexts begin with is read once, and nothing that is said changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn

from harness import Budget, LoadSettings
from harness.requests import Generate, GenerateAnswer, Score, ScoreAnswer
from harness_gpt import trees
from harness_gpt.adapter import GptAdapter
from harness_gpt.trees import grow, share_beginning
from harness_torch.beginnings import SHORTEST, shared_beginning
from harness_torch.packed import pack
from harness_torch.prefix import find_prefixes
from harness_torch.scoring import Pair
from harness_torch.tokenizers.byte_level import BOS

Case = tuple[str, dict[str, Any]]
Opened = Callable[..., GptAdapter]
Saved = Callable[..., Any]

SHOTS = "q: a b? a: yes\nq: b? a: no\n"
CHOICES = (" yes", " no", "!")
ENDS = ("c?", "is it d e?", "f?", "c?")


def ids(text: str) -> list[int]:
    return [byte + 4 for byte in text.encode()]


def ask(
    model: GptAdapter, ends: Sequence[str], tokens: int = 4096
) -> list[ScoreAnswer]:
    asked = [Score(context=SHOTS + end, choices=CHOICES) for end in ends]
    answers: Any = dict(
        model.session().answer(model.encode(asked), Budget(tokens=tokens))
    )
    return [answers[key] for key in range(len(asked))]


def write(model: GptAdapter, asked: Sequence[Generate]) -> list[GenerateAnswer]:
    answers: Any = dict(
        model.session().answer(model.encode(asked), Budget(tokens=4096))
    )
    return [answers[key] for key in range(len(asked))]


@torch.inference_mode()
def nats(theirs: Any, context: str, choice: str) -> float:
    """Return a choice's log-probability, computed on its own by transformers."""
    begin, following = [BOS, *ids(context)], ids(choice)
    said = theirs(torch.tensor([[*begin, *following]])).logits[0].double()
    rows = said.log_softmax(-1)[len(begin) - 1 :]
    return sum(float(row[token]) for row, token in zip(rows, following, strict=False))


@pytest.mark.parametrize("tokens", [1, 60, 4096])
def test_scores_behind_a_beginning_are_those_of_the_whole(
    architecture: Case, saved: Saved, opened: Opened, tokens: int
) -> None:
    theirs = saved(*architecture)
    for end, answer in zip(ENDS, ask(opened(), ENDS, tokens), strict=True):
        expected = [nats(theirs, SHOTS + end, choice) for choice in CHOICES]
        assert answer.log_probabilities == pytest.approx(expected, abs=1e-4)


def test_padded_sequences_see_the_beginning_too(
    architecture: Case, saved: Saved, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = saved(*architecture)
    monkeypatch.setattr(trees, "pack", partial(pack, is_padded=True))  # as on CUDA
    for end, answer in zip(ENDS, ask(opened(), ENDS), strict=True):
        expected = [nats(theirs, SHOTS + end, choice) for choice in CHOICES]
        assert answer.log_probabilities == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("beams", [1, 3])
def test_texts_behind_a_beginning_are_those_of_the_whole(
    architecture: Case, saved: Saved, opened: Opened, beams: int
) -> None:
    saved(*architecture)
    model = opened()
    asked = [
        Generate(prompt=SHOTS + end, max_tokens=8, stop=(), beams=beams) for end in ENDS
    ]
    apart = [write(model, [one])[0] for one in asked]  # compared to transformers' own
    assert write(model, asked) == apart


def test_prefixes_of_layers_are_seen_beside_a_beginning(
    architecture: Case, saved: Saved, opened: Opened
) -> None:
    saved(*architecture)
    model = opened()
    generator = torch.Generator().manual_seed(5)
    for prefix in find_prefixes(model.module).values():
        prefix.put(*torch.randn(2, 3, prefix.heads, prefix.size, generator=generator))
    apart = [ask(model, [end])[0] for end in ENDS]
    for one, other in zip(ask(model, ENDS), apart, strict=True):
        assert one.log_probabilities == pytest.approx(other.log_probabilities, abs=1e-4)


@pytest.fixture
def gpt2(saved: Saved, cases: Any) -> Any:
    return saved(*cases["gpt2"])


def test_a_beginning_passes_through_the_layers_once(gpt2: Any, opened: Opened) -> None:
    model = opened()
    layer = next(p for p in model.module.modules() if isinstance(p, nn.Linear))
    read: list[int] = []
    layer.register_forward_hook(lambda *given: read.append(len(given[1][0])))
    ask(model, ENDS, tokens=1)  # each in a batch of its own
    encoded = model.encode([Score(context=SHOTS + e, choices=CHOICES) for e in ENDS])
    shared = 1 + len(SHOTS)
    assert sum(read) == shared + sum(item.cost for item in encoded)
    assert [len(item.ids) - item.cost for item in encoded] == [shared] * len(ENDS)


def test_changed_weights_read_the_beginning_again(gpt2: Any, opened: Opened) -> None:
    model = opened()
    before = ask(model, ENDS)
    with torch.no_grad():
        for parameter in model.module.parameters():
            parameter.mul_(1.5)
    apart = [ask(model, [end])[0] for end in ENDS]
    for one, other in zip(ask(model, ENDS), apart, strict=True):
        assert one.log_probabilities == pytest.approx(other.log_probabilities, abs=1e-4)
    assert ask(model, ENDS)[0].log_probabilities != before[0].log_probabilities


def test_a_beginning_is_kept_in_the_precision_of_the_weights(
    gpt2: Any, opened: Opened
) -> None:
    model = opened(LoadSettings(dtype="bf16"))
    apart = [ask(model, [end])[0] for end in ENDS]
    for one, other in zip(ask(model, ENDS), apart, strict=True):
        assert one.log_probabilities == pytest.approx(other.log_probabilities, abs=0.1)


def test_what_was_cut_keeps_its_own_beginning() -> None:
    whole = tuple(range(100, 100 + SHORTEST))
    pairs = [Pair([*whole, last], [1]) for last in (2, 3)]
    cut = grow([Pair([*whole, 4, *whole], [1])], length=SHORTEST + 4)
    one, other, third = share_beginning(
        [*(grow([p], length=SHORTEST + 4) for p in pairs), cut], sight=None
    )
    assert [tree.trunk for tree in (*one.trees, *other.trees)] == [(2,), (3,)]
    assert third == cut


def test_what_a_token_may_not_see_whole_keeps_its_own_beginning() -> None:
    whole = tuple(range(100, 100 + SHORTEST))
    grown = [grow([Pair([*whole, last], [1, 2])], length=20) for last in (2, 3)]
    assert share_beginning(grown, sight=SHORTEST + 1) == grown
    assert share_beginning(grown, sight=SHORTEST + 2) != grown


def test_a_shared_beginning_leaves_every_sequence_a_token() -> None:
    whole = tuple(range(SHORTEST + 1))
    assert shared_beginning([whole, (*whole, 7)]) == whole[:-1]
    assert shared_beginning([whole, whole]) == whole[:-1]


@pytest.mark.parametrize(
    "sequences",
    [
        [],
        [tuple(range(50))],
        [tuple(range(SHORTEST)), tuple(range(SHORTEST))],
        [tuple(range(50)), tuple(range(SHORTEST - 1)) + (0,) * 9],
    ],
)
def test_a_short_beginning_is_not_kept(sequences: list[tuple[int, ...]]) -> None:
    assert shared_beginning(sequences) == ()
