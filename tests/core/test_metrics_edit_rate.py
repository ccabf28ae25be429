"""Edits and shifts equal sacreBLEU's own count, on words drawn and shifted at random."""

from __future__ import annotations

import random

import pytest
from sacrebleu.metrics.lib_ter import translation_edit_rate

from harness.metrics.edit_rate import count_edits

LENGTHS = (0, 1, 2, 3, 5, 10, 25, 60)


def _words(generator: random.Random, different: int) -> list[str]:
    return [
        str(generator.randrange(different)) for _ in range(generator.choice(LENGTHS))
    ]


def _shifted(generator: random.Random, words: list[str]) -> list[str]:
    """Move some word sequences, and change some words."""
    words = list(words)
    for _ in range(generator.randrange(8) if len(words) > 4 else 0):
        start = generator.randrange(len(words))
        piece = words[start : start + generator.randrange(1, 6)]
        del words[start : start + len(piece)]
        place = generator.randrange(len(words) + 1)
        words[place:place] = piece
        if generator.random() < 0.4:
            words[generator.randrange(len(words))] = "other"
    return words


@pytest.mark.parametrize("different", [2, 5, 40])
@pytest.mark.parametrize("seed", range(10))
def test_edits_of_shifted_words_equal_sacrebleus(seed: int, different: int) -> None:
    generator = random.Random(seed)
    reference = _words(generator, different)
    translation = _shifted(generator, reference)
    wanted = translation_edit_rate(translation, reference)[0]
    assert count_edits(translation, reference) == wanted


@pytest.mark.parametrize("seed", range(20))
def test_edits_of_unlike_words_equal_sacrebleus(seed: int) -> None:
    generator = random.Random(seed)
    translation, reference = _words(generator, 5), _words(generator, 5)
    wanted = translation_edit_rate(translation, reference)[0]
    assert count_edits(translation, reference) == wanted


@pytest.mark.parametrize(("written", "wanted"), [(2, 130), (130, 2), (1, 1), (0, 5)])
def test_edits_of_very_unequal_lengths_equal_sacrebleus(
    written: int, wanted: int
) -> None:
    translation = [str(n % 7) for n in range(written)]
    reference = [str(n % 11) for n in range(wanted)]
    official = translation_edit_rate(translation, reference)[0]
    assert count_edits(translation, reference) == official


def test_moving_a_sequence_is_one_edit() -> None:
    # Snover et al. 2006: a shift of any length over any distance costs one edit
    assert count_edits(["c", "d", "e", "a", "b"], ["a", "b", "c", "d", "e"]) == 1


def test_chunks_do_not_change_the_count(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = random.Random(3)
    reference = [str(generator.randrange(9)) for _ in range(40)]
    translation = _shifted(generator, reference)
    whole = count_edits(translation, reference)
    monkeypatch.setattr("harness.metrics.edit_rate.WORDS_IN_MEMORY", 1)
    assert count_edits(translation, reference) == whole
