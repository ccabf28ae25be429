"""The tokenizer of a folder, made from whatever files the folder has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from tokenizers import Tokenizer

from harness import CheckpointError, UsageError
from harness_torch.opening import TOKENIZERS, check_tokenizer, find_tokenizer_files
from harness_torch.source import read_json
from harness_torch.tokenizers.byte_bpe import make_byte_bpe
from harness_torch.tokenizers.frames import set_bos
from harness_torch.tokenizers.library import LibraryTokenizer
from harness_torch.tokenizers.piece_model import read_piece_model
from harness_torch.tokenizers.pieces import (
    make_albert,
    make_llama,
    make_t5,
    make_xlm_roberta,
)
from harness_torch.tokenizers.protocol import SpecialIds, TextTokenizer
from harness_torch.tokenizers.settings import TokenizerSettings, read_settings
from harness_torch.tokenizers.special import SpecialTokens, read_special_tokens
from harness_torch.tokenizers.word_hash import WORD_HASH, read_word_hash
from harness_torch.tokenizers.wordpiece import make_wordpiece

_OF_CLASS = {
    **dict.fromkeys(("Bert", "DistilBert", "Electra", "MPNet"), "bert"),
    **dict.fromkeys(("Roberta", "Bart", "Longformer"), "roberta"),
    **{"GPT2": "gpt2", "T5": "t5", "Albert": "albert", "XLMRoberta": "xlm-roberta"},
    **dict.fromkeys(("Llama", "CodeLlama"), "llama"),
}
_OF_MODEL = {
    **dict.fromkeys(("bert", "distilbert", "electra"), "bert"),
    **dict.fromkeys(("roberta", "bart", "longformer"), "roberta"),
    **dict.fromkeys(("llama", "mistral"), "llama"),
    **{name: name for name in ("gpt2", "t5", "albert", "xlm-roberta")},
}
_PIECES = {"albert": make_albert, "t5": make_t5, "llama": make_llama}
_PIECES["xlm-roberta"] = make_xlm_roberta


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """What is known of a folder's tokenizer before it is made."""

    folder: Path
    kind: str
    files: Mapping[str, bytes]
    settings: TokenizerSettings
    convention: str | None
    special: SpecialTokens


def load_tokenizer(
    folder: Path, *, length: int, bos: bool | None = None
) -> TextTokenizer:
    """Make the tokenizer of a checkpoint's folder.

    How texts are framed follows from tokenizer.json where there is one, else from
    ``tokenizer_class`` in tokenizer_config.json, else from ``model_type`` in config.json.

    Args:
        folder: holds the tokenizer's files.
        length: the longest input in tokens, special tokens included.
        bos: whether to put the BOS token before each text; as the files say for None.

    Raises:
        CheckpointError: there is no tokenizer, its files can't be used, or nothing
            says how they are meant.
        UsageError: BOS is wanted, and there is none.
    """
    check_tokenizer(folder)
    return _load(folder, length, bos, _stamps(folder))


