"""Models: how they are named, what they can be asked, and the adapter protocols.

A model's name is ``adapter:checkpoint[,option=value]``. An entry describes a model
without loading weights (`describe`) and loads it (`load`). An adapter is written at
one of two levels: `SimpleAdapter` (``answer(requests)``) is enough; `Adapter` adds
token-level control for speed. Baselines are predictors: they see examples, not
requests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    Literal,
    NamedTuple,
    Protocol,
    runtime_checkable,
)

from harness.errors import UsageError
from harness.requests import Answer, Generate, JsonValue, Request, Side
from harness.task import Example, Task, parse_spec

if TYPE_CHECKING:
    from torch import nn

Precision = Literal["fp32", "bf16", "fp16"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelName:
    """A model's name, taken apart.

    Attributes:
        adapter: which entry serves it.
        checkpoint: a Hub id, a folder, a built-in name, or empty (baselines).
        options: the adapter's options.
    """

    adapter: str
    checkpoint: str
    options: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> ModelName:
        """Parse ``adapter:checkpoint[,option=value]``.

        Raises:
            UsageError: there is no adapter before a colon, or an option is malformed.
        """
        adapter, colon, rest = text.partition(":")
        if not colon or not adapter:
            raise UsageError(
                f"model {text!r} names no adapter: write adapter:checkpoint, such as "
                "bert:tiny or majority:"
            )
        try:
            checkpoint, options = parse_spec(rest)
        except ValueError as error:
            raise UsageError(
                f"model {text!r}: {error}: write adapter:checkpoint,option=value"
            ) from error
        return cls(adapter=adapter, checkpoint=checkpoint, options=options)

    def __str__(self) -> str:
        options = "".join(f",{key}={value}" for key, value in self.options.items())
        return f"{self.adapter}:{self.checkpoint}{options}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSettings:
    """Where and how a model is loaded.

    Attributes:
        device: ``cpu``, ``cuda`` or ``cuda:1``.
        dtype: precision of weights and activations.
        seed: seeds what a random initialisation draws.
    """

    device: str = "cpu"
    dtype: Precision = "fp32"
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """What is known of a model before its weights load.

    Attributes:
        abilities: the request types it can answer as it is.
        trainable: the head kinds that it can be fine-tuned for. With ``language`` it
            is trained on the requests among its abilities.
        pretrains: what its own output layer can be trained to say of plain text:
            ``masked`` words, ``pairs`` (masked words, and whether a text follows the
            other), ``orders`` (words in any order), ``causal`` or ``rewritten``.
        head: the trained head that the checkpoint carries, if any.
        fingerprint: SHA-256 over all that changes an answer: weights, configuration,
            tokenizer, adapter code revision and options.
        parameters: how many parameters the model has, None where unknown.
        max_tokens: the longest input, None where there is no bound.
        prefers: formulation and prompt names that suit the model best, in order.
        prefers_trained: what comes before these where it is fine-tuned.
        suggested_learning_rate: for training all its weights, where settings name
            none; None where the model can't say.
        token_prices: what a million tokens cost, read and written; None where nothing
            is paid for, or nobody says.
        facts: what else a reader of its scores should know, by name: whether a chat
            template is applied, the beginning-of-text token, the tokenizer's file.
            Under a request type's name, such as ``Score``: why it can't be asked.
    """

    abilities: frozenset[type[Request]]
    trainable: frozenset[str] = frozenset()
    pretrains: frozenset[str] = frozenset()
    head: Head | None = None
    fingerprint: str
    parameters: int | None = None
    max_tokens: int | None = None
    prefers: tuple[str, ...] = ()
    prefers_trained: tuple[str, ...] = ()
    suggested_learning_rate: float | None = None
    token_prices: tuple[float, float] | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A trained head: what a formulation needs and a recipe trains.

    Attributes:
        kind: ``classify``, ``regress``, ``choose``, ``extract`` or ``tag``; or a layer
            that the model has of its own: ``language`` (what it says next), ``fill``
            (what a masked word is).
        labels: label names in the order of the outputs, empty where there are none.
    """

    kind: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """One request, ready for the model.

    Attributes:
        key: identifies the request within its stream; comes back with the answer.
        request: what was asked.
        cost: what it adds to a batch, in tokens (estimated for simple adapters).
        ids: token ids; empty for simple adapters.
        prefix_group: requests of one group share a prefix worth computing once.
        truncated_tokens: tokens that were cut so that the request fits.
        truncated_side: which end is cut where something is; None where that is unknown.
        extra: what else the adapter wants to carry (segment ids, choice bounds).
    """

    key: int
    request: Request
    cost: int
    ids: Sequence[int] = ()
    prefix_group: str | None = None
    truncated_tokens: int = 0
    truncated_side: Side | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much one forward may hold, in the unit of `Encoded.cost`.

    Where texts are written it bounds what one forward reads of prompts, and with that
    how many texts are written at once; a text's cost, all that it may come to hold,
    only says which come first.
    """

    tokens: int


@runtime_checkable
class SimpleAdapter(Protocol):
    """The smallest adapter: batches are cut by the engine, four characters a token."""

    def answer(self, requests: Sequence[Request]) -> Sequence[Answer]:
        """Answer every request, in order."""


@runtime_checkable
class Session(Protocol):
    """Answers a stream of encoded requests, in any order."""

    def answer(
        self, stream: Iterable[Encoded], budget: Budget
    ) -> Iterator[tuple[int, Answer]]:
        """Yield each answer with its request's key as soon as it is known.

        Raises:
            OutOfMemoryError: a batch did not fit; the engine asks again for what is
                missing, with half the budget.
        """


class Positions(NamedTuple):
    """Positions of forwards: those that held a token, and all that were computed."""

    held: int
    computed: int


@runtime_checkable
class Measured(Protocol):
    """A session that knows how much of what it computed was padding."""

    @property
    def positions(self) -> Positions:
        """What it computed so far."""


@runtime_checkable
class Adapter(Protocol):
    """The full adapter: encodes in batches and answers a stream.

    One whose `encode` may run in a thread beside its session says so by an attribute
    ``encodes_ahead = True``: the next requests are then encoded while the model
    answers the last ones.
    """

    def encode(self, requests: Sequence[Request]) -> list[Encoded]:
        """Tokenise requests in one batch; keys are positions in the sequence.

        A request that does not fit the model's longest input as it is has
        `Encoded.truncated_tokens`; if it has exemplars, it is encoded again with
        fewer.
        """

    def session(self) -> Session:
        """Open a session; one session serves one stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingExample:
    """A request with its right answer: what a head is trained to say."""

    request: Request
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A micro-batch's summed loss and the number of terms in the sum."""

    total: Any
    count: int


