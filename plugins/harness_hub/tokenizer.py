"""A tokenizer of transformers, fast or slow, as the torch shelf knows tokenizers."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from harness import CheckpointError
from harness_torch.adapters.prompts import put_before
from harness_torch.tokenizers.protocol import Pieces, SpecialIds, TextPair, Tokens

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class _Frame(NamedTuple):
    """The special tokens before, between and after texts, each with its segment."""

    before: list[tuple[int, int]]
    between: list[tuple[int, int]]
    after: list[tuple[int, int]]
    segments: tuple[int, int]


class HubTokenizer:
    """Wraps a tokenizer of transformers; `harness_torch.tokenizers.protocol.TextTokenizer`.

    Args:
        library: the tokenizer.
        length: the longest input in tokens.
        bos: ``auto``, ``on`` or ``off``: whether `opened` puts the beginning-of-text
            token first.
        title: how messages name the model.
        virtual: ids of virtual tokens, which `encode` and `wrap` put before all others.
    """

    def __init__(
        self,
        library: PreTrainedTokenizerBase,
        *,
        length: int,
        bos: str,
        title: str,
        virtual: Sequence[int] = (),
    ) -> None:
        self.library = library
        self.length = length
        self._title = title
        self._virtual = virtual
        self._opening = self._find_opening(bos)

    @property
    def vocabulary_size(self) -> int:
        """How many ids there are, added tokens included."""
        return len(self.library)

    @property
    def special(self) -> SpecialIds:
        """The special tokens."""
        return SpecialIds(
            bos=self.library.bos_token_id,
            eos=self.library.eos_token_id,
            pad=self.library.pad_token_id,
            mask=self.library.mask_token_id,
            unknown=self.library.unk_token_id,
        )

    @property
    def prefix(self) -> int | None:
        """What stands before a text's first token: its beginning, else an end."""
        return self.special.prefix

    @property
    def empty(self) -> list[int]:
        """What is read of a text without tokens: a model reads at least one."""
        return [self.prefix or 0]

    @property
    def adds_bos(self) -> bool:
        """Whether `wrap` and `encode` put the BOS token in front."""
        return bool(self._opening)

    @property
    def has_segments(self) -> bool:
        """Whether the model is told which of two texts a token belongs to."""
        return "token_type_ids" in self.library.model_input_names

    @property
    def files(self) -> Mapping[str, bytes]:
        """The files that make the same tokenizer again, by name."""
        with tempfile.TemporaryDirectory() as folder:
            self.library.save_pretrained(folder)
            paths = [path for path in Path(folder).rglob("*") if path.is_file()]
            return {str(path.relative_to(folder)): path.read_bytes() for path in paths}

    def encode(self, texts: Sequence[TextPair]) -> list[Tokens]:
        """Tokenise in one batch, cutting the longer of a pair first.

        A text without a token is read as the one that stands before a text's first.
        """
        whole = self._call(texts)
        long = [i for i, one in enumerate(whole) if len(one.ids) > self.length]
        cut = self._call([texts[i] for i in long], max_length=self.length)
        for i, one in zip(long, cut, strict=True):
            whole[i] = one._replace(truncated=len(whole[i].ids) - len(one.ids))
        nothing = Tokens(self.empty, [0], 0)
        read = [one if one.ids else nothing for one in whole]
        return [put_before(self._virtual, tokens) for tokens in read]

    def pieces(self, texts: Sequence[str]) -> list[Pieces]:
        """Tokenise in one batch without special tokens, and cut nothing.

        Raises:
            CheckpointError: the tokenizer is a slow one, which knows no offsets.
        """
        if not texts:
            return []
        self._check_fast()
        encoded = self.library(
            list(texts),
            add_special_tokens=False,
            return_offsets_mapping=True,
            verbose=False,
        )
        rows = zip(encoded["input_ids"], encoded["offset_mapping"], strict=True)
        return [
            Pieces(list(ids), [(int(start), int(end)) for start, end in offsets])
            for ids, offsets in rows
        ]

    def plain(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of texts without special tokens, uncut."""
        if not texts:
            return []
        encoded = self.library(list(texts), add_special_tokens=False, verbose=False)
        return [list(map(int, ids)) for ids in encoded["input_ids"]]

    def opened(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of texts for a decoder: one beginning-of-text, or none."""
        return [
            ids if ids[: len(self._opening)] == self._opening else self._opening + ids
            for ids in self.plain(texts)
        ]

    def wrap(self, ids: Sequence[int], pair: Sequence[int] | None = None) -> Tokens:
        """Put the special tokens around one text's ids, or a pair's."""
        frame = self._single if pair is None else self._pair
        first, second = frame.segments
        parts = [
            *frame.before,
            *((token, first) for token in ids),
            *frame.between,
            *((token, second) for token in pair or ()),
            *frame.after,
        ]
        wrapped = Tokens([token for token, _ in parts], [seg for _, seg in parts], 0)
        return put_before(self._virtual, wrapped)

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of ids, leaving special tokens out."""
        return str(
            self.library.decode(
                list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False
            )
        )

    @cached_property
    def _single(self) -> _Frame:
        (tokens,), (text,) = self._call([("a", None)]), self.plain(["a"])
        rows = list(zip(tokens.ids, tokens.segments, strict=True))
        start, end = self._place(tokens.ids, text, 0)
        segment = tokens.segments[start]
        return _Frame(rows[:start], [], rows[end:], (segment, segment))

    @cached_property
    def _pair(self) -> _Frame:
        (tokens,) = self._call([("a", "b")])
        first, second = self.plain(["a", "b"])
        rows = list(zip(tokens.ids, tokens.segments, strict=True))
        start, end = self._place(tokens.ids, first, 0)
        begin, stop = self._place(tokens.ids, second, end)
        segments = tokens.segments[start], tokens.segments[begin]
        return _Frame(rows[:start], rows[end:begin], rows[stop:], segments)

    def _place(self, whole: list[int], part: list[int], at: int) -> tuple[int, int]:
        for start in range(at, len(whole) - len(part) + 1):
            if part and whole[start : start + len(part)] == part:
                return start, start + len(part)
        raise CheckpointError(
            f"the tokenizer of {self._title} reads 'a' as {part} alone and as {whole} "
            "with special tokens, expected the first within the second: it is of a "
            "kind that is not supported"
        )

    def _find_opening(self, bos: str) -> list[int]:
        token = self.library.bos_token_id
        if bos == "on" and token is None:
            raise CheckpointError(
                f"the tokenizer of {self._title} has no beginning-of-text token: leave "
                "the option bos out"
            )
        if bos == "off" or token is None:
            return []
        begins = [first for first, _ in self._single.before[:1]]
        return [token] if bos == "on" or begins == [token] else []

    def _check_fast(self) -> None:
        if not self.library.is_fast:
            raise CheckpointError(
                f"the tokenizer of {self._title} is a slow one "
                f"({type(self.library).__name__}), which does not say where in a text "
                "its tokens stand: use a checkpoint with a tokenizer.json"
            )

    def _call(
        self, texts: Sequence[TextPair], *, max_length: int | None = None
    ) -> list[Tokens]:
        """Tokenise with special tokens, texts in one batch and pairs in another."""
        tokens: dict[int, Tokens] = {}
        for is_paired in (False, True):
            places = [
                i for i, (_, b) in enumerate(texts) if (b is not None) is is_paired
            ]
            if not places:
                continue
            encoded: Any = self.library(
                [texts[i][0] for i in places],
                [str(texts[i][1]) for i in places] if is_paired else None,
                truncation=False if max_length is None else "longest_first",
                max_length=max_length,
                verbose=False,
            )
            segments = encoded.get("token_type_ids") or [None] * len(places)
            for i, ids, own in zip(places, encoded["input_ids"], segments, strict=True):
                tokens[i] = Tokens(list(ids), list(own or [0] * len(ids)), 0)
        return [tokens[i] for i in range(len(texts))]