def _stamps(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Return what changes when a file is written again."""
    read = (*find_tokenizer_files(folder), folder / "config.json")
    found = ((path.name, path.stat()) for path in read if path.is_file())
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in found)


# A run makes it twice, for what it says of the model and for the model itself.
@lru_cache(maxsize=2)
def _load(
    folder: Path, length: int, bos: bool | None, _: tuple[tuple[str, int, int], ...]
) -> TextTokenizer:
    source = _open(folder)
    if source.kind == WORD_HASH:
        return read_word_hash(folder / WORD_HASH, length=length)
    tokenizer = _MAKERS[source.kind](source)
    special = source.special.ids(tokenizer)
    if bos is not None:
        tokenizer = _with_bos(tokenizer, special, folder, wanted=bos)
    cls = source.special.named.get("cls")
    return LibraryTokenizer(
        tokenizer,
        length=length,
        files=source.files,
        special=special,
        bos_is_cls=cls is not None
        and tokenizer.token_to_id(cls.content) == special.bos,
    )


def special_tokens_of(folder: Path) -> SpecialTokens:
    """Read the special tokens of a folder's tokenizer without making it.

    Raises:
        CheckpointError: there is no tokenizer, or its files can't be used.
    """
    check_tokenizer(folder)
    return _open(folder).special


def check_vocabulary(tokenizer: TextTokenizer, *, rows: int, title: str) -> None:
    """Refuse a tokenizer that has ids without a vector.

    Args:
        tokenizer: what is read with.
        rows: how many word vectors the model has.
        title: how the message names the model.

    Raises:
        CheckpointError: there are too few.
    """
    if tokenizer.vocabulary_size > rows:
        raise CheckpointError(
            f"the tokenizer of {title} has {tokenizer.vocabulary_size} ids, the model "
            f"{rows} word vectors: use the tokenizer that belongs to it"
        )


def _open(folder: Path) -> _Source:
    paths = find_tokenizer_files(folder)
    files = {path.name: path.read_bytes() for path in paths}
    settings = read_settings(folder)
    kind = next(name for name in TOKENIZERS if name in files)
    convention = "bert" if kind == "vocab.txt" else _convention(folder, settings)
    special = read_special_tokens(folder, settings.raw, convention=convention)
    return _Source(
        folder=folder,
        kind=kind,
        files=files,
        settings=settings,
        convention=convention,
        special=special,
    )


def _convention(folder: Path, settings: TokenizerSettings) -> str | None:
    name = settings.raw.get("tokenizer_class")
    if isinstance(name, str):
        family = name.removesuffix("Fast").removesuffix("Tokenizer")
        return _OF_CLASS.get(family)
    path = folder / "config.json"
    config = read_json(path) if path.is_file() else {}
    return _OF_MODEL.get(str(config.get("model_type")))


def _with_bos(
    tokenizer: Tokenizer, special: SpecialIds, folder: Path, *, wanted: bool
) -> Tokenizer:
    name = special.bos is not None and tokenizer.id_to_token(special.bos)
    if name:
        return set_bos(tokenizer, name, wanted=wanted)
    if wanted:
        raise UsageError(
            f"the tokenizer of {folder} has no BOS token to put in front: leave the "
            "option bos out"
        )
    return tokenizer


def _from_json(source: _Source) -> Tokenizer:
    path = source.folder / "tokenizer.json"
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises no narrower one
        raise CheckpointError(
            f"{path} is no tokenizer that can be read ({error}): fetch the checkpoint "
            "again"
        ) from error
    source.special.add_to(tokenizer)
    return tokenizer


def _from_vocabulary(source: _Source) -> Tokenizer:
    vocabulary = source.files["vocab.txt"]
    tokenizer = make_wordpiece(vocabulary, source.settings, source.special)
    source.special.add_to(tokenizer)
    return tokenizer


def _from_merges(source: _Source) -> Tokenizer:
    # CodeT5 is a T5 with RoBERTa's tokenizer
    _check_convention(source, "gpt2", "roberta", "t5")
    return make_byte_bpe(
        source.folder,
        source.settings,
        source.special,
        pairs=source.convention != "gpt2",
    )


def _from_pieces(source: _Source, *, conventions: tuple[str, ...]) -> Tokenizer:
    _check_convention(source, *conventions)
    model = read_piece_model(source.folder / source.kind)
    make = _PIECES[str(source.convention)]
    return make(model, source.settings, source.special)


def _check_convention(source: _Source, *conventions: str) -> None:
    if source.convention not in conventions:
        name = source.settings.raw.get("tokenizer_class")
        raise CheckpointError(
            f"{source.folder} has a {source.kind} and nothing that says how it is meant "
            f"(tokenizer_class {name!r}): expected a tokenizer_class or model_type of "
            f"{' or '.join(conventions)}, so save the tokenizer as tokenizer.json"
        )


_MAKERS: Mapping[str, Callable[[_Source], Tokenizer]] = {
    "tokenizer.json": _from_json,
    "vocab.txt": _from_vocabulary,
    "vocab.json": _from_merges,
    "spiece.model": partial(_from_pieces, conventions=("albert", "t5")),
    "tokenizer.model": partial(_from_pieces, conventions=("llama",)),
    "sentencepiece.bpe.model": partial(_from_pieces, conventions=("xlm-roberta",)),
}
