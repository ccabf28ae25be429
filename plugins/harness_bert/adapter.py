"""The BERT adapter: answers from a trained head, and can be trained."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from harness import (
    Budget,
    CheckpointError,
    Encoded,
    Head,
    LoadSettings,
    Loss,
    ModelName,
    PluginError,
    TrainingExample,
    cut_batches,
)
from harness.requests import (
    Answer,
    Classify,
    ClassifyAnswer,
    Regress,
    RegressAnswer,
    Request,
)
from harness_bert.checkpoint import Checkpoint, open_checkpoint
from harness_bert.config import BertConfig
from harness_bert.model import BertClassifier, Pooler, initialise
from harness_bert.names import POOLER
from harness_bert.tiny import tiny_scale
from harness_bert.tokenizer import load_tokenizer
from harness_torch.checkpoint import load_strictly, read_tensors, save_checkpoint
from harness_torch.device import DTYPES, memory_errors, pick_device
from harness_torch.heads import (
    check_asks,
    count_outputs,
    head_settings,
    label_order,
    training_target,
)
from harness_torch.packed import pack
from harness_torch.tokenizer import TextTokenizer


def load_bert(name: ModelName, settings: LoadSettings) -> BertAdapter:
    """Load a checkpoint, or draw `bert:tiny` from the settings' seed.

    Raises:
        UsageError: an option or the device is wrong.
        CheckpointError: the checkpoint can't be used.
    """
    device = pick_device(settings)
    checkpoint = open_checkpoint(name)
    tokenizer = load_tokenizer(checkpoint)
    module = _build(checkpoint, settings.seed)
    return BertAdapter(
        checkpoint=checkpoint,
        module=module.to(device).eval(),
        tokenizer=tokenizer,
        dtype=DTYPES[settings.dtype],
    )


class BertAdapter:
    """Answers `Classify` and `Regress` requests with one module, and trains it.

    The module holds fp32 weights until the first session casts them; once prepared
    for training they stay fp32 and lower precision is autocast.
    """

    def __init__(
        self,
        *,
        checkpoint: Checkpoint,
        module: BertClassifier,
        tokenizer: TextTokenizer,
        dtype: torch.dtype,
    ) -> None:
        self._checkpoint = checkpoint
        self._module = module
        self._tokenizer = tokenizer
        self._dtype = dtype
        self._head = checkpoint.head
        self._is_prepared = False

    @property
    def module(self) -> BertClassifier:
        """The module that answers."""
        return self._module

    def fits(self, request: Request) -> bool:
        """Tell whether the request fits without being cut."""
        (encoded,) = self.encode([request])
        return encoded.truncated_tokens == 0

    def encode(self, requests: Sequence[Request]) -> list[Encoded]:
        """Tokenise requests in one batch; segments go into `Encoded.extra`."""
        texts = [self._texts(request) for request in requests]
        rows = zip(requests, self._tokenizer.encode(texts), strict=True)
        return [
            Encoded(
                key=key,
                request=request,
                cost=len(tokens.ids),
                ids=tokens.ids,
                truncated_tokens=tokens.truncated,
                extra={"segments": tokens.segments},
            )
            for key, (request, tokens) in enumerate(rows)
        ]

    def session(self) -> BertSession:
        """Open a session over the module's weights as they stand.

        Raises:
            CheckpointError: there is no trained head.
        """
        if self._head is None:
            raise CheckpointError(
                f"{self._checkpoint.title} carries no trained head: fine-tune it first, "
                "as with --regime finetune:full"
            )
        if not self._is_prepared:
            self._module.to(self._dtype)
        return BertSession(
            self._module, self._head, self._checkpoint.title, autocast=self._dtype
        )

    def prepare(self, head: Head, *, seed: int) -> nn.Module:
        """Attach a freshly seeded head and return the module that holds all weights.

        Raises:
            PluginError: the head is of a kind that this model has not, or the model
                was trained or cast before, so that it no longer is the base model.
        """
        is_cast = next(self._module.parameters()).dtype != torch.float32
        if self._is_prepared or is_cast:
            raise PluginError(
                f"{self._checkpoint.title} was already used: load it again, so that "
                "training starts from the checkpoint's own weights"
            )
        generator = torch.Generator().manual_seed(seed)
        config, device = self._checkpoint.config, self._device
        if self._checkpoint.weights is not None and not self._checkpoint.has_pooler:
            self._module.bert.pooler = _fresh(Pooler(config), config, generator, device)
        layer = nn.Linear(
            config.hidden_size, count_outputs(head, self._checkpoint.title)
        )
        self._module.classifier = _fresh(layer, config, generator, device)
        self._head = head
        self._is_prepared = True
        return self._module

    def encode_training(self, examples: Sequence[TrainingExample]) -> list[Encoded]:
        """Tokenise training examples in one batch; `extra` holds segments and target.

        The target is a probability for each of the head's labels, or a value.
        """
        head, title = self._prepared_head(), self._checkpoint.title
        encoded = self.encode([example.request for example in examples])
        targets = [training_target(example, head, title) for example in examples]
        return [
            replace(item, extra={**item.extra, "target": target})
            for item, target in zip(encoded, targets, strict=True)
        ]

    def loss(self, batch: Sequence[Encoded]) -> Loss:
        """Return the summed cross-entropy, or squared error, of a micro-batch."""
        head = self._prepared_head()
        ordered = sorted(batch, key=lambda item: item.cost)
        logits = _logits(self._module, ordered, self._device)
        targets = torch.tensor(
            [item.extra["target"] for item in ordered], device=self._device
        )
        total = (
            F.mse_loss(logits, targets, reduction="sum")
            if head.kind == "regress"
            else F.cross_entropy(logits, targets, reduction="sum")
        )
        return Loss(total=total, count=len(ordered))

    def save(self, folder: Path) -> None:
        """Write a checkpoint with its head, in Hugging Face format."""
        save_checkpoint(
            folder,
            module=self._module,
            config=_saved_config(self._checkpoint.config, self._prepared_head()),
            files=self._tokenizer.files,
        )

    @property
    def _device(self) -> torch.device:
        return next(self._module.parameters()).device

    def _texts(self, request: Request) -> tuple[str, str | None]:
        if not isinstance(request, Classify | Regress):
            raise PluginError(
                f"{self._checkpoint.title} was asked a {type(request).__name__} request: "
                "it answers Classify or Regress, so choose the head formulation"
            )
        return request.text, request.pair

    def _prepared_head(self) -> Head:
        if self._head is None:
            raise PluginError(
                f"{self._checkpoint.title} has no head yet: call prepare first"
            )
        return self._head


class BertSession:
    """Answers a stream, batch by batch, with the module's weights as they stand."""

    def __init__(
        self, module: BertClassifier, head: Head, title: str, *, autocast: torch.dtype
    ) -> None:
        self._module = module
        self._head = head
        self._title = title
        self._autocast = autocast

    def answer(
        self, stream: Iterable[Encoded], budget: Budget
    ) -> Iterator[tuple[int, Answer]]:
        """Yield the answers of each batch as soon as it is computed.

        Raises:
            OutOfMemoryError: a batch did not fit.
            CheckpointError: a request's labels are not the head's.
        """
        self._module.eval()
        for batch in cut_batches(stream, budget.tokens):
            ordered = sorted(batch, key=lambda item: item.cost)
            for item, row in zip(ordered, self._forward(ordered), strict=True):
                yield item.key, self._answer(item, row)

    def _forward(self, batch: Sequence[Encoded]) -> list[list[float]]:
        """Return probabilities, or values, on the host."""
        parameter = next(self._module.parameters())
        tokens = sum(item.cost for item in batch)
        with (
            torch.inference_mode(),
            torch.autocast(
                parameter.device.type,
                self._autocast,
                enabled=parameter.dtype != self._autocast,
            ),
            memory_errors(f"a batch of {tokens} tokens"),
        ):
            logits = _logits(self._module, batch, parameter.device)
            if self._head.kind == "classify":
                logits = logits.softmax(dim=-1)
            rows: list[list[float]] = logits.view(len(batch), -1).tolist()
        return rows

    def _answer(self, item: Encoded, row: list[float]) -> Answer:
        read, cut = len(item.ids), item.truncated_tokens
        check_asks(item.request, self._head, self._title)
        if isinstance(item.request, Classify):
            order = label_order(item.request.labels, self._head, self._title)
            probabilities = tuple(row[place] for place in order)
            return ClassifyAnswer(
                probabilities=probabilities, tokens=read, truncated_tokens=cut
            )
        return RegressAnswer(value=row[0], tokens=read, truncated_tokens=cut)


