"""The BERT adapter: answers from what its weights hold, and can be trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import torch
from torch import Tensor, nn

from harness import Encoded, Head, LoadSettings, ModelName
from harness.requests import Choose, Embed, Extract, Fill, PseudoLikelihood, Tag
from harness_bert.checkpoint import BertCheckpoint, open_checkpoint
from harness_bert.lessons import say
from harness_bert.modules import Module, load_module, with_parts
from harness_bert.parts import (
    MASKED,
    PAIR_WEIGHTS,
    PRETRAINING,
    SUFFIXES,
    parts_for,
    parts_to_pretrain,
)
from harness_bert.tokenizer import load_tokenizer
from harness_torch.abilities import Abilities, Ability
from harness_torch.adapters.prompts import PromptedTokenizer
from harness_torch.blanks import BlankFiller, MaskedRow
from harness_torch.checkpoint import read_tensors
from harness_torch.device import DTYPES, pick_device
from harness_torch.heads.choice import ChoiceHead
from harness_torch.heads.labels import (
    HEAD_OF,
    OWN_LAYERS,
    count_outputs,
    head_settings,
)
from harness_torch.heads.span import SpanHead, SpanSettings
from harness_torch.heads.tag import TagHead
from harness_torch.heads.vector import VectorHead, in_one
from harness_torch.lessons import Lesson, Said
from harness_torch.packed import Packed, pack
from harness_torch.pseudo import PseudoAbility
from harness_torch.text_vectors import TextVectors, mean_over_sequences
from harness_torch.tokenizers.protocol import TextTokenizer, Tokens
from harness_torch.trainable import TrainableAdapter

_OUTPUTS = {"choose": 1, "extract": 2}


def load_bert(name: ModelName, settings: LoadSettings) -> BertAdapter:
    """Load a checkpoint, or draw `bert:tiny` from the settings' seed.

    Raises:
        UsageError: an option or the device is wrong.
        CheckpointError: the checkpoint can't be used.
    """
    device = pick_device(settings)
    checkpoint = open_checkpoint(name)
    tokenizer = load_tokenizer(checkpoint)
    module = load_module(checkpoint, settings)
    return BertAdapter(
        checkpoint=checkpoint,
        module=module.to(device).eval(),
        tokenizer=tokenizer,
        dtype=DTYPES[settings.dtype],
    )


class BertAdapter(TrainableAdapter[BertCheckpoint, Module, TextTokenizer]):
    """Answers with one module, and trains it."""

    def __init__(
        self,
        *,
        checkpoint: BertCheckpoint,
        module: Module,
        tokenizer: TextTokenizer,
        dtype: torch.dtype,
    ) -> None:
        self._parts = checkpoint.parts
        super().__init__(
            checkpoint=checkpoint, module=module, tokenizer=tokenizer, dtype=dtype
        )

    def abilities(self, head: Head | None) -> Abilities:
        """Return what the module answers: vectors, and what its heads allow."""
        table: dict[Any, Ability] = {
            Embed: TextVectors(
                tokenizer=self.tokenizer,
                vectors=self._vectors,
                is_normalised=self._checkpoint.pooling.is_normalised,
                title=self.title,
            )
        }
        if self._parts.has_words:
            table[Fill] = BlankFiller(
                tokenizer=self.tokenizer,
                length=self._checkpoint.length,
                logits=self._words,
                title=self.title,
            )
            table[PseudoLikelihood] = PseudoAbility(
                tokenizer=self.tokenizer,
                length=self._checkpoint.length,
                logits=self._words,
                title=self.title,
            )
        if head is not None:
            table[HEAD_OF[head.kind]] = self._head_ability(head)
        return table

    def attach(self, head: Head, generator: torch.Generator) -> None:
        """Put a freshly drawn head on the body, with a pooler where it needs one.

        Other heads are dropped: what is saved is what was trained.

        Raises:
            PluginError: this model has no such head.
        """
        config = self._checkpoint.config
        outputs = _OUTPUTS.get(head.kind) or count_outputs(head, self.title)
        self._parts = parts_for(head, outputs, config.family)
        self.module = with_parts(self.module, config, self._parts, generator)

    def attach_words(self, needs: str, generator: torch.Generator) -> None:
        """Give the body a masked-language head, and one for pairs where they count.

        Those that the checkpoint has are kept; other heads are dropped.
        """
        checkpoint = self._checkpoint
        family = checkpoint.config.family
        self._parts = parts_to_pretrain(self._parts, needs)
        self.module = with_parts(
            self.module,
            checkpoint.config,
            self._parts,
            generator,
            keeps=(family.words,),
        )
        stored = () if checkpoint.weights is None else checkpoint.weights.tensors
        names = {name: name for name in PAIR_WEIGHTS if name in stored}
        if self._parts.has_pairs and checkpoint.weights is not None and names:
            known = read_tensors(checkpoint.weights, names)
            self.module.load_state_dict(known, strict=False)

    def say(self, lessons: Sequence[Lesson]) -> Said:
        """Say the words that lessons ask for."""
        return say(self.module, lessons, self.device)

    def saved_config(self, head: Head) -> dict[str, Any]:
        """Return what config.json says of the module with its head."""
        title = self._checkpoint.config.family.title
        if head.kind in OWN_LAYERS:
            own = PRETRAINING if self._parts.has_pairs else MASKED
            return {"architectures": [title + own]}
        return {**head_settings(head), "architectures": [title + SUFFIXES[head.kind]]}

    def words(self) -> nn.Embedding:
        """Return the module that makes vectors of token ids."""
        body = self.module.get_submodule(self._checkpoint.config.family.architecture)
        return cast(nn.Embedding, body.get_submodule("embeddings.word_embeddings"))

    def make_tokenizer(self, length: int, virtual: Sequence[int]) -> TextTokenizer:
        """Make the checkpoint's tokenizer again, with virtual tokens before all else."""
        plain = load_tokenizer(replace(self._checkpoint, length=length))
        return PromptedTokenizer(plain, virtual)

    def _head_ability(self, head: Head) -> Ability:
        asked = HEAD_OF[head.kind]
        if asked is Choose:
            return ChoiceHead(
                tokenizer=self.tokenizer, scores=self._outputs, title=self.title
            )
        if asked is Extract:
            checkpoint = self._checkpoint
            return SpanHead(
                tokenizer=self.tokenizer,
                settings=SpanSettings(checkpoint.window, checkpoint.stride),
                scores=self._spans,
                title=self.title,
            )
        if asked is Tag:
            return TagHead(
                head,
                tokenizer=self.tokenizer,
                length=self._checkpoint.length,
                logits=self._tags,
                title=self.title,
            )
        return VectorHead(
            head,
            encode=in_one(self.tokenizer),
            logits=self._logits,
            title=self.title,
        )

    def _logits(self, batch: Sequence[Encoded]) -> Tensor:
        """Return ``(batch, outputs)``."""
        rows = [Tokens(list(i.ids), i.extra["segments"], 0) for i in batch]
        return self._outputs(rows)

    def _outputs(self, rows: Sequence[Tokens]) -> Tensor:
        """Return ``(rows, outputs)``."""
        logits: Tensor = self.module(self._pack(rows))
        return logits

    def _spans(self, rows: Sequence[Tokens]) -> Tensor:
        """Return ``(tokens, 2)``."""
        return self.module.spans(self._pack(rows))

    def _tags(self, rows: Sequence[Tokens]) -> Tensor:
        """Return ``(tokens, outputs)``."""
        return self.module.tags(self._pack(rows))

    def _words(self, rows: Sequence[MaskedRow]) -> Tensor:
        """Return ``(rows, vocabulary)``."""
        packed = self._pack([row.tokens for row in rows])
        places = torch.tensor([row.place for row in rows], device=self.device)
        return self.module.words(packed, packed.first + places)

    def _vectors(self, rows: Sequence[Tokens]) -> Tensor:
        """Return ``(rows, width)``."""
        packed = self._pack(rows)
        if self._checkpoint.pooling.mode == "cls":
            return self.module.hidden(packed, packed.first)
        return mean_over_sequences(self.module.hidden(packed), packed)

    def _pack(self, rows: Sequence[Tokens]) -> Packed:
        ids, segments = [row.ids for row in rows], [row.segments for row in rows]
        return pack(ids, segments, device=self.device)
