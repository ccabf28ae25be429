"""The BERT adapter: answers from a trained head, and can be trained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from harness import Encoded, Head, LoadSettings, ModelName
from harness_bert.checkpoint import BertCheckpoint, has_pooler, open_checkpoint
from harness_bert.config import BertConfig
from harness_bert.model import BertClassifier, Pooler, initialise
from harness_bert.names import POOLER
from harness_bert.tiny import tiny_scale
from harness_bert.tokenizer import load_tokenizer
from harness_torch.abilities import Abilities
from harness_torch.checkpoint import load_strictly, read_tensors
from harness_torch.device import DTYPES, pick_device
from harness_torch.heads import HEAD_OF, count_outputs, head_settings
from harness_torch.packed import pack
from harness_torch.tokenizer import TextTokenizer
from harness_torch.trainable import TrainableAdapter
from harness_torch.vector_heads import VectorHead

Layer = TypeVar("Layer", bound=nn.Module)


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


class BertAdapter(TrainableAdapter):
    """Answers with one module, and trains it."""

    module: BertClassifier

    def __init__(
        self,
        *,
        checkpoint: BertCheckpoint,
        module: BertClassifier,
        tokenizer: TextTokenizer,
        dtype: torch.dtype,
    ) -> None:
        self._checkpoint = checkpoint
        super().__init__(
            title=checkpoint.title,
            module=module,
            dtype=dtype,
            tokenizer=tokenizer,
            head=checkpoint.head,
            raw_config=checkpoint.raw,
        )

    def abilities(self, head: Head | None) -> Abilities:
        """Return what the module answers, with the head if there is one."""
        if head is None:
            return {}
        ability = VectorHead(
            head, tokenizer=self.tokenizer, logits=self._logits, title=self.title
        )
        return {HEAD_OF[head.kind]: ability}

    def attach(self, head: Head, generator: torch.Generator) -> None:
        """Put a freshly drawn head on the module, and a pooler where it has none.

        Raises:
            PluginError: this model has no such head.
        """
        config = self._checkpoint.config
        if self._checkpoint.weights is not None and not has_pooler(self._checkpoint):
            self.module.bert.pooler = self._fresh(Pooler(config), generator)
        layer = nn.Linear(config.hidden_size, count_outputs(head, self.title))
        self.module.classifier = self._fresh(layer, generator)

    def saved_config(self, head: Head) -> dict[str, Any]:
        """Return what config.json says of the module with its head."""
        architecture = "BertForSequenceClassification"
        return {**head_settings(head), "architectures": [architecture]}

    def _fresh(self, layer: Layer, generator: torch.Generator) -> Layer:
        std = self._checkpoint.config.initializer_range
        initialise(layer, std=std, generator=generator)
        return layer.to(self.device)

    def _logits(self, batch: Sequence[Encoded]) -> Tensor:
        """Return ``(batch, outputs)``."""
        packed = pack(
            [item.ids for item in batch],
            [item.extra["segments"] for item in batch],
            device=self.device,
        )
        logits: Tensor = self.module(packed)
        return logits


def _build(checkpoint: BertCheckpoint, seed: int) -> BertClassifier:
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
