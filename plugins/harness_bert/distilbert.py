"""DistilBERT, read top to bottom, over packed tokens: half of BERT's layers, no pooler.

Sanh et al. 2019, https://arxiv.org/abs/1910.01108. Parameters have the names that
Hugging Face's `DistilBert...` classes give them. Shapes as in `harness_bert.model`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from harness_bert.config import BertConfig
from harness_bert.parts import Parts
from harness_torch.activations import ACTIVATIONS
from harness_torch.attention import attend
from harness_torch.linear import linear
from harness_torch.packed import Packed
from harness_torch.prefix import Prefix


class Embeddings(nn.Module):
    """Word and position vectors, summed and normalised; there are no segments."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        width = config.hidden_size
        self.word_embeddings = nn.Embedding(config.vocab_size, width)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, width)
        self.LayerNorm = nn.LayerNorm(width, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, packed: Packed) -> Tensor:
        """Return ``(T, C)``."""
        words = self.word_embeddings(packed.ids)
        summed = words + self.position_embeddings(packed.positions)
        hidden: Tensor = self.dropout(self.LayerNorm(summed))
        return hidden


class Attention(nn.Module):
    """Multi-head attention within each sequence."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        width = config.hidden_size
        self.heads = config.num_attention_heads
        self.q_lin = nn.Linear(width, width)
        self.k_lin = nn.Linear(width, width)
        self.v_lin = nn.Linear(width, width)
        self.out_lin = nn.Linear(width, width)
        self.dropout = nn.Dropout(config.attention_probs_dropout_prob)
        self.prefix = Prefix(self.heads, width // self.heads)

    def forward(self, given: Tensor, hidden: Tensor, packed: Packed) -> Tensor:
        """Let `given`, ``(T or S, C)``, attend to `hidden`, ``(T, C)``."""
        q, k, v = self.q_lin(given), self.k_lin(hidden), self.v_lin(hidden)
        q, k, v = (x.view(len(x), self.heads, -1) for x in (q, k, v))  # (T, H, C / H)
        dropout = self.dropout.p if self.training else 0.0
        rows: Tensor = self.out_lin(
            attend(q, k, v, packed, dropout=dropout, prefix=self.prefix)
        )
        return rows


class FeedForward(nn.Module):
    """The feed-forward sublayer."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.lin1 = nn.Linear(config.hidden_size, config.intermediate_size)
        self.activation = ACTIVATIONS[config.hidden_act]
        self.lin2 = nn.Linear(config.intermediate_size, config.hidden_size)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, hidden: Tensor) -> Tensor:
        """Return ``(T or S, C)``."""
        rows: Tensor = self.dropout(self.lin2(self.activation(self.lin1(hidden))))
        return rows


class Layer(nn.Module):
    """One transformer layer, normalised after each sublayer."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        width, eps = config.hidden_size, config.layer_norm_eps
        self.attention = Attention(config)
        self.sa_layer_norm = nn.LayerNorm(width, eps=eps)
        self.ffn = FeedForward(config)
        self.output_layer_norm = nn.LayerNorm(width, eps=eps)

    def forward(
        self, hidden: Tensor, packed: Packed, asking: Tensor | None = None
    ) -> Tensor:
        """Return ``(T, C)``, or ``(S, C)`` of the tokens that ask."""
        given = hidden if asking is None else hidden[asking]
        attended = self.sa_layer_norm(self.attention(given, hidden, packed) + given)
        normed: Tensor = self.output_layer_norm(self.ffn(attended) + attended)
        return normed


class Transformer(nn.Module):
    """The stack of layers."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.layer = nn.ModuleList(
            Layer(config) for _ in range(config.num_hidden_layers)
        )

    def forward(
        self, hidden: Tensor, packed: Packed, asking: Tensor | None = None
    ) -> Tensor:
        """Return ``(T, C)``, or ``(S, C)`` of the tokens that ask."""
        *lower, last = self.layer
        for layer in lower:
            hidden = layer(hidden, packed)
        top: Tensor = last(hidden, packed, asking)
        return top


class DistilBert(nn.Module):
    """The encoder."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.embeddings = Embeddings(config)
        self.transformer = Transformer(config)

    def forward(self, packed: Packed, asking: Tensor | None = None) -> Tensor:
        """Return hidden states, ``(T, C)``, or ``(S, C)`` of the tokens that ask."""
        hidden: Tensor = self.transformer(self.embeddings(packed), packed, asking)
        return hidden


class WordBias(nn.Module):
    """What is left of the map to words where it uses their own vectors."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))


class DistilBertWithHeads(nn.Module):
    """DistilBERT with the heads that its parts name.

    Attributes:
        pre_classifier: a hidden layer before the classifier.
        classifier: maps the first token, of a tagger every token, to the outputs.
        qa_outputs: maps every token to a start and an end score.
        vocab_transform: with `vocab_layer_norm` and `vocab_projector` the
            masked-language head.
    """

    def __init__(self, config: BertConfig, parts: Parts) -> None:
        super().__init__()
        width = config.hidden_size
        self.distilbert = DistilBert(config)
        if parts.kind == "extract":
            self.dropout = nn.Dropout(config.qa_dropout)
            self.qa_outputs = nn.Linear(width, parts.outputs)
        elif parts.kind == "tag":
            self.dropout = nn.Dropout(config.hidden_dropout_prob)
            self.classifier = nn.Linear(width, parts.outputs)
        elif parts.kind is not None:
            self.dropout = nn.Dropout(config.classifier_dropout)
            self.pre_classifier = nn.Linear(width, width)
            self.classifier = nn.Linear(width, parts.outputs)
        if parts.has_words:
            self.activation = ACTIVATIONS[config.hidden_act]
            self.vocab_transform = nn.Linear(width, width)
            self.vocab_layer_norm = nn.LayerNorm(width, eps=config.layer_norm_eps)
            self.vocab_projector = (
                nn.Linear(width, config.vocab_size)
                if parts.has_own_decoder
                else WordBias(config)
            )

    def hidden(self, packed: Packed, asking: Tensor | None = None) -> Tensor:
        """Return hidden states, ``(T, C)``, or ``(S, C)`` of the tokens that ask."""
        hidden: Tensor = self.distilbert(packed, asking)
        return hidden

    def forward(self, packed: Packed) -> Tensor:
        """Return the classifier's logits, ``(S, outputs)``."""
        first = self.distilbert(packed, packed.first)
        inner = self.dropout(torch.relu(self.pre_classifier(first)))
        logits: Tensor = self.classifier(inner)
        return logits

    def spans(self, packed: Packed) -> Tensor:
        """Return a start and an end score of every token, ``(T, 2)``."""
        scores: Tensor = self.qa_outputs(self.dropout(self.distilbert(packed)))
        return scores

    def tags(self, packed: Packed) -> Tensor:
        """Return a tagger's logits of every token, ``(T, outputs)``."""
        logits: Tensor = self.classifier(self.dropout(self.distilbert(packed)))
        return logits

    def words(self, packed: Packed, asking: Tensor) -> Tensor:
        """Return logits over the vocabulary of one token a sequence, ``(S, V)``."""
        return self.spell(self.distilbert(packed, asking))

    def spell(self, hidden: Tensor) -> Tensor:
        """Return logits over the vocabulary of hidden states, ``(rows, V)``."""
        inner = self.activation(self.vocab_transform(hidden))
        normed = self.vocab_layer_norm(inner)
        projector = self.vocab_projector
        if isinstance(projector, WordBias):
            vectors = self.distilbert.embeddings.word_embeddings.weight
            return linear(normed, vectors, projector.bias)
        logits: Tensor = projector(normed)
        return logits