@runtime_checkable
class Trainable(Protocol):
    """What an adapter implements so that recipes can train it."""

    def prepare(self, head: Head, *, seed: int) -> nn.Module:
        """Attach a freshly seeded head and return the module that holds all weights."""

    def encode_training(self, examples: Sequence[TrainingExample]) -> list[Encoded]:
        """Tokenise training examples in one batch; `Encoded.extra` holds targets."""

    def loss(self, batch: Sequence[Encoded], *, label_smoothing: float = 0.0) -> Loss:
        """Run the prepared module on a micro-batch and return its summed loss.

        Args:
            batch: what `encode_training` made.
            label_smoothing: the share of a cross-entropy's target that is spread
                evenly over all classes; nothing where a value is trained.
        """

    def save(self, folder: Path) -> None:
        """Write a checkpoint that the adapter's entry can load, head included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewModel:
    """How a family makes a model that has learnt nothing, its tokenizer included.

    Attributes:
        settings: a frozen dataclass whose fields are the sizes, with defaults.
        write: writes a checkpoint that the entry can load, given the settings, texts
            to learn the tokenizer's vocabulary from, a seed, and a folder to make.
        learning_rate: for training it, where settings name none.
    """

    settings: type
    write: Callable[[Any, Sequence[str], int, Path], None]
    learning_rate: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """What a plugin registers for one family of models.

    Attributes:
        name: the adapter's name, before the colon.
        summary: one line for `harness list models`.
        examples: names that work, such as ``bert:tiny``.
        describe: reads configuration and hashes files, loads no weights.
        load: loads the model.
        options: option names with what each does.
        worded: what the model reads for a `Generate` request, where that is more than
            its prompt (a chat template around a message); None where it reads it as it
            is. For `harness show`; loads no weights.
        new: makes models from scratch, None where the family can't.
        is_remote: whether a server computes, on a device and in a precision of its own.
    """

    name: str
    summary: str
    examples: tuple[str, ...]
    describe: Callable[[ModelName], ModelCard]
    load: Callable[[ModelName, LoadSettings], SimpleAdapter | Adapter]
    options: Mapping[str, str] = field(default_factory=dict)
    worded: Callable[[ModelName, Generate], str | None] | None = None
    new: NewModel | None = None
    is_remote: bool = False


class Predictor(Protocol):
    """A baseline: predicts from the examples and the training targets alone."""

    def predict(
        self,
        task: Task,
        examples: Sequence[Example],
        train_targets: Sequence[JsonValue],
    ) -> list[JsonValue]:
        """Return one target for every example, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictorEntry:
    """What a plugin registers for a baseline.

    Attributes:
        name: the baseline's name, before the colon.
        summary: one line for `harness list models`.
        make: makes the predictor from options and a seed.
        needs_training_targets: whether it looks at training targets where the problem
            does; without a training split it gets those it is asked about.
        trains: whether it learns from training targets itself; then a task must have
            a training split.
        refuses: why it can't answer a task, None where it can; by default it can.
        options: option names with what each does.
    """

    name: str
    summary: str
    make: Callable[[Mapping[str, str], int], Predictor]
    needs_training_targets: bool = False
    trains: bool = False
    refuses: Callable[[Task], str | None] = lambda _task: None
    options: Mapping[str, str] = field(default_factory=dict)
