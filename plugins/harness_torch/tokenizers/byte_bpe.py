"""Byte-level BPE tokenizers from vocab.json and merges.txt.

The reference is GPT-2's encoder.py (openai/gpt-2); RoBERTa puts ``<s> a </s>`` and
``<s> a </s></s> b </s>`` around the same pieces, and CodeT5 does as RoBERTa.
"""

from __future__ import annotations

from pathlib import Path

from tokenizers import Tokenizer, decoders, pre_tokenizers, processors
from tokenizers.models import BPE

from harness import CheckpointError
from harness_torch.source import read_json
from harness_torch.tokenizers.frames import frame, token_id
from harness_torch.tokenizers.settings import TokenizerSettings
from harness_torch.tokenizers.special import SpecialTokens


def make_byte_bpe(
    folder: Path, settings: TokenizerSettings, special: SpecialTokens, *, pairs: bool
) -> Tokenizer:
    """Make the tokenizer of a vocab.json with its merges.txt.

    Args:
        folder: holds the two files.
        settings: its tokenizer_config.json.
        special: its special tokens.
        pairs: frame texts and pairs as RoBERTa does, else as GPT-2.

    Raises:
        CheckpointError: a file can't be read, or the two don't belong together.
    """
    prefix_space = settings.flag("add_prefix_space", default=False)
    tokenizer = Tokenizer(_model(folder))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix_space)
    tokenizer.decoder = decoders.ByteLevel()
    special.add_to(tokenizer)
    if pairs:
        cls, sep = special.text("cls"), special.text("sep")
        tokenizer.post_processor = processors.RobertaProcessing(
            (sep, token_id(tokenizer, sep)),
            (cls, token_id(tokenizer, cls)),
            trim_offsets=settings.flag("trim_offsets", default=True),
            add_prefix_space=prefix_space,
        )
    else:
        bos = (
            special.text("bos")
            if settings.flag("add_bos_token", default=False)
            else None
        )
        eos = (
            special.text("eos")
            if settings.flag("add_eos_token", default=False)
            else None
        )
        frame(tokenizer, bos=bos, eos=eos)
    return tokenizer


def _model(folder: Path) -> BPE:
    vocabulary = read_json(folder / "vocab.json")
    path = folder / "merges.txt"
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{folder} has a vocab.json and no {path.name} that can be read ({error}): "
            "fetch or save the tokenizer again"
        ) from error
    merges = list[tuple[str, str]]()
    for number, line in enumerate(lines, start=1):
        if not line or (number == 1 and line.startswith("#version")):
            continue
        left, _, right = line.removesuffix("\r").partition(" ")
        if left + right not in vocabulary:
            raise CheckpointError(
                f"{path} merges {line!r} in line {number}, which vocab.json lacks: use "
                "the two files of one tokenizer"
            )
        merges.append((left, right))
    try:
        return BPE(vocabulary, merges)
    except Exception as error:  # the library raises no narrower one
        raise CheckpointError(
            f"{folder} holds a vocab.json and merges.txt that make no tokenizer "
            f"({error}): fetch the checkpoint again"
        ) from error
