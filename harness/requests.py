"""What a formulation asks a model about one example, and what the model answers.

Requests and answers are frozen values. Both travel as JSON (to the store, to a
worker) by `to_json` and `from_json`, and a request's identity is the hash of that
JSON: equal requests are asked once.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeVar, get_args

BLANK = "{blank}"
"""What stands for the missing word in the text of a `Fill`."""
JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]

Side = Literal["left", "right", "both"]
"""Which end of a text is cut where it is too long for a model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Ask for log P(choice given context) of every choice.

    `shorter` holds the same context with fewer exemplars, one less each; the first
    of ``(context, *shorter)`` that fits the model is asked.
    """

    context: str
    choices: tuple[str, ...]
    shorter: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Generate:
    """Ask for a continuation (decoder) or transformation (encoder-decoder).

    Attributes:
        prompt: what comes before.
        stop: texts that end it; none is part of the answer.
        max_tokens: most tokens written.
        beams: width of the beam search; 1 is greedy, or a draw.
        length_penalty: a beam's summed log-probability is divided by its length to
            this power.
        temperature: 0 takes the most probable token; above 0 draws, and what is drawn
            depends on the prompt and `sample` alone, never on the batch.
        top_p: draws from the most probable tokens that together have this share.
        sample: which draw, where several are asked for.
        shorter: the prompt with fewer exemplars, one less each.
        is_message: whether the prompt is a user's message to a chat model, around which
            its template goes, and no text to go on with.
    """

    prompt: str
    stop: tuple[str, ...] = ()
    max_tokens: int = 64
    beams: int = 1
    length_penalty: float = 1.0
    temperature: float = 0.0
    top_p: float = 1.0
    sample: int = 0
    shorter: tuple[str, ...] = ()
    is_message: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Classify:
    """Ask a trained head for the probability of every label."""

    text: str
    pair: str | None = None
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Regress:
    """Ask a trained head for a value."""

    text: str
    pair: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """Ask a trained head for the span of the context that answers the question.

    Attributes:
        question: what is asked.
        context: what holds the answer, or doesn't.
        n_best: how many spans the answer lists, the best among them.
    """

    question: str
    context: str
    n_best: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """Ask for the probability of each candidate in the text's one `{blank}`.

    The answer's probabilities sum to 1: they compare the candidates with one another.
    """

    text: str
    candidates: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choose:
    """Ask a trained head to score every choice after the context."""

    context: str
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """Ask a trained head for a label of every word."""

    words: tuple[str, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """Ask what the model would have said at each word, given the true words before."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Embed:
    """Ask for a vector."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Likelihood:
    """Ask for the total log-likelihood of a text, rolling over long ones."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PseudoLikelihood:
    """Ask for the pseudo-log-likelihood of a text, each token given all the others.

    Salazar et al. 2020, https://arxiv.org/abs/1910.14659. It is no log-likelihood, so
    it is never compared with one: a type of its own keeps them apart.
    """

    text: str


