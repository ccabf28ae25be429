"""The T5 adapter: writes, scores and embeds, and can be given a head over its encoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from harness import Encoded, Head, LoadSettings, ModelName, UsageError
from harness.requests import Embed, Fill, Generate, Request, Score
from harness_t5.checkpoint import T5Checkpoint, answers, open_checkpoint
from harness_t5.config import T5Config
from harness_t5.fill import FillAbility
from harness_t5.generate import GenerateAbility
from harness_t5.lessons import say
from harness_t5.model import T5, initialise
from harness_t5.names import (
    HEAD_ARCHITECTURE,
    OUTPUT,
    TAGGER_PREFIX,
    TAGGERS,
    WRITERS,
    has_decoder,
)
from harness_t5.score import ScoreAbility
from harness_t5.sources import SourceReader, pack_sources
from harness_t5.targets import target_states
from harness_t5.tiny import TINY_NEIGHBOURS, TINY_PULL
from harness_torch.abilities import Abilities, Ability, OngoingAbility
from harness_torch.adapters.prompts import PromptedTokenizer
from harness_torch.checkpoint import load_strictly, read_tensors
from harness_torch.device import DTYPES, pick_device
from harness_torch.heads.labels import HEAD_OF, count_outputs, head_settings
from harness_torch.heads.tag import TagHead
from harness_torch.heads.vector import VectorHead, in_one
from harness_torch.hollow import hollow
from harness_torch.lessons import Lesson, Said
from harness_torch.objectives.translation import SourceTexts, Translations
from harness_torch.packed import pack
from harness_torch.text_vectors import TextVectors
from harness_torch.tokenizers.byte_level import byte_tokenizer
from harness_torch.tokenizers.loading import check_vocabulary, load_tokenizer
from harness_torch.tokenizers.protocol import TextTokenizer, Tokens
from harness_torch.trainable import Objective, TrainableAdapter


def load_t5(name: ModelName, settings: LoadSettings) -> T5Adapter:
    """Load a checkpoint, or draw `t5:tiny` from the settings' seed.

    Raises:
        UsageError: an option, the device or the precision is wrong.
        CheckpointError: the checkpoint can't be used.
    """
    device = pick_device(settings)
    checkpoint = open_checkpoint(name)
    if settings.dtype == "fp16":
        raise UsageError(
            f"{checkpoint.title} can't run in fp16, whose largest number T5's states "
            "exceed: choose bf16 or fp32"
        )
    tokenizer = _tokenizer(checkpoint)
    module = _build(checkpoint, settings)
    return T5Adapter(
        checkpoint=checkpoint,
        module=module.to(device).eval(),
        tokenizer=tokenizer,
        dtype=DTYPES[settings.dtype],
    )


class T5Adapter(TrainableAdapter[T5Checkpoint, T5, TextTokenizer]):
    """Answers with one module, and trains its encoder with a head."""

    reads_sources = True

    def abilities(self, head: Head | None) -> Abilities:
        """Return what the module answers, with the head if there is one."""
        module, tokenizer, title = self.module, self.tokenizer, self.title
        sources = SourceReader(tokenizer, module.config)
        if head is not None:
            return {HEAD_OF[head.kind]: self._head_ability(head, sources)}
        length = self._checkpoint.length
        embed = TextVectors(
            tokenizer=sources, vectors=self._vectors, is_normalised=False, title=title
        )
        table: dict[type[Request], Ability | OngoingAbility] = {
            Embed: embed,
            Generate: GenerateAbility(module, tokenizer=tokenizer, title=title),
            Score: ScoreAbility(module, tokenizer=tokenizer, title=title),
            Fill: FillAbility(module, tokenizer=tokenizer, length=length, title=title),
        }
        able = answers(self._checkpoint)
        return {asked: table[asked] for asked in table if asked in able}

    def attach(self, head: Head, generator: torch.Generator) -> None:
        """Put a freshly drawn head on the encoder; the decoder is left behind.

        Raises:
            PluginError: this model has no such head.
        """
        config = self._checkpoint.config
        layer = nn.Linear(config.d_model, count_outputs(head, self.title))
        nn.init.normal_(layer.weight, std=config.d_model**-0.5, generator=generator)
        nn.init.zeros_(layer.bias)
        self.module.classifier = layer.to(self.device)
        self.module.decoder = self.module.lm_head = None

    def say(self, lessons: Sequence[Lesson]) -> Said:
        """Say what lessons ask the decoder for."""
        return say(self.module, lessons, self.device)

    def language(self) -> Objective:
        """Return what trains the decoder to write of what the encoder reads.

        Raises:
            PluginError: the checkpoint holds an encoder alone.
        """
        if Generate not in answers(self._checkpoint):
            return super().language()
        module, tokenizer = self.module, self.tokenizer
        ends = module.config.end_token_ids
        usual = tokenizer.special.eos
        texts = SourceTexts(
            title=self.title,
            encode=SourceReader(tokenizer, module.config).encode,
            bare=lambda targets: [one.ids for one in tokenizer.pieces(targets)],
            end=usual if usual in ends else min(ends),
        )
        return Translations(texts, partial(target_states, module), module.project)

    def saved_config(self, head: Head) -> dict[str, Any]:
        """Return what config.json says of the encoder with its head.

        Of a text's own head it is ours: transformers' T5 classifiers read the decoder.
        """
        is_tagger = head.kind == "tag"
        kind = self._checkpoint.raw["model_type"]
        if head.kind == "language":
            return {"architectures": [WRITERS[kind]]}
        name = TAGGERS[kind] if is_tagger else HEAD_ARCHITECTURE
        return {**head_settings(head), "architectures": [name]}

    def stored_name(self, name: str) -> str:
        """Return what files call a parameter: those of taggers have a prefix."""
        is_body = not name.startswith("classifier.")
        is_tagger = self._head is not None and self._head.kind == "tag"
        return TAGGER_PREFIX + name if is_tagger and is_body else name

    def words(self) -> nn.Embedding:
        """Return the module that makes vectors of token ids."""
        return self.module.shared

    def make_tokenizer(self, length: int, virtual: Sequence[int]) -> TextTokenizer:
        """Make the checkpoint's tokenizer again, with virtual tokens before all else."""
        plain = _tokenizer(replace(self._checkpoint, length=length))
        return PromptedTokenizer(plain, virtual)

    def _head_ability(self, head: Head, sources: SourceReader) -> Ability:
        if head.kind == "tag":
            return TagHead(
                head,
                tokenizer=self.tokenizer,
                length=self._checkpoint.length,
                logits=self._tags,
                title=self.title,
            )
        return VectorHead(
            head,
            encode=in_one(sources),
            logits=self._logits,
            title=self.title,
        )

    def _logits(self, batch: Sequence[Encoded]) -> Tensor:
        """Return ``(batch, outputs)``."""
        logits: Tensor = self.module(pack_sources(batch, self.device))
        return logits

    def _tags(self, rows: Sequence[Tokens]) -> Tensor:
        """Return ``(tokens, outputs)``."""
        return self.module.tags(pack([row.ids for row in rows], device=self.device))

    def _vectors(self, rows: Sequence[Tokens]) -> Tensor:
        """Return ``(rows, width)``."""
        return self.module.mean(pack([row.ids for row in rows], device=self.device))


