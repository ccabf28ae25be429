"""T5, read top to bottom, over packed tokens.

Raffel et al. 2019, https://arxiv.org/abs/1910.10683; T5 1.1 and mT5 gate the
feed-forward layers and don't tie the output. Parameters have the names of Hugging
Face's `T5ForConditionalGeneration`, and every projection is a plain `nn.Linear`.
Shapes: T tokens in a batch, S sequences, C width, H heads, D the size of a head.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn

from harness_t5.buckets import bucket
from harness_t5.config import T5Config
from harness_torch.activations import ACTIVATIONS
from harness_torch.attention import attend
from harness_torch.crossing import Crossing, attend_across
from harness_torch.linear import linear
from harness_torch.packed import Packed
from harness_torch.prefix import Prefix
from harness_torch.relative import relative_scores
from harness_torch.text_vectors import mean_over_sequences


class Norm(nn.Module):
    """Division by the root mean square, without mean and bias; squares are fp32."""

    def __init__(self, config: T5Config) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(config.d_model))
        self.epsilon = config.layer_norm_epsilon

    def forward(self, hidden: Tensor) -> Tensor:
        """Return ``(T, C)``."""
        wide = hidden.to(torch.promote_types(hidden.dtype, torch.float32))
        scale = torch.rsqrt(wide.pow(2).mean(dim=-1, keepdim=True) + self.epsilon)
        return self.weight * (wide * scale).to(self.weight.dtype)


class Attention(nn.Module):
    """The projections of an attention, and in a stack's first block its bias.

    Scores are not divided by the root of D: the initialisation makes up for it.
    """

    def __init__(self, config: T5Config, *, has_bias: bool) -> None:
        super().__init__()
        inner = config.num_heads * config.d_kv
        self.heads = config.num_heads
        self.dropout_rate = config.dropout_rate
        self.prefix: Prefix | None = None
        self.q = nn.Linear(config.d_model, inner, bias=False)
        self.k = nn.Linear(config.d_model, inner, bias=False)
        self.v = nn.Linear(config.d_model, inner, bias=False)
        self.o = nn.Linear(inner, config.d_model, bias=False)
        if has_bias:
            buckets = config.relative_attention_num_buckets
            self.relative_attention_bias = nn.Embedding(buckets, config.num_heads)

    def query(self, asking: Tensor) -> Tensor:
        """Return ``(T, H, D)``."""
        return self._split(self.q(asking))

    def keys(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """Return keys and values of what is read, ``(T, H, D)`` each."""
        return self._split(self.k(states)), self._split(self.v(states))

    @property
    def dropout(self) -> float:
        """The probability that an attention weight is dropped, now."""
        return self.dropout_rate if self.training else 0.0

    def _split(self, projected: Tensor) -> Tensor:
        return projected.view(len(projected), self.heads, -1)


class Sight(Protocol):
    """What tokens see: whole sequences (`Reading`), or what a cache remembers."""

    def within(self, block: int, hidden: Tensor, attention: Attention) -> Tensor:
        """Attend from normalised states to their own sequence, ``(T, H * D)``."""

    def across(self, block: int, hidden: Tensor, attention: Attention) -> Tensor:
        """Attend from normalised states to the source, ``(T, H * D)``."""


class SelfAttention(nn.Module):
    """Attention to the own sequence, added to what came in."""

    def __init__(self, config: T5Config, *, has_bias: bool) -> None:
        super().__init__()
        self.SelfAttention = Attention(config, has_bias=has_bias)
        self.layer_norm = Norm(config)
        self.dropout = nn.Dropout(config.dropout_rate)

    def forward(self, block: int, hidden: Tensor, sight: Sight) -> Tensor:
        """Return ``(T, C)``."""
        seen = sight.within(block, self.layer_norm(hidden), self.SelfAttention)
        added: Tensor = hidden + self.dropout(self.SelfAttention.o(seen))
        return added


class CrossAttention(nn.Module):
    """Attention to the encoder's states, added to what came in."""

    def __init__(self, config: T5Config) -> None:
        super().__init__()
        self.EncDecAttention = Attention(config, has_bias=False)
        self.layer_norm = Norm(config)
        self.dropout = nn.Dropout(config.dropout_rate)

    def forward(self, block: int, hidden: Tensor, sight: Sight) -> Tensor:
        """Return ``(T, C)``."""
        seen = sight.across(block, self.layer_norm(hidden), self.EncDecAttention)
        added: Tensor = hidden + self.dropout(self.EncDecAttention.o(seen))
        return added


