"""Virtual tokens: trained vectors that stand before every input.

Lester et al. 2021, https://arxiv.org/abs/2104.08691. They are ids beyond the
vocabulary, so order, positions and bounds of a batch are as with any token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from harness import PluginError
from harness_torch.adapters.surgery import replace_module
from harness_torch.tokenizers.protocol import (
    Pieces,
    SpecialIds,
    TextPair,
    TextTokenizer,
    Tokens,
)


class PromptedEmbedding(nn.Embedding):
    """Word vectors, and those of virtual tokens behind them.

    Args:
        words: the word vectors; stay where they are.
        prompt: vectors of the virtual tokens, ``(tokens, width)``.
    """

    def __init__(self, words: nn.Embedding, prompt: Tensor) -> None:
        rows, width = words.weight.shape
        super().__init__(rows, width, words.padding_idx, _weight=words.weight.data)
        self.weight = words.weight
        self.prompt = nn.Parameter(prompt)

    def forward(self, ids: Tensor) -> Tensor:
        """Return vectors, ``(..., width)``."""
        words = super().forward(ids.clamp(max=self.num_embeddings - 1))
        place = (ids - self.num_embeddings).clamp(min=0)
        is_virtual = (ids >= self.num_embeddings).unsqueeze(-1)
        return torch.where(is_virtual, self.prompt[place].to(words.dtype), words)


class PromptedTokenizer:
    """A tokenizer that puts virtual tokens before every text or pair.

    Args:
        tokenizer: makes all other tokens; leaves room for these.
        virtual: the ids of the virtual tokens.
    """

    def __init__(self, tokenizer: TextTokenizer, virtual: Sequence[int]) -> None:
        self._tokenizer = tokenizer
        self._virtual = list(virtual)

    @property
    def vocabulary_size(self) -> int:
        """How many ids there are, without virtual ones."""
        return self._tokenizer.vocabulary_size

    @property
    def special(self) -> SpecialIds:
        """The special tokens."""
        return self._tokenizer.special

    @property
    def adds_bos(self) -> bool:
        """Whether `wrap` and `encode` put the BOS token before the text."""
        return self._tokenizer.adds_bos

    @property
    def files(self) -> Mapping[str, bytes]:
        """The files that make the same tokenizer again, without virtual tokens."""
        return self._tokenizer.files

    def encode(self, texts: Sequence[TextPair]) -> list[Tokens]:
        """Tokenise in one batch with special tokens and virtual ones before them."""
        return [put_before(self._virtual, t) for t in self._tokenizer.encode(texts)]

    def pieces(self, texts: Sequence[str]) -> list[Pieces]:
        """Tokenise in one batch without special tokens, and cut nothing."""
        return self._tokenizer.pieces(texts)

    def wrap(self, ids: Sequence[int], pair: Sequence[int] | None = None) -> Tokens:
        """Put virtual and special tokens around one text's ids, or a pair's."""
        return put_before(self._virtual, self._tokenizer.wrap(ids, pair))

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of ids."""
        return self._tokenizer.decode(ids)


def put_before(virtual: Sequence[int], tokens: Tokens) -> Tokens:
    """Return tokens with virtual ones before them, in the first segment."""
    return Tokens(
        [*virtual, *tokens.ids],
        [0] * len(virtual) + tokens.segments,
        tokens.truncated,
    )


def first_vectors(words: nn.Embedding, ids: Sequence[int]) -> Tensor:
    """Return what virtual tokens begin as: a copy of words' vectors."""
    return words.weight.detach()[torch.tensor(ids, device=words.weight.device)].clone()


def put_prompt(module: nn.Module, words: nn.Embedding, prompt: Tensor) -> None:
    """Put virtual tokens behind a module's word vectors, wherever these stand.

    Raises:
        PluginError: the word vectors are no plain table.
    """
    if type(words) is not nn.Embedding:
        raise PluginError(
            f"virtual tokens need a plain table of word vectors, this model's is a "
            f"{type(words).__name__}: choose another recipe, such as lora"
        )
    prompted = PromptedEmbedding(words, prompt)
    # An encoder-decoder of transformers has three tables with the same weights.
    for part in list(module.modules()):
        if type(part) is nn.Embedding and part.weight is words.weight:
            replace_module(module, part, prompted)
