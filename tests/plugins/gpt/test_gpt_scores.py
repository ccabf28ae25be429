"""Scores, likelihoods, blanks and vectors are what transformers' logits say."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest
import torch
from torch import nn

from harness import Budget, PluginError
from harness.requests import (
    Embed,
    EmbedAnswer,
    Fill,
    FillAnswer,
    Likelihood,
    LikelihoodAnswer,
    Request,
    Score,
    ScoreAnswer,
)
from harness_gpt.adapter import GptAdapter
from harness_gpt.trees import Tree, grow
from harness_torch.rolling import rolling_windows
from harness_torch.scoring import Pair
from harness_torch.tokenizers.byte_level import BOS

Case = tuple[str, dict[str, Any]]
Opened = Callable[..., GptAdapter]
Saved = Callable[..., Any]


def ids(text: str) -> list[int]:
    return [byte + 4 for byte in text.encode()]


def ask(model: GptAdapter, *requests: Request, tokens: int = 4096) -> list[Any]:
    encoded = model.encode(requests)
    answers = dict(model.session().answer(encoded, Budget(tokens=tokens)))
    return [answers[key] for key in range(len(requests))]


@torch.inference_mode()
def nats(model: Any, context: Sequence[int], following: Sequence[int]) -> float:
    """Return the log-probability of what follows, computed on its own."""
    row = [*context, *following][:-1]
    said = model(torch.tensor([row])).logits[0].double().log_softmax(-1)
    at = range(len(context) - 1, len(row))
    return sum(float(said[i, t]) for i, t in zip(at, following, strict=True))


CHOICES = (" yes", " no", " of course", "x", " yes")


def test_choices_are_scored_as_one_by_one(
    architecture: Case, saved: Saved, opened: Opened
) -> None:
    theirs = saved(*architecture)
    (answer,) = ask(opened(), Score(context="Is it so? ", choices=CHOICES))
    begin = [BOS, *ids("Is it so?")]
    expected = [nats(theirs, begin, ids(" " + choice)) for choice in CHOICES]
    assert answer.log_probabilities == pytest.approx(expected, abs=1e-4)
    assert answer.token_counts == (5, 4, 11, 2, 5)
    assert answer.byte_counts == (4, 3, 10, 1, 4)


@pytest.fixture
def gpt2(saved: Saved, cases: Any) -> Any:
    return saved(*cases["gpt2"])


def test_the_context_is_read_once_and_equal_choices_too(
    gpt2: Any, opened: Opened
) -> None:
    (answer,) = ask(opened(), Score(context="abc", choices=("def", "g", "def")))
    assert answer.tokens == 1 + 3 + 2  # BOS, the context, "de"


def test_a_greedy_choice_is_told(gpt2: Any, opened: Opened) -> None:
    def best(context: str) -> int:
        logits = gpt2(torch.tensor([[BOS, *ids(context)]])).logits
        return int(logits[0, -1].argmax()) - 4

    context = next(c for c in map(chr, range(33, 999)) if 33 < best(c) < 127)
    choices = (chr(best(context)), chr(best(context) - 1))
    (answer,) = ask(opened(), Score(context=context, choices=choices))
    assert answer.is_greedy == (True, False)


def test_a_choice_without_tokens_is_certain(gpt2: Any, opened: Opened) -> None:
    (answer,) = ask(opened(), Score(context="abc", choices=("", "d")))
    assert answer.log_probabilities[0] == 0.0
    assert answer.token_counts == (0, 1)


def test_no_choice_has_no_score(gpt2: Any, opened: Opened) -> None:
    (answer,) = ask(opened(), Score(context="abc", choices=()))
    assert answer.log_probabilities == ()


def test_an_empty_context_is_the_first_token(gpt2: Any, opened: Opened) -> None:
    expected = nats(gpt2, [BOS], ids("ab"))
    for bos in ("on", "off"):
        (answer,) = ask(opened(bos=bos), Score(context="", choices=("ab",)))
        assert answer.log_probabilities[0] == pytest.approx(expected, abs=1e-4)


def test_a_context_too_long_is_cut_on_the_left_for_each_choice(
    gpt2: Any, opened: Opened
) -> None:
    context = "0123456789" * 7
    (answer,) = ask(opened(bos="off"), Score(context=context, choices=("a", "bcd")))
    # as lm-evaluation-harness: (context + choice)[-(length + 1):], the last not read
    expected = [
        nats(gpt2, ids(context)[-64:], ids("a")),
        nats(gpt2, ids(context)[-62:], ids("bcd")),
    ]
    assert answer.log_probabilities == pytest.approx(expected, abs=1e-4)
    assert answer.truncated_tokens == 70 + 3 - 65


def test_a_choice_too_long_is_cut_too(gpt2: Any, opened: Opened) -> None:
    (answer,) = ask(opened(bos="off"), Score(context="ab", choices=("c" * 100,)))
    expected = nats(gpt2, ids("c"), ids("c" * 64))
    assert answer.log_probabilities[0] == pytest.approx(expected, abs=1e-4)
    assert answer.truncated_tokens == 102 - 65


def test_what_just_fits_is_not_cut(gpt2: Any, opened: Opened) -> None:
    model = opened(bos="off")
    asked = [Score(context="a" * count, choices=("b", "cd")) for count in (63, 64)]
    assert [item.truncated_tokens for item in model.encode(asked)] == [0, 1]


@pytest.mark.parametrize("text", ["a b  c", "abcdefghij" * 20, "", "é \n", "<|eos|>"])
def test_likelihood_rolls_over_the_text(gpt2: Any, opened: Opened, text: str) -> None:
    (answer,) = ask(opened(), Likelihood(text=text))
    tokens = [1] if text == "<|eos|>" else ids(text)
    windows = rolling_windows(tokens, prefix=BOS, length=64)
    expected = sum(nats(gpt2, *window) for window in windows)
    assert answer.nats == pytest.approx(expected, rel=1e-6, abs=1e-4)
    assert answer.token_count == len(tokens)
    assert answer.word_count == len(text.split())
    assert answer.byte_count == len(text.encode())
    assert answer.truncated_tokens == 0


def test_a_blank_is_filled_by_the_whole_texts_probability(
    gpt2: Any, opened: Opened
) -> None:
    candidates = ("dog", "cat", "do")
    (answer,) = ask(opened(), Fill(text="A {blank} ran.", candidates=candidates))
    whole = [nats(gpt2, [BOS], ids(f"A {one} ran.")) for one in candidates]
    expected = torch.tensor(whole, dtype=torch.float64).softmax(0).tolist()
    assert answer.probabilities == pytest.approx(expected, abs=1e-5)


BAD_BLANKS = (
    Fill(text="no blank", candidates=("a",)),
    Fill(text="{blank} and {blank}", candidates=("a",)),
    Fill(text="{blank}", candidates=()),
)


@pytest.mark.parametrize("request_", BAD_BLANKS)
def test_a_text_without_one_blank_or_candidates_is_refused(
    gpt2: Any, opened: Opened, request_: Fill
) -> None:
    with pytest.raises(PluginError, match=r"has [012] times \{blank\} and [01] cand"):
        opened().encode([request_])


def test_what_comes_before_the_blank_is_read_once(gpt2: Any, opened: Opened) -> None:
    (answer,) = ask(opened(), Fill(text="abc{blank}", candidates=("de", "df")))
    assert answer.tokens == 1 + 4  # BOS and "abcd"; the last letter is not read


def test_a_text_too_long_keeps_its_blank(gpt2: Any, opened: Opened) -> None:
    request = Fill(text="x" * 80 + "{blank}" + "y" * 80, candidates=("a", "b"))
    (answer,) = ask(opened(), request)
    after = {one: ids(one + "y" * 63) for one in "ab"}
    whole = [nats(gpt2, ids("x"), after[one]) for one in "ab"]
    expected = torch.tensor(whole, dtype=torch.float64).softmax(0).tolist()
    assert answer.probabilities == pytest.approx(expected, abs=1e-5)
    assert answer.truncated_tokens == 162 - 65


@pytest.mark.parametrize("pooling", ["mean", "last"])
@torch.inference_mode()
def test_a_vector_is_pooled_from_the_last_states(
    architecture: Case, saved: Saved, opened: Opened, pooling: str
) -> None:
    theirs = saved(*architecture)
    (answer,) = ask(opened(pooling=pooling), Embed(text="some text"))
    row = torch.tensor([[BOS, *ids("some text")]])
    states = theirs(row, output_hidden_states=True).hidden_states[-1][0]
    expected = states.mean(0) if pooling == "mean" else states[-1]
    assert torch.tensor(answer.vector) == pytest.approx(expected, abs=1e-5)


def test_a_long_text_is_embedded_from_its_beginning(gpt2: Any, opened: Opened) -> None:
    first, cut = ask(opened(), Embed(text="a" * 63), Embed(text="a" * 80))
    assert cut.truncated_tokens == 17
    assert cut.vector == pytest.approx(first.vector, abs=1e-6)


def test_an_empty_text_has_the_vector_of_the_first_token(
    gpt2: Any, opened: Opened
) -> None:
    answers = [ask(opened(bos=bos), Embed(text=""))[0] for bos in ("on", "off")]
    assert answers[0].vector == pytest.approx(answers[1].vector, abs=1e-6)


def requests() -> list[Request]:
    draw = random.Random(4)
    texts = ["".join(draw.choices("abc é\n", k=draw.randint(0, 90))) for _ in range(9)]
    asked: list[Request] = [Score(context=t, choices=CHOICES) for t in texts]
    asked += [Likelihood(text=t) for t in texts]
    asked += [Fill(text=t + "{blank}!", candidates=("a", "bcd")) for t in texts]
    return asked + [Embed(text=t) for t in texts]


def numbers(answer: object) -> Sequence[float]:
    match answer:
        case ScoreAnswer():
            return answer.log_probabilities
        case LikelihoodAnswer():
            return [answer.nats]
        case FillAnswer():
            return answer.probabilities
    return cast(EmbedAnswer, answer).vector


@pytest.mark.parametrize("tokens", [1, 150])
def test_answers_do_not_depend_on_the_batch(
    architecture: Case, saved: Saved, opened: Opened, tokens: int
) -> None:
    saved(*architecture)
    model = opened()
    together = ask(model, *requests())
    apart = ask(model, *requests(), tokens=tokens)
    for one, other in zip(together, apart, strict=True):
        tolerance = 1e-5 if isinstance(one, EmbedAnswer | FillAnswer) else 1e-4
        assert numbers(one) == pytest.approx(numbers(other), rel=1e-6, abs=tolerance)


def test_no_more_rows_are_projected_than_are_asked(gpt2: Any, opened: Opened) -> None:
    model = opened()
    seen: list[int] = []
    project = model.module.logits

    def counting(hidden: torch.Tensor) -> torch.Tensor:
        seen.append(len(hidden))
        return project(hidden)

    model.module.logits = counting  # type: ignore[method-assign] # counts rows
    asked = [Score(context="a" * 40, choices=("xyz", "u", "v"))] * 30
    ask(model, *asked)
    assert sum(seen) == 30 * 3
    assert max(seen) <= 256


def test_linear_layers_see_the_tokens_that_are_told(gpt2: Any, opened: Opened) -> None:
    model = opened()
    seen: list[int] = []
    for part in model.module.modules():
        if isinstance(part, nn.Linear):
            part.register_forward_hook(lambda *given: seen.append(len(given[1][0])))
    answers = ask(model, *requests()[:9])
    first_layers = seen[: 4 * (len(gpt2.transformer.h) - 1)]
    assert set(first_layers) == {sum(answer.tokens for answer in answers)}


def test_a_single_continuation_needs_no_branch() -> None:
    tree = Tree(trunk=(1, 2), branches=((3, 4, 5),))
    assert tree.layout == (4,)
    assert tree.ids == [1, 2, 3, 4]


def test_branches_leave_out_their_last_tokens() -> None:
    tree = Tree(trunk=(1, 2), branches=((3, 4, 5), (6,), (7, 8)))
    assert tree.layout == (2, 2, 1)
    assert tree.ids == [1, 2, 3, 4, 7]
    assert tree.targets == [[3, 6, 7], [4], [5], [8]]


def test_equal_continuations_share_a_branch() -> None:
    forest = grow([Pair([1], [2, 3]), Pair([1], [2, 3]), Pair([1], [])], length=9)
    assert forest.trees == (Tree(trunk=(1,), branches=((2, 3),)),)
    assert forest.places == ((0, 0), (0, 0), None)
