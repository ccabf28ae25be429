"""BERT, read top to bottom, over packed tokens.

Devlin et al. 2018, https://arxiv.org/abs/1810.04805. Parameters have the names that
Hugging Face's `Bert...` classes give them, and every projection is a plain `nn.Linear`.
Shapes: T tokens in a batch, S sequences, C width, H heads, V vocabulary.

Where one token of each sequence is all that is needed, `asking` holds their indices,
``(S,)``, and the last layer computes no other row.
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
    """Word, segment and position vectors, summed and normalised."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        width = config.embedding_size
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
        self.prefix = Prefix(self.heads, width // self.heads)

    def forward(self, given: Tensor, hidden: Tensor, packed: Packed) -> Tensor:
        """Let `given`, ``(T or S, C)``, attend to `hidden`, ``(T, C)``."""
        q, k, v = self.query(given), self.key(hidden), self.value(hidden)
        q, k, v = (x.view(len(x), self.heads, -1) for x in (q, k, v))  # (T, H, C / H)
        dropout = self.dropout.p if self.training else 0.0
        return attend(q, k, v, packed, dropout=dropout, prefix=self.prefix)


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

    def forward(self, given: Tensor, hidden: Tensor, packed: Packed) -> Tensor:
        """Return ``(T or S, C)``, one row for each that asks."""
        normed: Tensor = self.output(self.self(given, hidden, packed), given)
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

    def forward(
        self, hidden: Tensor, packed: Packed, asking: Tensor | None = None
    ) -> Tensor:
        """Return ``(T, C)``, or ``(S, C)`` of the tokens that ask."""
        given = hidden if asking is None else hidden[asking]
        attended = self.attention(given, hidden, packed)
        normed: Tensor = self.output(self.intermediate(attended), attended)
        return normed


class Encoder(nn.Module):
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


class Pooler(nn.Module):
    """A summary of the sequence, made from its first token."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, first: Tensor) -> Tensor:
        """Return ``(S, C)``."""
        return torch.tanh(self.dense(first))


class Bert(nn.Module):
    """The encoder, with its pooler where it has one (else nothing is in its place)."""

    def __init__(self, config: BertConfig, *, has_pooler: bool) -> None:
        super().__init__()
        self.embeddings = Embeddings(config)
        self.encoder = Encoder(config)
        self.pooler = Pooler(config) if has_pooler else nn.Identity()

    def forward(self, packed: Packed, asking: Tensor | None = None) -> Tensor:
        """Return hidden states, ``(T, C)``, or ``(S, C)`` of the tokens that ask."""
        hidden: Tensor = self.encoder(self.embeddings(packed), packed, asking)
        return hidden


class WordTransform(nn.Module):
    """What the masked-language head does before it maps to words."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.activation = ACTIVATIONS[config.hidden_act]
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)

    def forward(self, hidden: Tensor) -> Tensor:
        """Return ``(rows, C)``."""
        normed: Tensor = self.LayerNorm(self.activation(self.dense(hidden)))
        return normed


class WordHead(nn.Module):
    """The masked-language head, which maps to words with their own vectors."""

    def __init__(self, config: BertConfig, *, has_own_decoder: bool) -> None:
        super().__init__()
        self.transform = WordTransform(config)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))
        self.decoder = (
            nn.Linear(config.hidden_size, config.vocab_size, bias=False)
            if has_own_decoder
            else None
        )

    def forward(self, hidden: Tensor, words: Tensor) -> Tensor:
        """Return ``(rows, V)``, given the word vectors ``(V, C)``."""
        weight = words if self.decoder is None else self.decoder.weight
        return linear(self.transform(hidden), weight, self.bias)


class BertWithHeads(nn.Module):
    """BERT with the heads that its parts name.

    Attributes:
        classifier: maps the pooled first token, of a tagger every token, to the
            outputs.
        qa_outputs: maps every token to a start and an end score.
        cls: holds the masked-language head under ``predictions``, and under
            ``seq_relationship`` what tells whether the second segment follows.
    """

    def __init__(self, config: BertConfig, parts: Parts) -> None:
        super().__init__()
        width = config.hidden_size
        self.bert = Bert(config, has_pooler=parts.has_pooler)
        if parts.kind == "extract":
            self.qa_outputs = nn.Linear(width, parts.outputs)
        elif parts.kind is not None:
            self.dropout = nn.Dropout(config.classifier_dropout)
            self.classifier = nn.Linear(width, parts.outputs)
        if parts.has_words:
            head = WordHead(config, has_own_decoder=parts.has_own_decoder)
            self.cls = nn.ModuleDict({"predictions": head})
        if parts.has_pairs:
            self.cls["seq_relationship"] = nn.Linear(width, 2)

    def hidden(self, packed: Packed, asking: Tensor | None = None) -> Tensor:
        """Return hidden states, ``(T, C)``, or ``(S, C)`` of the tokens that ask."""
        hidden: Tensor = self.bert(packed, asking)
        return hidden

    def forward(self, packed: Packed) -> Tensor:
        """Return the classifier's logits, ``(S, outputs)``."""
        pooled = self.bert.pooler(self.bert(packed, packed.first))
        logits: Tensor = self.classifier(self.dropout(pooled))
        return logits

    def spans(self, packed: Packed) -> Tensor:
        """Return a start and an end score of every token, ``(T, 2)``."""
        scores: Tensor = self.qa_outputs(self.bert(packed))
        return scores

    def tags(self, packed: Packed) -> Tensor:
        """Return a tagger's logits of every token, ``(T, outputs)``."""
        logits: Tensor = self.classifier(self.dropout(self.bert(packed)))
        return logits

    def words(self, packed: Packed, asking: Tensor) -> Tensor:
        """Return logits over the vocabulary of one token a sequence, ``(S, V)``."""
        return self.spell(self.bert(packed, asking))

    def spell(self, hidden: Tensor) -> Tensor:
        """Return logits over the vocabulary of hidden states, ``(rows, V)``."""
        vectors = self.bert.embeddings.word_embeddings.weight
        logits: Tensor = self.cls["predictions"](hidden, vectors)
        return logits

    def relate(self, first: Tensor) -> Tensor:
        """Return of each first token whether its segments belong together, ``(S, 2)``."""
        logits: Tensor = self.cls["seq_relationship"](self.bert.pooler(first))
        return logits


def initialise(module: nn.Module, *, std: float, generator: torch.Generator) -> None:
    """Draw fresh weights as BERT does: normal matrices, zero biases, unit norms."""
    for part in module.modules():
        initialise_part(part, std=std, generator=generator)


def initialise_part(part: nn.Module, *, std: float, generator: torch.Generator) -> None:
    """Draw the parameters that a part has itself, not those of what it holds."""
    for name, parameter in part.named_parameters(recurse=False):
        is_matrix = name == "weight" and isinstance(part, nn.Linear | nn.Embedding)
        if is_matrix:
            nn.init.normal_(parameter, std=std, generator=generator)
        elif name == "weight":
            nn.init.ones_(parameter)
        else:
            nn.init.zeros_(parameter)
