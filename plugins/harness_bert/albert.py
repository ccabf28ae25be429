"""ALBERT, read top to bottom, over packed tokens: narrow word vectors, shared layers.

Lan et al. 2019, https://arxiv.org/abs/1909.11942. Parameters have the names that
Hugging Face's `Albert...` classes give them. Shapes as in `harness_bert.model`; E is
the width of the word vectors.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from harness_bert.config import BertConfig
from harness_bert.model import Embeddings
from harness_bert.parts import Parts
from harness_torch.activations import ACTIVATIONS
from harness_torch.attention import attend
from harness_torch.linear import linear
from harness_torch.packed import Packed
from harness_torch.prefix import Prefix


class Attention(nn.Module):
    """The attention sublayer."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        width = config.hidden_size
        self.heads = config.num_attention_heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.dense = nn.Linear(width, width)
        self.LayerNorm = nn.LayerNorm(width, eps=config.layer_norm_eps)
        self.attention_dropout = nn.Dropout(config.attention_probs_dropout_prob)
        self.output_dropout = nn.Dropout(config.hidden_dropout_prob)
        self.prefix = Prefix(self.heads, width // self.heads)

    def forward(self, given: Tensor, hidden: Tensor, packed: Packed) -> Tensor:
        """Let `given`, ``(T or S, C)``, attend to `hidden`, ``(T, C)``."""
        q, k, v = self.query(given), self.key(hidden), self.value(hidden)
        q, k, v = (x.view(len(x), self.heads, -1) for x in (q, k, v))  # (T, H, C / H)
        dropout = self.attention_dropout.p if self.training else 0.0
        attended = self.dense(
            attend(q, k, v, packed, dropout=dropout, prefix=self.prefix)
        )
        normed: Tensor = self.LayerNorm(given + self.output_dropout(attended))
        return normed


class Layer(nn.Module):
    """One transformer layer, normalised after each sublayer."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        width, inner = config.hidden_size, config.intermediate_size
        self.attention = Attention(config)
        self.ffn = nn.Linear(width, inner)
        self.activation = ACTIVATIONS[config.hidden_act]
        self.ffn_output = nn.Linear(inner, width)
        self.full_layer_layer_norm = nn.LayerNorm(width, eps=config.layer_norm_eps)

    def forward(
        self, hidden: Tensor, packed: Packed, asking: Tensor | None = None
    ) -> Tensor:
        """Return ``(T, C)``, or ``(S, C)`` of the tokens that ask."""
        given = hidden if asking is None else hidden[asking]
        attended = self.attention(given, hidden, packed)
        inner = self.ffn_output(self.activation(self.ffn(attended)))
        normed: Tensor = self.full_layer_layer_norm(inner + attended)
        return normed


class LayerGroup(nn.Module):
    """Layers that are repeated together."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.albert_layers = nn.ModuleList(
            Layer(config) for _ in range(config.inner_group_num)
        )


