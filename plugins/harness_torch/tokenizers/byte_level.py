"""The tokenizer of built-in models that write: every byte is a token.

It needs no vocabulary, and what it reads it can write again, in any script.
"""

from __future__ import annotations

import json

from tokenizers import AddedToken, Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE

from harness_torch.tokenizers.frames import frame
from harness_torch.tokenizers.library import LibraryTokenizer
from harness_torch.tokenizers.protocol import SpecialIds

PAD, EOS, BOS, MASK = range(4)
BYTE_VOCABULARY = 260
"""How many ids there are: four special tokens, then the 256 bytes in order."""

_SPECIAL = {"pad": "<|pad|>", "eos": "<|eos|>", "bos": "<|bos|>", "mask": "<|mask|>"}


def byte_tokenizer(*, length: int, bos: bool, eos: bool) -> LibraryTokenizer:
    """Make the tokenizer of bytes; `load_tokenizer` makes it again from its files.

    Args:
        length: the longest input in tokens, special tokens included.
        bos: whether BOS is put before each text.
        eos: whether EOS is put behind each text.
    """
    names = list(_SPECIAL.values())
    ids = {name: place for place, name in enumerate([*names, *byte_letters()])}
    tokenizer = Tokenizer(BPE(ids, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(
        add_prefix_space=False, use_regex=False
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(
        [AddedToken(name, special=True, normalized=False) for name in names]
    )
    frame(
        tokenizer,
        bos=_SPECIAL["bos"] if bos else None,
        eos=_SPECIAL["eos"] if eos else None,
    )
    settings = {f"{role}_token": name for role, name in _SPECIAL.items()}
    settings["tokenizer_class"] = "PreTrainedTokenizerFast"
    return LibraryTokenizer(
        tokenizer,
        length=length,
        files={
            "tokenizer.json": tokenizer.to_str().encode(),
            "tokenizer_config.json": json.dumps(settings, indent=2).encode() + b"\n",
        },
        special=SpecialIds(bos=BOS, eos=EOS, pad=PAD, mask=MASK),
    )


def byte_letters() -> list[str]:
    """Return the letter by which byte-level tokenizers write each byte, in order.

    Bytes that print stand for themselves, the others for letters from U+0100 on
    (openai/gpt-2, encoder.py, `bytes_to_unicode`).
    """
    printing = {*range(33, 127), *range(161, 173), *range(174, 256)}
    hidden = [byte for byte in range(256) if byte not in printing]
    moved = {byte: 256 + place for place, byte in enumerate(hidden)}
    return [chr(moved.get(byte, byte)) for byte in range(256)]
