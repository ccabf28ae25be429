"""The adapter of decoders: scores, writes, embeds, and can be given a head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, cast

import torch
from torch import Tensor, nn

from harness import Encoded, Head, LoadSettings, ModelName
from harness.requests import Embed, Fill, Follow, Generate, Likelihood, Score
from harness_gpt.checkpoint import (
    GptCheckpoint,
    answered,
    has_output,
    open_checkpoint,
)
from harness_gpt.config import DecoderConfig
from harness_gpt.ending import end_tokens, last_token
from harness_gpt.fill import FillAbility
from harness_gpt.follow import GreedyTokens, window_states
from harness_gpt.generate import GenerateAbility
from harness_gpt.gpt2 import Gpt2, initialise
from harness_gpt.gpt2_config import Gpt2Config
from harness_gpt.likelihood import LikelihoodAbility
from harness_gpt.llama import Llama
from harness_gpt.names import is_transposed, tagger_layer
from harness_gpt.reading import HeadReader, Reader
from harness_gpt.score import ScoreAbility
from harness_gpt.tiny import tiny_std
from harness_gpt.tokenizer import load_tokenizer
from harness_torch.abilities import Abilities, Ability
from harness_torch.cache import PackedAttention
from harness_torch.chat import load_render
from harness_torch.checkpoint import load_strictly, read_tensors
from harness_torch.config import TAGGER
from harness_torch.device import DTYPES, pick_device
from harness_torch.follow import FollowAbility, Limits
from harness_torch.heads.labels import HEAD_OF, count_outputs, head_settings
from harness_torch.heads.tag import TagHead
from harness_torch.heads.vector import VectorHead, in_one
from harness_torch.hollow import hollow
from harness_torch.lessons import Lesson, Said
from harness_torch.objectives.continuation import Continuations, DecoderTexts
from harness_torch.packed import pack
from harness_torch.rolling import Window
from harness_torch.text_vectors import TextVectors, mean_over_sequences
from harness_torch.tokenizers.protocol import TextTokenizer, Tokens
from harness_torch.trainable import Objective, TrainableAdapter

_TITLES = {
    "gpt2": "GPT2",
    "llama": "Llama",
    "mistral": "Mistral",
    "qwen2": "Qwen2",
    "qwen3": "Qwen3",
}
"""What the names of Hugging Face's classes begin with."""

_WRITERS = {"GPT2": "LMHeadModel"}
"""What the names of those end with that write, where it isn't ``ForCausalLM``."""


def load_gpt(name: ModelName, settings: LoadSettings) -> GptAdapter:
    """Load a checkpoint, or draw `gpt:tiny` from the settings' seed.

    Raises:
        UsageError: an option or the device is wrong.
        CheckpointError: the checkpoint can't be used.
    """
    device = pick_device(settings)
    checkpoint = open_checkpoint(name)
    tokenizer = load_tokenizer(checkpoint)
    module = _build(checkpoint, settings)
    return GptAdapter(
        checkpoint=checkpoint,
        module=module.to(device).eval(),
        tokenizer=tokenizer,
        dtype=DTYPES[settings.dtype],
    )