class Encoder(nn.Module):
    """The stack: groups of layers, each repeated with the same weights."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.embedding_hidden_mapping_in = nn.Linear(
            config.embedding_size, config.hidden_size
        )
        self.albert_layer_groups = nn.ModuleList(
            LayerGroup(config) for _ in range(config.num_hidden_groups)
        )
        per_group = config.num_hidden_layers / config.num_hidden_groups
        self.order = [int(i / per_group) for i in range(config.num_hidden_layers)]

    def forward(
        self, embedded: Tensor, packed: Packed, asking: Tensor | None = None
    ) -> Tensor:
        """Map ``(T, E)`` to ``(T, C)``, or ``(S, C)`` of the tokens that ask."""
        hidden = self.embedding_hidden_mapping_in(embedded)
        *lower, last = self._layers()
        for layer in lower:
            hidden = layer(hidden, packed)
        top: Tensor = last(hidden, packed, asking)
        return top

    def _layers(self) -> Iterator[nn.Module]:
        for group in self.order:
            repeated = self.albert_layer_groups[group].get_submodule("albert_layers")
            yield from repeated.children()


class Albert(nn.Module):
    """The encoder, with its pooler where it has one (else nothing is in its place)."""

    def __init__(self, config: BertConfig, *, has_pooler: bool) -> None:
        super().__init__()
        width = config.hidden_size
        self.embeddings = Embeddings(config)
        self.encoder = Encoder(config)
        self.pooler = nn.Linear(width, width) if has_pooler else nn.Identity()

    def forward(self, packed: Packed, asking: Tensor | None = None) -> Tensor:
        """Return hidden states, ``(T, C)``, or ``(S, C)`` of the tokens that ask."""
        hidden: Tensor = self.encoder(self.embeddings(packed), packed, asking)
        return hidden


class WordHead(nn.Module):
    """The masked-language head, which narrows to the width of the word vectors."""

    def __init__(self, config: BertConfig, *, has_own_decoder: bool) -> None:
        super().__init__()
        narrow = config.embedding_size
        self.dense = nn.Linear(config.hidden_size, narrow)
        self.activation = ACTIVATIONS[config.hidden_act]
        self.LayerNorm = nn.LayerNorm(narrow, eps=config.layer_norm_eps)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))
        self.decoder = (
            nn.Linear(narrow, config.vocab_size, bias=False)
            if has_own_decoder
            else None
        )

    def forward(self, hidden: Tensor, words: Tensor) -> Tensor:
        """Return ``(rows, V)``, given the word vectors ``(V, E)``."""
        weight = words if self.decoder is None else self.decoder.weight
        normed = self.LayerNorm(self.activation(self.dense(hidden)))
        return linear(normed, weight, self.bias)


class AlbertWithHeads(nn.Module):
    """ALBERT with the heads that its parts name.

    Attributes:
        classifier: maps the pooled first token, of a tagger every token, to the
            outputs.
        qa_outputs: maps every token to a start and an end score.
        predictions: the masked-language head.
    """

    def __init__(self, config: BertConfig, parts: Parts) -> None:
        super().__init__()
        width = config.hidden_size
        self.albert = Albert(config, has_pooler=parts.has_pooler)
        if parts.kind == "extract":
            self.qa_outputs = nn.Linear(width, parts.outputs)
        elif parts.kind is not None:
            self.dropout = nn.Dropout(config.classifier_dropout)
            self.classifier = nn.Linear(width, parts.outputs)
        if parts.has_words:
            self.predictions = WordHead(config, has_own_decoder=parts.has_own_decoder)

    def hidden(self, packed: Packed, asking: Tensor | None = None) -> Tensor:
        """Return hidden states, ``(T, C)``, or ``(S, C)`` of the tokens that ask."""
        hidden: Tensor = self.albert(packed, asking)
        return hidden

    def forward(self, packed: Packed) -> Tensor:
        """Return the classifier's logits, ``(S, outputs)``."""
        pooled = torch.tanh(self.albert.pooler(self.albert(packed, packed.first)))
        logits: Tensor = self.classifier(self.dropout(pooled))
        return logits

    def spans(self, packed: Packed) -> Tensor:
        """Return a start and an end score of every token, ``(T, 2)``."""
        scores: Tensor = self.qa_outputs(self.albert(packed))
        return scores

    def tags(self, packed: Packed) -> Tensor:
        """Return a tagger's logits of every token, ``(T, outputs)``."""
        logits: Tensor = self.classifier(self.dropout(self.albert(packed)))
        return logits

    def words(self, packed: Packed, asking: Tensor) -> Tensor:
        """Return logits over the vocabulary of one token a sequence, ``(S, V)``."""
        return self.spell(self.albert(packed, asking))

    def spell(self, hidden: Tensor) -> Tensor:
        """Return logits over the vocabulary of hidden states, ``(rows, V)``."""
        vectors = self.albert.embeddings.word_embeddings.weight
        logits: Tensor = self.predictions(hidden, vectors)
        return logits
