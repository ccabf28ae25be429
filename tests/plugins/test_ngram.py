"""The n-gram baseline: a distribution, the published method, and what it says."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Sequence

import pytest
from nltk.lm import KneserNeyInterpolated
from nltk.util import everygrams

from harness import (
    Classification,
    Data,
    DataError,
    Example,
    LanguageModelling,
    Task,
    UsageError,
)
from harness_baselines.kneser_ney import KneserNey
from harness_baselines.ngram import Ngram, TextModel, gaps, words
from harness_baselines.plugin import harness_models

ENTRIES = {entry.name: entry for entry in harness_models()}
SIZE = 6
END = 4
UNSEEN = 5
CONTEXTS: tuple[list[int], ...] = ([], [1], [1, 2], [3, 0, UNSEEN], [2, 2, 2, 2])


def _sequences(seed: int = 1) -> list[list[int]]:
    draw = random.Random(seed)
    return [[*draw.choices(range(4), k=draw.randint(0, 6)), END] for _ in range(30)]


@pytest.mark.parametrize("before", CONTEXTS, ids=str)
@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_probabilities_sum_to_one(order: int, before: Sequence[int]) -> None:
    model = KneserNey(_sequences(), order=order, size=SIZE)
    total = sum(model.probability(item, before) for item in range(SIZE))
    assert total == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("discount", [0.1, 0.75])
def test_bigrams_equal_nltk(discount: float) -> None:
    # nltk.lm does not discount the lowest order, so neither is done here
    sequences = [["<s>", *map(str, sequence)] for sequence in _sequences()]
    reference = KneserNeyInterpolated(2, discount=discount)
    grams = (everygrams(sequence, max_len=2) for sequence in sequences)
    reference.fit(grams, [*map(str, range(5)), "<s>"])
    model = KneserNey(_sequences(), order=2, size=SIZE, discounts=(0.0, discount))
    for before, item in itertools.product(range(4), range(5)):
        expected = reference.score(str(item), [str(before)])
        assert model.probability(item, [before]) == pytest.approx(expected, abs=1e-12)


def test_a_discount_is_estimated_from_what_was_seen_once_and_twice() -> None:
    # unigrams: 0 three times, 1 twice, 2 and 3 once: n1 = 2, n2 = 1, so 2 / (2 + 2)
    model = KneserNey([[0, 0, 0, 1, 1, 2, 3]], order=1, size=4)
    assert model.probability(0, []) == pytest.approx((3 - 0.5 + 0.5 * 4 / 4) / 7)


def test_longer_contexts_say_more_of_what_repeats() -> None:
    repeated = [[0, 1, 2, 0, 1, 3, END]] * 5
    short, long = (KneserNey(repeated, order=n, size=SIZE) for n in (2, 4))
    assert long.probability(3, [2, 0, 1]) > short.probability(3, [2, 0, 1])


def test_nothing_to_learn_from_is_refused() -> None:
    with pytest.raises(ValueError, match="no item to learn from"):
        KneserNey([], order=2, size=3)


def test_words_and_gaps_make_the_text() -> None:
    text = ' "Yes," she\tsaid.\n'
    pieces = itertools.zip_longest((gap for _, gap in gaps(text)), words(text))
    assert "".join(part or "" for pair in pieces for part in pair) == text


def test_a_gap_knows_what_stands_around_it() -> None:
    assert list(gaps("a, b")) == [
        (("edge", "word"), ""),
        (("word", "mark"), ""),
        (("mark", "word"), " "),
        (("word", "edge"), ""),
    ]


def _short_texts(letters: str, longest: int) -> Iterator[str]:
    for length in range(longest + 1):
        yield from map("".join, itertools.product(letters, repeat=length))


def test_probabilities_of_texts_do_not_exceed_one() -> None:
    model = TextModel(["a b", "b a", "a", "c"], order=2)
    texts = _short_texts("ab c.", 5)
    total = sum(math.exp(model.log_likelihood(text)) for text in texts)
    assert 0.3 < total < 1


def test_any_text_has_a_probability() -> None:
    model = TextModel(["one text"], order=3)
    for text in ("", " ", "другой", "\ud800", "a\x00b"):
        assert -math.inf < model.log_likelihood(text) < 0


def _task(problem: LanguageModelling | None = None) -> Task:
    return Task(
        id="toy/prose",
        title="Prose",
        summary="how probable?",
        data=Data(hub=None, folder="f"),
        problem=problem or LanguageModelling(),
        metrics=("bits_per_byte",),
    )


def _said(task: Task, text: str, train: Sequence[str]) -> dict[str, float]:
    example = Example(id="1", columns={"text": text}, target=text)
    (said,) = Ngram(order=2).predict(task, [example], [*train])
    assert isinstance(said, dict)
    return {key: float(value) for key, value in said.items() if value}  # type: ignore[arg-type] # numbers


def test_it_counts_words_and_the_end() -> None:
    assert _said(_task(), "a b, c", ["a b c", "a b"])["tokens"] == 5


def test_it_reads_what_models_read() -> None:
    shouting = _task(LanguageModelling(asked=lambda row: str(row["text"]).upper()))
    train = ["a b c", "a b c"]
    assert _said(shouting, "a b c", train) == _said(_task(), "A B C", ["A B C"] * 2)


def test_what_was_trained_on_is_more_probable() -> None:
    train = ["the cat sat on the mat .", "the dog sat on the mat ."] * 2
    known = _said(_task(), "the cat sat on the mat .", train)["nats"]
    assert known > _said(_task(), "mat the on sat cat the .", train)["nats"]


def test_no_training_text_is_refused() -> None:
    with pytest.raises(DataError) as error:
        _said(_task(), "a", [])
    assert str(error.value) == (
        "ngram of toy/prose: the training split has no item to learn from, expected "
        "text: check the data's training split"
    )


def test_a_task_without_texts_is_refused() -> None:
    task = Task(
        id="toy/colours",
        title="Colours",
        summary="warm?",
        data=Data(hub=None, folder="f"),
        problem=Classification(inputs=("text",), labels=("cold", "warm")),
        metrics=("accuracy",),
    )
    reason = ENTRIES["ngram"].refuses(task)
    assert reason == "it says the likelihood of texts, expected a perplexity task"
    with pytest.raises(UsageError, match=f"ngram of toy/colours: {reason}"):
        Ngram(order=2).predict(task, [], [])


@pytest.mark.parametrize("order", ["0", "ten", "10", "-1"])
def test_a_wrong_order_is_refused(order: str) -> None:
    with pytest.raises(UsageError) as error:
        ENTRIES["ngram"].make({"order": order}, 1)
    assert str(error.value) == (
        f"the baseline ngram has the option order={order}, expected a whole number "
        "from 1 to 9: write ngram:,order=3"
    )


def test_the_oracle_says_why_it_has_no_likelihood() -> None:
    assert ENTRIES["oracle"].refuses(_task()) == (
        "a text has no right likelihood that an oracle could give: ask a model, or the "
        "baseline ngram:"
    )