class Plain(nn.Module):
    """The feed-forward layer of the first T5."""

    def __init__(self, config: T5Config) -> None:
        super().__init__()
        self.wi = nn.Linear(config.d_model, config.d_ff, bias=False)
        self.wo = nn.Linear(config.d_ff, config.d_model, bias=False)
        self.dropout = nn.Dropout(config.dropout_rate)
        self.activation = ACTIVATIONS[config.activation]

    def forward(self, hidden: Tensor) -> Tensor:
        """Return ``(T, C)``."""
        out: Tensor = self.wo(self.dropout(self.activation(self.wi(hidden))))
        return out


class Gated(nn.Module):
    """The feed-forward layer of T5 1.1 (Shazeer 2020, arXiv 2002.05202)."""

    def __init__(self, config: T5Config) -> None:
        super().__init__()
        self.wi_0 = nn.Linear(config.d_model, config.d_ff, bias=False)
        self.wi_1 = nn.Linear(config.d_model, config.d_ff, bias=False)
        self.wo = nn.Linear(config.d_ff, config.d_model, bias=False)
        self.dropout = nn.Dropout(config.dropout_rate)
        self.activation = ACTIVATIONS[config.activation]

    def forward(self, hidden: Tensor) -> Tensor:
        """Return ``(T, C)``."""
        gated = self.activation(self.wi_0(hidden)) * self.wi_1(hidden)
        out: Tensor = self.wo(self.dropout(gated))
        return out


class FeedForward(nn.Module):
    """The feed-forward layer, added to what came in."""

    def __init__(self, config: T5Config) -> None:
        super().__init__()
        self.DenseReluDense = Gated(config) if config.is_gated else Plain(config)
        self.layer_norm = Norm(config)
        self.dropout = nn.Dropout(config.dropout_rate)

    def forward(self, block: int, hidden: Tensor, sight: Sight) -> Tensor:
        """Return ``(T, C)``; it looks at no other token."""
        made = self.DenseReluDense(self.layer_norm(hidden))
        added: Tensor = hidden + self.dropout(made)
        return added


class Block(nn.Module):
    """Self-attention, in a decoder cross-attention, and a feed-forward layer."""

    def __init__(self, config: T5Config, *, is_decoder: bool, is_first: bool) -> None:
        super().__init__()
        across = [CrossAttention(config)] if is_decoder else []
        within = SelfAttention(config, has_bias=is_first)
        if not is_decoder:
            within.SelfAttention.prefix = Prefix(config.num_heads, config.d_kv)
        self.layer = nn.ModuleList([within, *across, FeedForward(config)])

    def forward(self, block: int, hidden: Tensor, sight: Sight) -> Tensor:
        """Return ``(T, C)``."""
        for layer in self.layer:
            hidden = layer(block, hidden, sight)
        return hidden


class Stack(nn.Module):
    """The encoder or the decoder."""

    def __init__(self, config: T5Config, *, is_decoder: bool) -> None:
        super().__init__()
        count = config.num_decoder_layers if is_decoder else config.num_layers
        self.block = nn.ModuleList(
            Block(config, is_decoder=is_decoder, is_first=index == 0)
            for index in range(count)
        )
        self.final_layer_norm = Norm(config)
        self.dropout = nn.Dropout(config.dropout_rate)
        self.is_decoder = is_decoder
        self.buckets = config.relative_attention_num_buckets
        self.reach = config.relative_attention_max_distance

    def forward(self, hidden: Tensor, sight: Sight) -> Tensor:
        """Return states of embedded tokens, ``(T, C)``."""
        hidden = self.dropout(hidden)
        for index, block in enumerate(self.block):
            hidden = block(index, hidden, sight)
        states: Tensor = self.dropout(self.final_layer_norm(hidden))
        return states

    @property
    def bias_table(self) -> Tensor:
        """The bias of each bucket of distances, ``(buckets, H)``, for all blocks."""
        table: Tensor = self.get_parameter(
            "block.0.layer.0.SelfAttention.relative_attention_bias.weight"
        )
        return table

    def bias(self, distances: Tensor) -> Tensor:
        """Return what is added to scores.

        Args:
            distances: from each query's place to each key's, less than L far,
                ``(S, Q, L)``.

        Returns:
            ``(S, H, Q, L)``.
        """
        longest = distances.shape[-1]
        every = torch.arange(1 - longest, longest, device=distances.device)
        buckets = bucket(
            every,
            is_bidirectional=not self.is_decoder,
            count=self.buckets,
            reach=self.reach,
        )
        by_distance = self.bias_table[buckets].T  # (H, 2 L - 1)
        return by_distance[:, distances + longest - 1].transpose(0, 1)


