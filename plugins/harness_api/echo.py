"""Log-probabilities of a prompt, as servers give them with ``echo`` and ``logprobs``.

Pure: no connection. Tokens are found in the text by their own texts, because servers
count ``text_offset`` in different units (characters, bytes, with or without the special
token at the beginning). A token that is not where it should be makes the whole answer
unusable: what is shifted by one looks just like what is right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from harness_api.dialect import Usage, is_number, read_choice, read_usage
from harness_api.retry import Garbage

_BROKEN = "\N{REPLACEMENT CHARACTER}"  # part of a character's bytes
_BYTES = "bytes:\\x"  # how OpenAI writes them
_WIDEST = 4  # characters that a broken token may stand for
_UNSPELT = 32  # the same for one without text: some servers leave special tokens out
_ROUNDING = 1e-6

Json = Any


class Piece(NamedTuple):
    """One token of a text.

    Attributes:
        start: where it begins, in characters.
        end: where it ends; tokens that are parts of characters share the whole run.
        is_part: whether it holds no whole characters of its own.
        log_probability: natural; None for the first, which nothing precedes.
        is_greedy: whether no other token was more probable.
    """

    start: int
    end: int
    is_part: bool
    log_probability: float | None
    is_greedy: bool


class Echo(NamedTuple):
    """A prompt and what was written after it, token by token.

    Attributes:
        written: the text after the prompt.
        pieces: all tokens, those of the written text too.
        usage: what it cost.
    """

    written: str
    pieces: list[Piece]
    usage: Usage


class Scored(NamedTuple):
    """What tokens add up to."""

    log_probability: float
    is_greedy: bool
    tokens: int


def read_echo(reply: Json, prompt: str) -> Echo:
    """Read an echoed prompt with its log-probabilities.

    Raises:
        Garbage: it is not echoed, or its tokens and log-probabilities do not cover it.
    """
    choice = read_choice(reply)
    text = choice.get("text")
    if not isinstance(text, str) or not text.startswith(prompt):
        raise Garbage("the prompt is not echoed")
    logprobs = choice.get("logprobs")
    if not isinstance(logprobs, dict):
        raise Garbage("the prompt's log-probabilities are missing")
    tokens = _list(logprobs, "tokens")
    if not all(isinstance(token, str) for token in tokens):
        raise Garbage("logprobs.tokens holds what is no text")
    values = _list(logprobs, "token_logprobs", len(tokens))
    tops = _list(logprobs, "top_logprobs", len(tokens))
    usage, written = read_usage(reply), text[len(prompt) :]
    places = _locate_all(prompt, written, tokens, usage)
    pieces = [
        Piece(*place, *_read_value(index, value, top))
        for index, (place, value, top) in enumerate(
            zip(places, values, tops, strict=True)
        )
    ]
    return Echo(written, pieces, usage)


def score_after(echo: Echo, boundary: int, end: int) -> Scored:
    """Add up the tokens of ``text[boundary:end]``.

    A token belongs to it that ends after the boundary, so that the blank before a word
    counts with the word wherever the boundary stands.

    Raises:
        Garbage: the boundary stands among parts of characters, or the first token of
            all is asked, which has no probability.
    """
    chosen = [
        piece
        for piece in echo.pieces
        if piece.start < end and _is_after(piece, boundary)
    ]
    values = [piece.log_probability for piece in chosen]
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        raise Garbage(
            "the text's first token has no log-probability, because nothing stands "
            "before it"
        )
    greedy = all(piece.is_greedy for piece in chosen)
    return Scored(sum(known, 0.0), greedy, len(known))


def locate(text: str, tokens: Sequence[str]) -> list[tuple[int, int, bool]]:
    """Return start and end of each token in a text, and whether it is part of a run.

    Tokens that are parts of characters form a run, up to the next that is not; each
    gets the run's bounds. A token may lack blanks that stand before it. The first may
    be special, and stand nowhere.

    Raises:
        Garbage: the tokens do not make up the text.
    """
    places: list[tuple[int, int, bool]] = []
    position, run, room = 0, 0, 0
    for index, token in enumerate(tokens):
        if _is_part(token):
            run += 1
            room += _WIDEST if token else _UNSPELT
            continue
        start = _find(text, token, position, room)
        if start < 0 and not index:
            places.append((0, 0, False))
            continue
        if start < 0:
            raise Garbage(f"token {index} is not where the text has it")
        places += [(position, start, True)] * run
        begin = start if run else position  # blanks that the token lacks are its own
        places.append((begin, start + len(token), False))
        position, run, room = start + len(token), 0, 0
    places += [(position, len(text), True)] * run
    if not run and text[position:].strip():
        raise Garbage("the tokens end before the text does")
    return places


def _locate_all(
    prompt: str, written: str, tokens: Sequence[str], usage: Usage
) -> list[tuple[int, int, bool]]:
    """Return the places of a prompt's tokens and of the one that was written.

    The two never share a run. A written token that has no text (the end, a part of a
    character) is told from the prompt's last by what the server counted.
    """
    last = tokens[-1] if tokens else ""
    is_own = not _is_part(last) and prompt.endswith(last)
    is_listed = bool(written) or (usage.written > 0 and not is_own)
    if not tokens or not is_listed:
        return locate(prompt, tokens)
    if written and not _is_part(last) and last.strip() != written.strip():
        raise Garbage("the last token is not the one that was written")
    place = (len(prompt), len(prompt) + len(written), _is_part(last))
    return [*locate(prompt, tokens[:-1]), place]


def _find(text: str, token: str, position: int, room: int) -> int:
    """Return where a token stands, -1 if nowhere.

    Args:
        text: all of it.
        token: what to find.
        position: where the token before it ends.
        room: how far on it may be, after parts of characters.
    """
    if room:
        return text.find(token, position, position + room + len(token))
    if text.startswith(token, position):
        return position
    rest = text[position:]
    start = position + len(rest) - len(rest.lstrip())
    return start if text.startswith(token, start) else -1


def _is_part(token: str) -> bool:
    return not token or _BROKEN in token or token.startswith(_BYTES)


def _is_after(piece: Piece, boundary: int) -> bool:
    if piece.is_part and piece.start < boundary < piece.end:
        raise Garbage("the choice begins among parts of characters")
    is_special = piece.log_probability is None and piece.end == 0
    return not is_special and (piece.start >= boundary or piece.end > boundary)


def _read_value(index: int, value: Json, top: Json) -> tuple[float | None, bool]:
    if index == 0:  # some servers give it, though nothing stands before it
        return None, False
    if not is_number(value) or value > _ROUNDING:
        raise Garbage(f"logprobs.token_logprobs[{index}] is no log-probability")
    return float(value), value >= _highest(index, top) - _ROUNDING


def _highest(index: int, top: Json) -> float:
    if not isinstance(top, Mapping) or not top or not all(map(is_number, top.values())):
        raise Garbage(f"logprobs.top_logprobs[{index}] is no object of numbers")
    return float(max(top.values()))


def _list(
    holder: Mapping[str, Json], field: str, count: int | None = None
) -> list[Json]:
    value = holder.get(field)
    if not isinstance(value, list) or count not in (None, len(value)):
        raise Garbage(f"logprobs.{field} is no list with one item a token")
    return value