Request = (
    Score
    | Generate
    | Classify
    | Regress
    | Extract
    | Fill
    | Choose
    | Tag
    | Follow
    | Embed
    | Likelihood
    | PseudoLikelihood
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What every answer records: nothing that was cut is silent.

    Attributes:
        tokens: tokens that the model read for this request, 0 where unknown.
        written_tokens: tokens that it wrote, 0 where unknown.
        truncated_tokens: tokens of the request that did not fit and were cut.
        truncated_side: which end they were cut from; None where nothing was cut, or
            the model does not say.
        dropped_shots: exemplars dropped so that the request fits.
    """

    tokens: int = 0
    written_tokens: int = 0
    truncated_tokens: int = 0
    truncated_side: Side | None = None
    dropped_shots: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreAnswer(Answer):
    """Answer `Score`: natural-log probabilities, one entry a choice."""

    log_probabilities: tuple[float, ...]
    is_greedy: tuple[bool, ...]
    token_counts: tuple[int, ...]
    byte_counts: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateAnswer(Answer):
    """Answer `Generate`.

    Attributes:
        text: what was written, without the stop text.
        finish_reason: ``stop`` (a stop text), ``end`` (the model's own end), ``length``,
            or ``filter`` (a server withheld the rest).
    """

    text: str
    finish_reason: str = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifyAnswer(Answer):
    """Answer `Classify`: probabilities in the order of the request's labels."""

    probabilities: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegressAnswer(Answer):
    """Answer `Regress`."""

    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractAnswer(Answer):
    """Answer `Extract`; `start` counts characters of the context, None is no answer.

    `n_best_texts`, `n_best_starts` and `n_best_scores` list the best spans, different
    ones, the best first; a model may list fewer than were asked for.
    """

    text: str
    start: int | None
    score: float
    no_answer_score: float
    n_best_texts: tuple[str, ...] = ()
    n_best_starts: tuple[int, ...] = ()
    n_best_scores: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FillAnswer(Answer):
    """Answer `Fill`: probabilities in the order of the candidates."""

    probabilities: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseAnswer(Answer):
    """Answer `Choose`: one score a choice, the highest wins."""

    scores: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TagAnswer(Answer):
    """Answer `Tag`: one label and its probability a word."""

    labels: tuple[str, ...]
    probabilities: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowAnswer(Answer):
    """Answer `Follow`: one prediction a word, empty where the model says none."""

    predictions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedAnswer(Answer):
    """Answer `Embed`: a vector of the model's width."""

    vector: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextAnswer(Answer):
    """What answers about a whole text hold: a sum in nats and what it was counted over.

    Words are what `str.split` finds, bytes those of UTF-8.
    """

    nats: float
    token_count: int
    word_count: int
    byte_count: int

    @property
    def token_perplexity(self) -> float:
        """The exponential of the mean negative log-likelihood of a token."""
        return _perplexity(self.nats, self.token_count)

    @property
    def word_perplexity(self) -> float:
        """The same by words, so that models of different tokenizers compare."""
        return _perplexity(self.nats, self.word_count)

    @property
    def byte_perplexity(self) -> float:
        """The same by bytes."""
        return _perplexity(self.nats, self.byte_count)

    @property
    def bits_per_byte(self) -> float:
        """The mean negative log-likelihood of a byte, in bits; NaN of no bytes."""
        if not self.byte_count:
            return math.nan
        return -self.nats / self.byte_count / math.log(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class LikelihoodAnswer(TextAnswer):
    """Answer `Likelihood`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PseudoLikelihoodAnswer(TextAnswer):
    """Answer `PseudoLikelihood`: its perplexities are pseudo-perplexities."""


REQUEST_TYPES: dict[str, type[Request]] = {t.__name__: t for t in get_args(Request)}
_ANSWERS = (
    ScoreAnswer,
    GenerateAnswer,
    ClassifyAnswer,
    RegressAnswer,
    ExtractAnswer,
    FillAnswer,
    ChooseAnswer,
    TagAnswer,
    FollowAnswer,
    EmbedAnswer,
    LikelihoodAnswer,
    PseudoLikelihoodAnswer,
)
ANSWER_TYPES: dict[str, type[Answer]] = {t.__name__: t for t in _ANSWERS}
ANSWER_OF: dict[type[Request], type[Answer]] = {
    asked: ANSWER_TYPES[f"{name}Answer"] for name, asked in REQUEST_TYPES.items()
}
"""What answers each type of request."""

HEAD_REQUESTS: frozenset[type[Request]] = frozenset(
    {Classify, Regress, Extract, Choose, Tag}
)
"""What only a trained head answers; all else a model may answer as it is."""

EXEMPLAR_REQUESTS: frozenset[type[Request]] = frozenset({Score, Generate})
"""What carries itself with fewer exemplars too, so that the first that fits is asked."""

Value = TypeVar("Value")


def _perplexity(nats: float, count: int) -> float:
    """Return NaN of nothing, infinity where a float can't hold the value."""
    if not count:
        return math.nan
    try:
        return math.exp(-nats / count)
    except OverflowError:
        return math.inf


def to_json(value: Request | Answer) -> str:
    """Write a request or answer as canonical JSON: sorted keys, type under ``kind``."""
    body: dict[str, Any] = {f.name: getattr(value, f.name) for f in fields(value)}
    body["kind"] = type(value).__name__
    return json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def answer_from_json(text: str) -> Answer:
    """Read an answer that `to_json` wrote."""
    body: dict[str, Any] = json.loads(text)
    return _rebuild(ANSWER_TYPES[body.pop("kind")], body)


def request_from_json(text: str) -> Request:
    """Read a request that `to_json` wrote."""
    body: dict[str, Any] = json.loads(text)
    return _rebuild(REQUEST_TYPES[body.pop("kind")], body)


def request_key(request: Request) -> str:
    """Return the identity of a request: SHA-256 of its canonical JSON, in hex."""
    return hashlib.sha256(to_json(request).encode()).hexdigest()


def _rebuild(cls: type[Value], body: Mapping[str, Any]) -> Value:
    return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in body.items()})