def _tokenizer(checkpoint: T5Checkpoint) -> TextTokenizer:
    """Make a checkpoint's tokenizer.

    Raises:
        CheckpointError: its files can't be used, or it has more ids than the model
            has word vectors (fewer are usual: T5 has 32,100 ids and 32,128 vectors).
    """
    length = checkpoint.length
    if checkpoint.folder is None:
        return byte_tokenizer(length=length, bos=False, eos=True)
    tokenizer = load_tokenizer(checkpoint.folder, length=length)
    rows = checkpoint.config.vocab_size
    check_vocabulary(tokenizer, rows=rows, title=checkpoint.title)
    return tokenizer


def _build(checkpoint: T5Checkpoint, settings: LoadSettings) -> T5:
    config, head = checkpoint.config, checkpoint.head
    if checkpoint.weights is None or checkpoint.folder is None:
        return _draw_tiny(config, settings.seed)
    with hollow():
        module = T5(
            config,
            has_decoder=has_decoder(checkpoint.shapes),
            has_output=OUTPUT in checkpoint.shapes,
            outputs=None if head is None else count_outputs(head, checkpoint.title),
        )
    tensors = read_tensors(
        checkpoint.weights, checkpoint.names, is_mapped=settings.dtype == "fp32"
    )
    load_strictly(module, tensors, origin=checkpoint.folder)
    return module


def _draw_tiny(config: T5Config, seed: int) -> T5:
    module = T5(config)
    generator = torch.Generator().manual_seed(seed)
    initialise(module, factor=1.0, generator=generator)
    with torch.no_grad():
        for head, bucket in enumerate(TINY_NEIGHBOURS):
            module.encoder.bias_table[bucket, head] += TINY_PULL
    return module
