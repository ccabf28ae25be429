"""Translation edits and shifts, as sacreBLEU counts them and an order faster.

Snover et al., "A Study of Translation Edit Rate" (AMTA 2006): the word edits between a
translation and a reference, after the shifts of word sequences that help most. Finding
a shift means trying up to a thousand, each by an edit distance within a beam around
the diagonal. sacreBLEU 2.6.0 (sacrebleu/metrics/lib_ter.py) tries them one after
another in Python; here all shifts of a round are one array, so that a paragraph takes
milliseconds where it took a second. Which shifts are tried, in which order and until
when is sacreBLEU's, to the letter, and so are the counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sacrebleu.metrics import lib_ter

UNREACHED = 1 << 28
"""The cost of what lies outside the beam: more than any number of edits."""
INVERSE = str.maketrans("id", "di")
"""Turns the trace of edits into that of the way back: insertions are deletions."""
WORDS_IN_MEMORY = 200_000
"""How many words of shifted translations are held at once."""

Words = NDArray[np.int32]


class Shift(NamedTuple):
    """Words of the translation that move.

    Attributes:
        start: the first of them.
        length: how many.
        target: the place that they go to.
    """

    start: int
    length: int
    target: int


class Round(NamedTuple):
    """What one round of shifts found: the edits it saves, and the shifted words."""

    saved: int
    words: list[str]
    tried: int


def count_edits(translation: Sequence[str], reference: Sequence[str]) -> int:
    """Return the edits and shifts that make a reference of a translation.

    Args:
        translation: its words.
        reference: its words; without any, every word of the translation is one edit.
    """
    if not reference:
        return len(translation)
    words, wanted = list(translation), list(reference)
    distance = lib_ter.BeamEditDistance(wanted)
    shifts, tried = 0, 0
    while True:
        found = _shift_once(words, wanted, distance, tried)
        tried = found.tried
        if tried >= lib_ter._MAX_SHIFT_CANDIDATES or found.saved <= 0:
            return shifts + int(distance(words)[0])
        shifts += 1
        words = found.words


def _shift_once(
    words: list[str],
    reference: list[str],
    distance: lib_ter.BeamEditDistance,
    tried: int,
) -> Round:
    """Try this round's shifts and return the one that saves most edits."""
    before, trace = distance(words)
    shifts = list(_shifts(words, reference, trace, tried))
    if not shifts:
        return Round(0, words, tried)
    # different places of the reference may ask for the same shift
    different = list(dict.fromkeys(shifts))
    saved = before - _distances(words, reference, different)
    ranked = zip(saved.tolist(), different, strict=True)
    # what saves most, then the longest, the earliest, the one that goes furthest left
    best = max(ranked, key=lambda each: _rank(*each))
    shifted = [words[place] for place in _order(len(words), best[1])]
    return Round(best[0], shifted, tried + len(shifts))


def _rank(saved: int, shift: Shift) -> tuple[int, int, int, int]:
    return saved, shift.length, -shift.start, -shift.target


def _shifts(
    words: list[str], reference: list[str], trace: str, tried: int
) -> Iterator[Shift]:
    """Yield the shifts that Tercom's heuristics allow, up to its limit."""
    alignment, missed, wrong = lib_ter.trace_to_alignment(trace.translate(INVERSE))
    for start, place, length in lib_ter._find_shifted_pairs(words, reference):
        is_needed = any(wrong[start : start + length])
        is_wanted = any(missed[place : place + length])
        is_within = start <= alignment[place] < start + length
        if not is_needed or not is_wanted or is_within:
            continue
        for target in _targets(alignment, place, length):
            tried += 1
            yield Shift(start, length, target)
        if tried >= lib_ter._MAX_SHIFT_CANDIDATES:
            return


def _targets(alignment: dict[int, int], place: int, length: int) -> Iterator[int]:
    """Yield where words may go that belong at a place of the reference."""
    previous = -1
    for position in range(place - 1, place + length):
        if position == -1:
            target = 0
        elif position in alignment:
            target = alignment[position] + 1
        else:
            return
        if target != previous:
            previous = target
            yield target


def _order(count: int, shift: Shift) -> list[int]:
    """Return the places of words after a shift, as they were before it."""
    end = shift.start + shift.length
    rest = [*range(shift.start), *range(end, count)]
    # a target within or before the sequence counts from the start of what is left
    place = shift.target - shift.length if shift.target > end else shift.target
    return [*rest[:place], *range(shift.start, end), *rest[place:]]


def _distances(
    words: list[str], reference: list[str], shifts: Sequence[Shift]
) -> Words:
    """Return the edit distance to the reference after each shift."""
    numbers: dict[str, int] = {}
    wanted = np.array([numbers.setdefault(w, len(numbers)) for w in reference], "int32")
    written = np.array([numbers.setdefault(w, len(numbers)) for w in words], "int32")
    size = max(1, WORDS_IN_MEMORY // len(words))
    found = []
    for start in range(0, len(shifts), size):
        chunk = shifts[start : start + size]
        orders = np.array([_order(len(words), shift) for shift in chunk])
        found.append(_beam_distances(written[orders], wanted))
    return np.concatenate(found)


def _beam_distances(translations: Words, reference: Words) -> Words:
    """Return edit distances within sacreBLEU's beam around the diagonal.

    Args:
        translations: word numbers, shape (translations, words).
        reference: word numbers of the reference.
    """
    count, words = translations.shape
    columns = len(reference) + 1
    ratio = len(reference) / words
    is_steep = ratio / 2 > lib_ter._BEAM_WIDTH
    width = (
        math.ceil(ratio / 2 + lib_ter._BEAM_WIDTH) if is_steep else lib_ter._BEAM_WIDTH
    )
    ramp = np.arange(columns, dtype=np.int32)
    above = np.tile(ramp, (count, 1))  # (translations, columns)
    for row in range(1, words + 1):
        diagonal = math.floor(row * ratio)
        low = max(0, diagonal - width)
        high = columns if row == words else min(columns, diagonal + width)
        costs = above[:, low:high] + 1
        start = max(low, 1)
        is_other = (
            translations[:, row - 1, None] != reference[None, start - 1 : high - 1]
        )
        replaced = above[:, start - 1 : high - 1] + is_other
        inner = costs[:, start - low :]
        np.minimum(inner, replaced, out=inner)
        # insertions: what stands left of a cell costs one more a step
        costs -= ramp[low:high]
        np.minimum.accumulate(costs, axis=1, out=costs)
        costs += ramp[low:high]
        above = np.full((count, columns), UNREACHED, dtype=np.int32)
        above[:, low:high] = costs
    return above[:, -1]
