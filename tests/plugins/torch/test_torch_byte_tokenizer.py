"""The byte tokenizer reads and writes any text."""

from __future__ import annotations

from pathlib import Path

import pytest
import transformers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness_torch.tokenizers.byte_level import (
    BYTE_VOCABULARY,
    byte_letters,
    byte_tokenizer,
)
from harness_torch.tokenizers.loading import load_tokenizer

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30).filter(
    lambda text: "<|" not in text and "|>" not in text  # names of special tokens
)


@given(text=TEXTS, pair=TEXTS)
@settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],  # a loaded machine is no fault
)
def test_every_text_is_its_bytes_and_comes_back(text: str, pair: str) -> None:
    ours = byte_tokenizer(length=512, bos=True, eos=True)
    (pieces,) = ours.pieces([text])
    assert pieces.ids == [4 + byte for byte in text.encode()]
    assert ours.decode(pieces.ids) == text
    (tokens,) = ours.encode([(text, pair)])
    assert ours.decode(tokens.ids) == text + pair


def test_letters_are_those_of_gpt2() -> None:
    reference = transformers.GPT2Tokenizer(vocab={}, merges=[])
    steps = reference.backend_tokenizer.pre_tokenizer
    for byte, letter in enumerate(byte_letters()):
        if byte < 128:
            assert steps.pre_tokenize_str(chr(byte))[0][0] == letter
    assert len(set(byte_letters())) == 256


@pytest.mark.parametrize("bos", [True, False])
@pytest.mark.parametrize("eos", [True, False])
def test_texts_are_framed_as_asked(bos: bool, eos: bool) -> None:
    ours = byte_tokenizer(length=64, bos=bos, eos=eos)
    framed = [2] * bos + [4 + ord("a")] + [1] * eos
    assert ours.encode([("a", None)])[0].ids == framed
    assert ours.adds_bos is bos


def test_saved_files_make_it_again_here_and_in_transformers(tmp_path: Path) -> None:
    ours = byte_tokenizer(length=64, bos=True, eos=True)
    for name, content in ours.files.items():
        (tmp_path / name).write_bytes(content)
    again = load_tokenizer(tmp_path, length=64)
    reference = transformers.AutoTokenizer.from_pretrained(tmp_path)
    (tokens,) = ours.encode([("né<|mask|>", None)])
    assert tokens.ids == again.encode([("né<|mask|>", None)])[0].ids
    assert tokens.ids == reference("né<|mask|>")["input_ids"]
    assert again.special == ours.special
    assert again.vocabulary_size == BYTE_VOCABULARY == len(reference)