class T5(nn.Module):
    """Encoder and decoder over shared embeddings.

    Attributes:
        decoder: None in a model that only encodes.
        lm_head: the output layer, None where it is tied to the embeddings.
        classifier: maps the mean of the encoder's states, of a tagger every state, to
            a trained head's outputs; an identity without parameters where there is no head.
    """

    def __init__(
        self,
        config: T5Config,
        *,
        has_decoder: bool = True,
        has_output: bool = False,
        outputs: int | None = None,
    ) -> None:
        super().__init__()
        self.config = config
        self.shared = nn.Embedding(config.vocab_size, config.d_model)
        self.encoder = Stack(config, is_decoder=False)
        self.decoder = Stack(config, is_decoder=True) if has_decoder else None
        self.lm_head = (
            nn.Linear(config.d_model, config.vocab_size, bias=False)
            if has_output
            else None
        )
        self.dropout = nn.Dropout(config.classifier_dropout)
        self.classifier = (
            nn.Identity() if outputs is None else nn.Linear(config.d_model, outputs)
        )

    def encode(self, packed: Packed) -> Tensor:
        """Return the encoder's states, ``(T, C)``."""
        sight = Reading(packed, self.encoder)
        states: Tensor = self.encoder(self.shared(packed.ids), sight)
        return states

    def decode(self, ids: Tensor, sight: Sight) -> Tensor:
        """Return the decoder's states as the output layer takes them, ``(T, C)``."""
        if self.decoder is None:
            raise ValueError("a model without a decoder can't write")
        states: Tensor = self.decoder(self.shared(ids), sight)
        return (
            states * self.config.d_model**-0.5 if self.config.scales_output else states
        )

    def project(self, states: Tensor) -> Tensor:
        """Return logits of what `decode` returns, ``(rows, vocabulary)``."""
        output = self.shared if self.lm_head is None else self.lm_head
        return linear(states, output.weight)

    def mean(self, packed: Packed) -> Tensor:
        """Return the mean of the encoder's states of each sequence, ``(S, C)``, fp32."""
        return mean_over_sequences(self.encode(packed), packed)

    def forward(self, packed: Packed) -> Tensor:
        """Return a trained head's logits, ``(S, outputs)``."""
        mean = self.mean(packed).to(self.shared.weight.dtype)
        logits: Tensor = self.classifier(self.dropout(mean))
        return logits

    def tags(self, packed: Packed) -> Tensor:
        """Return a tagger's logits of every token of the source, ``(T, outputs)``."""
        logits: Tensor = self.classifier(self.dropout(self.encode(packed)))
        return logits


class Reading:
    """Whole sequences: each token sees its own, and a decoder's the source's states.

    Args:
        packed: the sequences; causal, and branching or not, for a decoder.
        stack: whose bias counts.
        states: the encoder's, ``(source tokens, C)``, for a decoder.
        crossing: which source each sequence reads, for a decoder.
    """

    def __init__(
        self,
        packed: Packed,
        stack: Stack,
        states: Tensor | None = None,
        crossing: Crossing | None = None,
    ) -> None:
        self._packed = packed
        self._scores = relative_scores(packed, stack.bias)  # all blocks share them
        self._states = states
        self._crossing = crossing

    def within(self, block: int, hidden: Tensor, attention: Attention) -> Tensor:
        """Attend from normalised states to their own sequence, ``(T, H * D)``."""
        return attend(
            attention.query(hidden),
            *attention.keys(hidden),
            self._packed,
            dropout=attention.dropout,
            scale=1.0,
            scores=self._scores,
            prefix=attention.prefix,
        )

    def across(self, block: int, hidden: Tensor, attention: Attention) -> Tensor:
        """Attend from normalised states to the source, ``(T, H * D)``."""
        if self._states is None or self._crossing is None:
            raise ValueError("there is no source to attend to")
        key, value = attention.keys(self._states)
        return attend_across(
            attention.query(hidden),
            self._crossing.spread(key),
            self._crossing.spread(value),
            self._crossing,
            dropout=attention.dropout,
            scale=1.0,
        )


def initialise(module: T5, *, factor: float, generator: torch.Generator) -> None:
    """Draw fresh weights as T5 does, which is why its scores need no scale."""
    width, head = module.config.d_model, module.config.d_kv
    inner = module.config.num_heads * head
    spreads = {
        "shared": 1.0,
        "q": (width * head) ** -0.5,
        "k": width**-0.5,
        "v": width**-0.5,
        "o": inner**-0.5,
        "wo": module.config.d_ff**-0.5,
    }
    for name, part in module.named_modules():
        if isinstance(part, nn.Linear | nn.Embedding):
            spread = spreads.get(name.rpartition(".")[2], width**-0.5)
            nn.init.normal_(part.weight, std=factor * spread, generator=generator)
        if isinstance(part, nn.Linear) and part.bias is not None:
            nn.init.zeros_(part.bias)
        if isinstance(part, Norm):
            nn.init.ones_(part.weight)