class GptAdapter(TrainableAdapter[GptCheckpoint, Gpt2 | Llama, TextTokenizer]):
    """Answers with one module, and trains it."""

    def abilities(self, head: Head | None) -> Abilities:
        """Return what the module answers, with the head if there is one."""
        checkpoint, model, device = self._checkpoint, self.module, self.device
        reader = self._reader()
        embed = TextVectors(
            tokenizer=HeadReader(reader, pad=None),
            vectors=self._vectors,
            is_normalised=False,
            title=self.title,
        )
        if head is not None:
            return {HEAD_OF[head.kind]: self._head_ability(head, reader), Embed: embed}
        if not has_output(checkpoint):
            return {Embed: embed}
        generate = GenerateAbility(
            model,
            reader,
            device=device,
            decode=self.tokenizer.decode,
            end=end_tokens(checkpoint, self.tokenizer),
            render=load_render(checkpoint.chat),
        )
        return {
            Score: ScoreAbility(model, reader, device=device),
            Generate: generate,
            Likelihood: LikelihoodAbility(model, reader, device=device),
            Fill: FillAbility(model, reader, device=device),
            Follow: FollowAbility(
                tokenizer=self.tokenizer,
                limits=Limits(reader.prefix, reader.length),
                greedy=GreedyTokens(model, device=device, title=self.title),
                title=self.title,
            ),
            Embed: embed,
        }

    def attach(self, head: Head, generator: torch.Generator) -> None:
        """Put a freshly drawn head on the module, in the output layer's place.

        Raises:
            PluginError: this model has no such head.
        """
        config = self._checkpoint.config
        outputs = count_outputs(head, self.title)
        is_tagger = head.kind == "tag"
        layer = nn.Linear(config.width, outputs, bias=is_tagger)
        initialise(layer, std=config.initializer_range, generator=generator)
        name = tagger_layer(config) if is_tagger else "score"
        setattr(self.module, name, layer.to(self.device))
        self.module.lm_head = None

    def say(self, lessons: Sequence[Lesson]) -> Said:
        """Say the targets of lessons, which what is read goes on with."""
        windows = [
            Window(list(one.ids[: len(one.ids) - len(one.targets) + 1]), [*one.targets])
            for one in lessons
        ]
        states = window_states(self.module, windows, device=self.device)
        return Said(self.module.logits(states))

    def language(self) -> Objective:
        """Return what trains the output layer to say what comes next.

        Raises:
            PluginError: the checkpoint has none.
        """
        if Generate not in answered(self._checkpoint):
            return super().language()
        checkpoint, tokenizer = self._checkpoint, self.tokenizer
        reader = self._reader()
        texts = DecoderTexts(
            title=self.title,
            tokenizer=tokenizer,
            ids=reader.ids,
            bare=reader.bare,
            prefix=reader.prefix,
            end=last_token(checkpoint, tokenizer),
            render=load_render(checkpoint.chat),
            length=reader.length,
            virtual=reader.virtual,
        )
        states = partial(window_states, self.module, device=self.device)
        return Continuations(texts, states, self.module.logits)

    def saved_config(self, head: Head) -> dict[str, Any]:
        """Return what config.json says of the module with its head."""
        title = _TITLES[self._checkpoint.raw["model_type"]]
        if head.kind == "language":
            return {"architectures": [title + _WRITERS.get(title, "ForCausalLM")]}
        suffix = TAGGER if head.kind == "tag" else "ForSequenceClassification"
        return {
            **head_settings(head),
            "architectures": [title + suffix],
            "pad_token_id": self._pad(),
        }

    def stored(self, name: str, tensor: Tensor) -> Tensor:
        """Return a parameter as files hold it: GPT-2's are turned."""
        return tensor.t() if is_transposed(name, self._checkpoint.config) else tensor

    def words(self) -> nn.Embedding:
        """Return the module that makes vectors of token ids."""
        if isinstance(self.module, Gpt2):
            return self.module.transformer.wte
        return self.module.model.embed_tokens

    def make_tokenizer(self, length: int, virtual: Sequence[int]) -> TextTokenizer:
        """Make the checkpoint's tokenizer again, with virtual tokens before all else."""
        # The reader puts them there, behind which a text may be cut from its left.
        return load_tokenizer(replace(self._checkpoint, length=length))

    def _reader(self) -> Reader:
        return Reader(
            self.tokenizer,
            title=self.title,
            length=self._checkpoint.length - len(self.virtual),
            virtual=self.virtual,
        )

    def _head_ability(self, head: Head, reader: Reader) -> Ability:
        if head.kind == "tag":
            return TagHead(
                head,
                tokenizer=self.tokenizer,
                length=reader.length,
                logits=self._tags,
                title=self.title,
            )
        return VectorHead(
            head,
            encode=in_one(HeadReader(reader, pad=self._pad())),
            logits=self._head_logits,
            title=self.title,
        )

    def _pad(self) -> int | None:
        """Return the padding token, by which the reference finds a text's end."""
        special = self.tokenizer.special
        known = (self._checkpoint.config.pad_token_id, special.pad, special.eos)
        return next((token for token in known if token is not None), None)

    def _head_logits(self, batch: Sequence[Encoded]) -> Tensor:
        """Return ``(batch, outputs)``."""
        packed = pack([item.ids for item in batch], device=self.device, is_causal=True)
        hidden = self.module(
            packed.ids, packed.positions, PackedAttention(packed), packed.last
        )
        logits: Tensor = cast(nn.Linear, self.module.score)(hidden)
        return logits

    def _tags(self, rows: Sequence[Tokens]) -> Tensor:
        """Return ``(tokens, outputs)``."""
        packed = pack([row.ids for row in rows], device=self.device, is_causal=True)
        hidden = self.module(packed.ids, packed.positions, PackedAttention(packed))
        return self.module.tags(hidden)

    def _vectors(self, rows: Sequence[Tokens]) -> Tensor:
        """Return the mean of the tokens' states, or the last one's, ``(rows, width)``."""
        packed = pack([row.ids for row in rows], device=self.device, is_causal=True)
        takes_last = self._checkpoint.pooling == "last"
        hidden = self.module(
            packed.ids,
            packed.positions,
            PackedAttention(packed),
            packed.last if takes_last else None,
        )
        return hidden if takes_last else mean_over_sequences(hidden, packed)


def _build(checkpoint: GptCheckpoint, settings: LoadSettings) -> Gpt2 | Llama:
    config, head = checkpoint.config, checkpoint.head
    if checkpoint.weights is None or checkpoint.folder is None:
        return _draw_tiny(config, settings.seed)
    outputs = None if head is None else count_outputs(head, checkpoint.title)
    with hollow():
        module = make_decoder(
            config,
            outputs=outputs,
            is_tagger=head is not None and head.kind == "tag",
            has_output=has_output(checkpoint),
        )
    tensors = read_tensors(
        checkpoint.weights, checkpoint.names, is_mapped=settings.dtype == "fp32"
    )
    for name in tensors:
        if is_transposed(name, config):
            tensors[name] = tensors[name].t().contiguous()
    load_strictly(module, tensors, origin=checkpoint.folder)
    return module


def make_decoder(
    config: DecoderConfig,
    *,
    outputs: int | None = None,
    is_tagger: bool = False,
    has_output: bool = True,
) -> Gpt2 | Llama:
    """Make the module that a configuration names."""
    if isinstance(config, Gpt2Config):
        return Gpt2(config, outputs=outputs, is_tagger=is_tagger, has_output=has_output)
    return Llama(config, outputs=outputs, is_tagger=is_tagger, has_output=has_output)


def _draw_tiny(config: DecoderConfig, seed: int) -> Gpt2 | Llama:
    module = make_decoder(config)
    generator = torch.Generator().manual_seed(seed)
    initialise(module, std=1.0, generator=generator)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if parameter.ndim == 2:
                parameter.mul_(tiny_std(name, parameter.shape[1]))
    return module
