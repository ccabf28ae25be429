"""RoBERTa: BERT's encoder with other positions, no segments and heads of its own.

Liu et al. 2019, https://arxiv.org/abs/1907.11692; also XLM-R and CamemBERT. Parameters
have the names that Hugging Face's `Roberta...` classes give them. Shapes as in
`harness_bert.model`.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from harness_bert.config import BertConfig
from harness_bert.model import Encoder, Pooler
from harness_bert.parts import Parts
from harness_torch.linear import linear
from harness_torch.packed import Packed


class Embeddings(nn.Module):
    """Word, segment and position vectors, summed and normalised."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        width = config.hidden_size
        self.pad = config.pad_token_id
        self.word_embeddings = nn.Embedding(config.vocab_size, width)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, width)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, width)
        self.LayerNorm = nn.LayerNorm(width, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, packed: Packed) -> Tensor:
        """Return ``(T, C)``."""
        summed = self.word_embeddings(packed.ids)
        summed = summed + self.token_type_embeddings.weight[0]  # pairs have no segments
        summed = summed + self.position_embeddings(self._positions(packed))
        hidden: Tensor = self.dropout(self.LayerNorm(summed))
        return hidden

    def _positions(self, packed: Packed) -> Tensor:
        """Count from `pad` + 1 over the tokens that aren't padding, ``(T,)``.

        A padding token can stand in a text; it has the position `pad`.
        """
        is_real = packed.ids.ne(self.pad).long()
        count = is_real.cumsum(0)
        before = (count - is_real)[packed.first]
        before = before.repeat_interleave(packed.bounds.diff())
        return (count - before) * is_real + self.pad


class Roberta(nn.Module):
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


class ClassifierHead(nn.Module):
    """A hidden layer and the outputs, over the first token."""

    def __init__(self, config: BertConfig, outputs: int) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.dropout = nn.Dropout(config.classifier_dropout)
        self.out_proj = nn.Linear(config.hidden_size, outputs)

    def forward(self, first: Tensor) -> Tensor:
        """Return ``(S, outputs)``."""
        inner = torch.tanh(self.dense(self.dropout(first)))
        logits: Tensor = self.out_proj(self.dropout(inner))
        return logits


class WordHead(nn.Module):
    """The masked-language head; its activation is gelu whatever the encoder's."""

    def __init__(self, config: BertConfig, *, has_own_decoder: bool) -> None:
        super().__init__()
        width = config.hidden_size
        self.dense = nn.Linear(width, width)
        self.layer_norm = nn.LayerNorm(width, eps=config.layer_norm_eps)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))
        self.decoder = (
            nn.Linear(width, config.vocab_size, bias=False) if has_own_decoder else None
        )

    def forward(self, hidden: Tensor, words: Tensor) -> Tensor:
        """Return ``(rows, V)``, given the word vectors ``(V, C)``."""
        weight = words if self.decoder is None else self.decoder.weight
        normed = self.layer_norm(F.gelu(self.dense(hidden)))
        return linear(normed, weight, self.bias)


class RobertaWithHeads(nn.Module):
    """RoBERTa with the heads that its parts name.

    Attributes:
        classifier: a head over the first token; for choices, over the pooled one; of a
            tagger, over every token.
        qa_outputs: maps every token to a start and an end score.
        lm_head: the masked-language head.
    """

    def __init__(self, config: BertConfig, parts: Parts) -> None:
        super().__init__()
        width = config.hidden_size
        self.roberta = Roberta(config, has_pooler=parts.has_pooler)
        self.is_pooled = parts.kind == "choose"
        if parts.kind == "extract":
            self.qa_outputs = nn.Linear(width, parts.outputs)
        elif parts.kind == "choose":
            self.dropout = nn.Dropout(config.hidden_dropout_prob)
            self.classifier: nn.Module = nn.Linear(width, parts.outputs)
        elif parts.kind == "tag":
            self.dropout = nn.Dropout(config.classifier_dropout)
            self.classifier = nn.Linear(width, parts.outputs)
        elif parts.kind is not None:
            self.classifier = ClassifierHead(config, parts.outputs)
        if parts.has_words:
            self.lm_head = WordHead(config, has_own_decoder=parts.has_own_decoder)

    def hidden(self, packed: Packed, asking: Tensor | None = None) -> Tensor:
        """Return hidden states, ``(T, C)``, or ``(S, C)`` of the tokens that ask."""
        hidden: Tensor = self.roberta(packed, asking)
        return hidden

    def forward(self, packed: Packed) -> Tensor:
        """Return the classifier's logits, ``(S, outputs)``."""
        first = self.roberta(packed, packed.first)
        if self.is_pooled:
            first = self.dropout(self.roberta.pooler(first))
        logits: Tensor = self.classifier(first)
        return logits

    def spans(self, packed: Packed) -> Tensor:
        """Return a start and an end score of every token, ``(T, 2)``."""
        scores: Tensor = self.qa_outputs(self.roberta(packed))
        return scores

    def tags(self, packed: Packed) -> Tensor:
        """Return a tagger's logits of every token, ``(T, outputs)``."""
        logits: Tensor = self.classifier(self.dropout(self.roberta(packed)))
        return logits

    def words(self, packed: Packed, asking: Tensor) -> Tensor:
        """Return logits over the vocabulary of one token a sequence, ``(S, V)``."""
        return self.spell(self.roberta(packed, asking))

    def spell(self, hidden: Tensor) -> Tensor:
        """Return logits over the vocabulary of hidden states, ``(rows, V)``."""
        vectors = self.roberta.embeddings.word_embeddings.weight
        logits: Tensor = self.lm_head(hidden, vectors)
        return logits
