"""BERT, read top to bottom, over packed tokens.

Devlin et al. 2018, https://arxiv.org/abs/1810.04805. Parameters have the names of
Hugging Face's `BertForSequenceClassification`, and every projection is a plain
`nn.Linear`. Shapes: T tokens in a batch, S sequences, C width, H heads.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from harness_bert.config import BertConfig
from harness_torch.activations import ACTIVATIONS
from harness_torch.packed import Packed, attend


class Embeddings(nn.Module):
    """Word, segment and position vectors, summed and normalised."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        width = config.hidden_size
        self.word_embeddings = nn.Embedding(config.vocab_size, width)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, width)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, width)
        self.LayerNorm = nn.LayerNorm(width, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, packed: Packed) -> Tensor:
        """Return ``(T, C)``."""
        summed = self.word_embeddings(packed.ids)
        summed = summed + self.token_type_embeddings(packed.segments)
        summed = summed + self.position_embeddings(packed.positions)
        hidden: Tensor = self.dropout(self.LayerNorm(summed))
        return hidden


class SelfAttention(nn.Module):
    """Multi-head attention within each sequence, without its output projection."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        width = config.hidden_size
        self.heads = config.num_attention_heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.dropout = nn.Dropout(config.attention_probs_dropout_prob)

    def forward(self, asking: Tensor, hidden: Tensor, packed: Packed) -> Tensor:
        """Let `asking`, ``(T or S, C)``, attend to `hidden`, ``(T, C)``."""
        q, k, v = self.query(asking), self.key(hidden), self.value(hidden)
        q, k, v = (x.view(len(x), self.heads, -1) for x in (q, k, v))  # (T, H, C / H)
        dropout = self.dropout.p if self.training else 0.0
        return attend(q, k, v, packed, dropout=dropout)


class AddAndNorm(nn.Module):
    """Project, add to what the sublayer was given, normalise."""

    def __init__(self, config: BertConfig, width_in: int) -> None:
        super().__init__()
        self.dense = nn.Linear(width_in, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, inner: Tensor, given: Tensor) -> Tensor:
        """Return ``(T or S, C)``."""
        normed: Tensor = self.LayerNorm(self.dropout(self.dense(inner)) + given)
        return normed


class Attention(nn.Module):
    """The attention sublayer."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.self = SelfAttention(config)
        self.output = AddAndNorm(config, config.hidden_size)

    def forward(self, asking: Tensor, hidden: Tensor, packed: Packed) -> Tensor:
        """Return ``(T or S, C)``, one row for each that asks."""
        normed: Tensor = self.output(self.self(asking, hidden, packed), asking)
        return normed


class Intermediate(nn.Module):
    """The first half of the feed-forward sublayer."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.intermediate_size)
        self.activation = ACTIVATIONS[config.hidden_act]

    def forward(self, hidden: Tensor) -> Tensor:
        """Return ``(T or S, intermediate)``."""
        return self.activation(self.dense(hidden))


class Layer(nn.Module):
    """One transformer layer, normalised after each sublayer."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.attention = Attention(config)
        self.intermediate = Intermediate(config)
        self.output = AddAndNorm(config, config.intermediate_size)

    def forward(self, hidden: Tensor, packed: Packed, *, first_only: bool) -> Tensor:
        """Return ``(T, C)``, or ``(S, C)`` of the sequences' first tokens."""
        asking = hidden[packed.first] if first_only else hidden
        attended = self.attention(asking, hidden, packed)
        normed: Tensor = self.output(self.intermediate(attended), attended)
        return normed


class Encoder(nn.Module):
    """The stack of layers."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.layer = nn.ModuleList(
            Layer(config) for _ in range(config.num_hidden_layers)
        )

    def forward(self, hidden: Tensor, packed: Packed, *, first_only: bool) -> Tensor:
        """Return ``(T, C)``, or ``(S, C)`` of the sequences' first tokens."""
        last = len(self.layer) - 1
        for index, layer in enumerate(self.layer):
            hidden = layer(hidden, packed, first_only=first_only and index == last)
        return hidden


class Pooler(nn.Module):
    """A summary of the sequence, made from its first token."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, first: Tensor) -> Tensor:
        """Return ``(S, C)``."""
        return torch.tanh(self.dense(first))


class Bert(nn.Module):
    """The encoder with its pooler."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.embeddings = Embeddings(config)
        self.encoder = Encoder(config)
        self.pooler = Pooler(config)

    def forward(self, packed: Packed, *, first_only: bool = False) -> Tensor:
        """Return hidden states, ``(T, C)``, or ``(S, C)`` of first tokens alone.

        With `first_only` the last layer computes no other row.
        """
        hidden: Tensor = self.encoder(
            self.embeddings(packed), packed, first_only=first_only
        )
        return hidden


class BertClassifier(nn.Module):
    """The encoder with a head over the pooled first token.

    Attributes:
        classifier: maps the pooled vector to the outputs; an identity without
            parameters where there is no head.
    """

    def __init__(self, config: BertConfig, outputs: int | None) -> None:
        super().__init__()
        dropout = config.classifier_dropout
        self.bert = Bert(config)
        self.dropout = nn.Dropout(
            config.hidden_dropout_prob if dropout is None else dropout
        )
        self.classifier = (
            nn.Identity() if outputs is None else nn.Linear(config.hidden_size, outputs)
        )

    def forward(self, packed: Packed) -> Tensor:
        """Return logits, ``(S, outputs)``."""
        pooled = self.bert.pooler(self.bert(packed, first_only=True))
        logits: Tensor = self.classifier(self.dropout(pooled))
        return logits


def initialise(module: nn.Module, *, std: float, generator: torch.Generator) -> None:
    """Draw fresh weights as BERT does: normal matrices, zero biases, unit norms."""
    for part in module.modules():
        if isinstance(part, nn.Linear | nn.Embedding):
            nn.init.normal_(part.weight, std=std, generator=generator)
        if isinstance(part, nn.LayerNorm):
            nn.init.ones_(part.weight)
        if isinstance(part, nn.Linear | nn.LayerNorm):
            nn.init.zeros_(part.bias)
