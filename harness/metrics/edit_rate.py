"""Translation edits and shifts: sacreBLEU's counts, ten times as fast.

Snover et al., "A Study of Translation Edit Rate" (AMTA 2006): the word edits between a
translation and a reference, after the shifts of word sequences that help most. Finding
a shift means trying up to a thousand, each by an edit distance within a beam around
the diagonal. sacreBLEU 2.6.0 (sacrebleu/metrics/lib_ter.py) computes one distance
after another in Python; here those of a round are rows of one array. Which shifts are
tried, in which order and until when is sacreBLEU's, and so are the counts.
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
    """What one round of shifts found.

    Attributes:
        edits: the edit distance before it.
        saved: how many of them the best shift saves.
        words: the words after that shift.
        tried: how many shifts were tried, in this round and before.
    """

    edits: int
    saved: int
    words: list[int]
    tried: int


def count_edits(translation: Sequence[str], reference: Sequence[str]) -> int:
    """Return the edits and shifts that make a reference of a translation.

    Args:
        translation: its words.
        reference: its words; without any, every word of the translation is one edit.
    """
    if not reference:
        return len(translation)
    numbers: dict[str, int] = {}
    words, wanted = (
        [numbers.setdefault(word, len(numbers)) for word in each]
        for each in (translation, reference)
    )
    shifts, tried = 0, 0
    while True:
        found = _shift_once(words, wanted, tried)
        tried = found.tried
        if tried >= lib_ter._MAX_SHIFT_CANDIDATES or found.saved <= 0:
            return shifts + found.edits
        shifts += 1
        words = found.words


def _shift_once(words: list[int], reference: list[int], tried: int) -> Round:
    """Try this round's shifts and return the one that saves most edits."""
    rows = _beam_rows(np.array([words], dtype=np.int32), reference)
    costs = np.concatenate(list(rows))  # (words + 1, reference words + 1)
    edits = int(costs[-1, -1])
    shifts = list(_shifts(words, reference, _trace(costs, words, reference), tried))
    if not shifts:
        return Round(edits, 0, words, tried)
    # different places of the reference may ask for the same shift
    different = list(dict.fromkeys(shifts))
    saved = edits - _distances(words, reference, different)
    ranked = zip(saved.tolist(), different, strict=True)
    # what saves most, then the longest, the earliest, the one that goes furthest left
    best = max(ranked, key=lambda each: _rank(*each))
    shifted = [words[place] for place in _order(len(words), best[1])]
    return Round(edits, best[0], shifted, tried + len(shifts))


def _rank(saved: int, shift: Shift) -> tuple[int, int, int, int]:
    return saved, shift.length, -shift.start, -shift.target


def _shifts(
    words: list[int], reference: list[int], trace: str, tried: int
) -> Iterator[Shift]:
    """Yield the shifts that Tercom's heuristics allow, up to its limit."""
    alignment, missed, wrong = lib_ter.trace_to_alignment(trace)
    for start, place, length in _matches(words, reference):
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


def _matches(words: list[int], reference: list[int]) -> Iterator[tuple[int, int, int]]:
    """Yield where words of the translation and of the reference are alike.

    Each is a start in both and a length; a match of three words is also one of two
    and of one.
    """
    places: dict[int, list[int]] = {}
    for place, word in enumerate(reference):
        places.setdefault(word, []).append(place)
    for start, word in enumerate(words):
        for place in places.get(word, ()):
            if abs(place - start) > lib_ter._MAX_SHIFT_DIST:
                continue
            pairs = zip(words[start:], reference[place:], strict=False)
            for length, (one, other) in enumerate(pairs, start=1):
                if one != other or length > lib_ter._MAX_SHIFT_SIZE:
                    break
                yield start, place, length


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
    words: list[int], reference: list[int], shifts: Sequence[Shift]
) -> Words:
    """Return the edit distance to the reference after each shift."""
    written = np.array(words, dtype=np.int32)
    size = max(1, WORDS_IN_MEMORY // len(words))
    found = []
    for start in range(0, len(shifts), size):
        orders = [_order(len(words), shift) for shift in shifts[start : start + size]]
        for row in _beam_rows(written[np.array(orders)], reference):
            last = row
        found.append(last[:, -1])
    return np.concatenate(found)


def _beam_rows(translations: Words, reference: list[int]) -> Iterator[Words]:
    """Yield the rows of the edit distance within sacreBLEU's beam, first to last.

    Each has the cost of every beginning of the reference, shape (translations,
    reference words + 1), after one word more of the translations.

    Args:
        translations: word numbers, shape (translations, words).
        reference: word numbers of the reference.
    """
    count, words = translations.shape
    wanted, columns = np.array(reference, dtype=np.int32), len(reference) + 1
    ratio = len(reference) / words if words else 1.0
    is_steep = ratio / 2 > lib_ter._BEAM_WIDTH
    beam = lib_ter._BEAM_WIDTH
    width = math.ceil(ratio / 2 + beam) if is_steep else beam
    ramp = np.arange(columns, dtype=np.int32)
    above = np.tile(ramp, (count, 1))
    yield above
    for number in range(1, words + 1):
        diagonal = math.floor(number * ratio)
        low = max(0, diagonal - width)
        high = columns if number == words else min(columns, diagonal + width)
        costs = above[:, low:high] + 1
        start = max(low, 1)
        is_other = translations[:, number - 1, None] != wanted[start - 1 : high - 1]
        replaced = above[:, start - 1 : high - 1] + is_other
        inner = costs[:, start - low :]
        np.minimum(inner, replaced, out=inner)
        # insertions: what stands left of a cell costs one more a step
        costs -= ramp[low:high]
        np.minimum.accumulate(costs, axis=1, out=costs)
        costs += ramp[low:high]
        above = np.full((count, columns), UNREACHED, dtype=np.int32)
        above[:, low:high] = costs
        yield above


def _trace(costs: Words, words: list[int], reference: list[int]) -> str:
    """Return the edits that turn the reference into the translation.

    One letter each: a space keeps a word, ``s`` replaces, ``i`` inserts and ``d``
    deletes one. Where several are cheapest, Tercom takes them in the order of: keep
    or replace, insert, delete.
    """
    table = costs.tolist()
    row, column = len(words), len(reference)
    trace = []
    while row or column:
        cost = table[row][column]
        is_same = bool(row and column) and words[row - 1] == reference[column - 1]
        if row and column and table[row - 1][column - 1] + (not is_same) == cost:
            trace.append(" " if is_same else "s")
            row, column = row - 1, column - 1
        elif row and table[row - 1][column] + 1 == cost:
            trace.append("i")
            row -= 1
        else:
            trace.append("d")
            column -= 1
    return "".join(reversed(trace))