def _build(checkpoint: Checkpoint, seed: int) -> BertClassifier:
    config = checkpoint.config
    head = checkpoint.head
    outputs = None if head is None else count_outputs(head, checkpoint.title)
    if checkpoint.weights is None or checkpoint.folder is None:
        return _draw_tiny(config, seed)
    with torch.device("meta"):
        module = BertClassifier(config, outputs)
    missing = load_strictly(
        module,
        read_tensors(checkpoint.weights, checkpoint.names),
        origin=checkpoint.folder,
        may_lack=POOLER if outputs is None else frozenset(),
    )
    if missing:
        module.bert.pooler = Pooler(config)
    return module


def _draw_tiny(config: BertConfig, seed: int) -> BertClassifier:
    module = BertClassifier(config, None)
    generator = torch.Generator().manual_seed(seed)
    initialise(module, std=config.initializer_range, generator=generator)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            parameter.mul_(tiny_scale(name))
    return module


def _saved_config(config: BertConfig, head: Head) -> dict[str, Any]:
    kept = {
        key: value
        for key, value in config.raw.items()
        if key not in ("_name_or_path", "torch_dtype", "transformers_version")
    }
    return {
        **kept,
        **head_settings(head),
        "architectures": ["BertForSequenceClassification"],
        "dtype": "float32",
    }


Layer = TypeVar("Layer", bound=nn.Module)


def _fresh(
    layer: Layer,
    config: BertConfig,
    generator: torch.Generator,
    device: torch.device,
) -> Layer:
    initialise(layer, std=config.initializer_range, generator=generator)
    return layer.to(device)


def _logits(
    module: BertClassifier, batch: Sequence[Encoded], device: torch.device
) -> Tensor:
    """Return fp32 logits: ``(sequences, labels)``, or ``(sequences,)`` of one output."""
    packed = pack(
        [item.ids for item in batch],
        [item.extra["segments"] for item in batch],
        device=device,
    )
    logits: Tensor = module(packed).float()
    return logits.squeeze(1) if logits.shape[1] == 1 else logits
