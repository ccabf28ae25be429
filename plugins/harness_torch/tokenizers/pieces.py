"""Tokenizers from a SentencePiece model: ALBERT, T5, Llama 2, XLM-RoBERTa.

They cut texts with the `tokenizers` library, which gives offsets in characters of the
text as it was and can batch; what each family does before and after is as transformers
builds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tokenizers import (
    AddedToken,
    Tokenizer,
    decoders,
    normalizers,
    pre_tokenizers,
    processors,
)
from tokenizers.models import BPE, Unigram

from harness import CheckpointError
from harness_torch.tokenizers.frames import frame, token_id
from harness_torch.tokenizers.piece_model import Kind, Piece, PieceModel
from harness_torch.tokenizers.settings import TokenizerSettings
from harness_torch.tokenizers.special import SpecialTokens

Vocabulary = list[tuple[str, float]]

_SPACE = "▁"
_SENTINELS = 100
_UNLIKELY = -100.0


def make_albert(
    model: PieceModel, settings: TokenizerSettings, special: SpecialTokens
) -> Tokenizer:
    """Make ALBERT's: ``[CLS] a [SEP] b [SEP]``, lower-cased and without accents.

    A piece that ends in a digit and a comma is never taken, as in google-research/albert,
    tokenization.py, `encode_pieces`.
    """
    vocabulary = [
        (piece.text, piece.score + (_UNLIKELY if _ends_in_number(piece.text) else 0.0))
        for piece in model.pieces
    ]
    tokenizer = _unigram(model, vocabulary, unknown=model.unknown)
    steps: list[normalizers.Normalizer] = [
        normalizers.Replace("``", '"'),
        normalizers.Replace("''", '"'),
    ]
    if not settings.flag("keep_accents", default=False):
        steps += [normalizers.NFKD(), normalizers.StripAccents()]
    if settings.flag("do_lower_case", default=True):
        steps.append(normalizers.Lowercase())
    tokenizer.normalizer = normalizers.Sequence([*steps, *_mapped(model)])
    special.add_to(tokenizer)
    cls, sep = special.text("cls"), special.text("sep")
    tokenizer.post_processor = _template(
        tokenizer, [cls, "$A", sep], [cls, "$A", sep, "$B:1", f"{sep}:1"]
    )
    return tokenizer


def make_t5(
    model: PieceModel, settings: TokenizerSettings, special: SpecialTokens
) -> Tokenizer:
    """Make T5's: ``a </s> b </s>``, with its sentinels behind the vocabulary.

    ``<extra_id_0>`` is the last.
    """
    count = settings.count("extra_ids", default=_SENTINELS)
    sentinels = [f"<extra_id_{i}>" for i in range(count - 1, -1, -1)]
    vocabulary = [(piece.text, piece.score) for piece in model.pieces]
    vocabulary += [(sentinel, 0.0) for sentinel in sentinels]
    tokenizer = _unigram(model, vocabulary, unknown=model.unknown)
    tokenizer.add_special_tokens(_added(sentinels))
    special.add_to(tokenizer)
    eos = special.text("eos")
    tokenizer.post_processor = _template(tokenizer, ["$A", eos], ["$A", eos, "$B", eos])
    return tokenizer


def make_xlm_roberta(
    model: PieceModel, settings: TokenizerSettings, special: SpecialTokens
) -> Tokenizer:
    """Make XLM-RoBERTa's: ``<s> a </s></s> b </s>``, ids as fairseq's.

    The first four ids are its own special tokens; the model's three make way for them,
    and the mask comes last.
    """
    del settings
    names = [special.text(role) for role in ("cls", "pad", "eos", "unk")]
    vocabulary = [(name, 0.0) for name in names]
    vocabulary += [(piece.text, piece.score) for piece in model.pieces[3:]]
    vocabulary.append((special.text("mask"), 0.0))
    tokenizer = _unigram(model, vocabulary, unknown=3)
    special.add_to(tokenizer)
    bos, eos = special.text("cls"), special.text("sep")
    tokenizer.post_processor = _template(
        tokenizer, [bos, "$A", eos], [bos, "$A", eos, eos, "$B", eos]
    )
    return tokenizer


def make_llama(
    model: PieceModel, settings: TokenizerSettings, special: SpecialTokens
) -> Tokenizer:
    """Make Llama 2's: ``<s> a``, merges in order of the pieces' scores.

    Raises:
        CheckpointError: the model is no BPE.
    """
    if not model.is_bpe:
        raise CheckpointError(
            f"{model.origin} is a unigram model, expected BPE as Llama 2's: save the "
            "tokenizer as tokenizer.json"
        )
    ids = {piece.text: place for place, piece in enumerate(model.pieces)}
    tokenizer = Tokenizer(
        BPE(
            ids,
            list(_merges(model.pieces, ids)),
            unk_token=model.pieces[model.unknown].text,
            fuse_unk=True,
            byte_fallback=model.has_bytes,
        )
    )
    prefix = settings.flag("add_prefix_space", default=True)
    where = "always" if settings.flag("legacy", default=False) else "first"
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(
        replacement=_SPACE, prepend_scheme=where if prefix else "never", split=False
    )
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace(_SPACE, " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            *([decoders.Strip(content=" ", left=1)] if prefix else []),
        ]
    )
    tokenizer.add_tokens(
        [
            AddedToken(p.text, special=p.kind is Kind.CONTROL, normalized=False)
            for p in model.pieces
            if p.kind in (Kind.CONTROL, Kind.USER_DEFINED)
        ]
    )
    special.add_to(tokenizer)
    frame(
        tokenizer,
        bos=special.text("bos")
        if settings.flag("add_bos_token", default=True)
        else None,
        eos=special.text("eos")
        if settings.flag("add_eos_token", default=False)
        else None,
    )
    return tokenizer


def _unigram(model: PieceModel, vocabulary: Vocabulary, *, unknown: int) -> Tokenizer:
    if model.is_bpe:
        raise CheckpointError(
            f"{model.origin} is a BPE model, expected unigram as this family's: save the "
            "tokenizer as tokenizer.json"
        )
    tokenizer = Tokenizer(Unigram(vocabulary, unk_id=unknown, byte_fallback=False))
    if model.character_map:
        tokenizer.normalizer = normalizers.Precompiled(model.character_map)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Metaspace(replacement=_SPACE, prepend_scheme="always"),
        ]
    )
    tokenizer.decoder = decoders.Metaspace(replacement=_SPACE, prepend_scheme="always")
    return tokenizer


def _mapped(model: PieceModel) -> list[normalizers.Normalizer]:
    if model.character_map is None:
        return []
    return [normalizers.Precompiled(model.character_map)]


def _merges(
    pieces: Iterable[Piece], ids: Mapping[str, int]
) -> Iterable[tuple[str, str]]:
    """Yield pairs of pieces that make a piece, the likeliest piece first."""
    usable = [piece for piece in pieces if piece.kind is Kind.NORMAL]
    for piece in sorted(usable, key=lambda piece: -piece.score):
        cuts = ((piece.text[:i], piece.text[i:]) for i in range(1, len(piece.text)))
        made = [(left, right) for left, right in cuts if left in ids and right in ids]
        yield from sorted(made, key=lambda pair: (len(pair[0]), len(pair[1])))


def _ends_in_number(text: str) -> bool:
    return len(text) > 1 and text[-1] == "," and text[-2].isdigit()


def _added(tokens: Iterable[str]) -> list[AddedToken]:
    return [AddedToken(token, special=True, normalized=False) for token in tokens]


def _template(
    tokenizer: Tokenizer, single: list[str], pair: list[str]
) -> processors.TemplateProcessing:
    names = {part.partition(":")[0] for part in pair if not part.startswith("$")}
    return processors.TemplateProcessing(
        single=single,
        pair=pair,
        special_tokens=[(name, token_id(tokenizer, name)) for name in sorted(names)],
    )
