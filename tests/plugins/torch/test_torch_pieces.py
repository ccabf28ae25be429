"""SentencePiece models are read and used as sentencepiece and transformers do."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path
from typing import Any

import pytest
import transformers

from harness import CheckpointError
from harness_torch.tokenizers.loading import load_tokenizer
from harness_torch.tokenizers.piece_model import Kind, PieceModel, read_piece_model
from harness_torch.tokenizers.protocol import TextTokenizer

sentencepiece = pytest.importorskip("sentencepiece", reason="no sentencepiece")

WORDS = [
    "the",
    "cat",
    "sat",
    "on",
    "a",
    "mat",
    "and",
    "ran",
    "to",
    "me",
    "in",
    "rain",
    "or",
    "sun",
    "with",
    "nine",
    "old",
    "hats",
]
TEXTS = [
    "the cat sat on the mat",
    "",
    " two  spaces and trailing ",
    "never seen: Ω≈ç 🙂 中文",
    "<s> a </s> the<unk>",
    "line\nend\ttab",
    "ﬁne ① caf\u00e9",
]


def trained(path: Path, kind: str, **options: Any) -> Any:
    """Train a small model; the same words give the same model."""
    draw = random.Random(1)
    lines = [" ".join(draw.choices(WORDS, k=8)) for _ in range(200)]
    made = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=made,
        model_type=kind,
        hard_vocab_limit=False,
        minloglevel=2,
        **options,
    )
    path.write_bytes(made.getvalue())
    return sentencepiece.SentencePieceProcessor(model_proto=made.getvalue())


def settle(folder: Path, **settings: Any) -> TextTokenizer:
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return load_tokenizer(folder, length=4096)


def check(ours: TextTokenizer, reference: Any) -> None:
    """Compare ids, offsets, framing and decoded texts with transformers'."""
    for text in TEXTS:
        (pieces,) = ours.pieces([text])
        bare = reference(text, add_special_tokens=False, return_offsets_mapping=True)
        assert (pieces.ids, pieces.offsets) == (
            bare["input_ids"],
            bare["offset_mapping"],
        )
        row = reference(["q"], [text])["input_ids"][0]
        assert ours.encode([("q", text)])[0].ids == row
        assert ours.decode(row) == reference.decode(
            row, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
    assert ours.vocabulary_size == len(reference)


def vocabulary(model: PieceModel) -> list[tuple[str, float]]:
    return [(piece.text, piece.score) for piece in model.pieces]


T5_IDS = {"pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1}


@pytest.mark.parametrize("kind", ["unigram", "bpe"])
def test_a_model_is_read_as_the_library_reads_it(tmp_path: Path, kind: str) -> None:
    reference = trained(
        tmp_path / "m",
        kind,
        vocab_size=400,
        byte_fallback=True,
        user_defined_symbols=["x"],
    )
    model = read_piece_model(tmp_path / "m")
    for place, piece in enumerate(model.pieces):
        assert piece.text == reference.id_to_piece(place)
        assert piece.score == reference.get_score(place)
        assert (piece.kind is Kind.CONTROL) == reference.is_control(place)
        assert (piece.kind is Kind.BYTE) == reference.is_byte(place)
    assert len(model.pieces) == len(reference)
    assert (model.unknown, model.is_bpe) == (reference.unk_id(), kind == "bpe")


def test_t5_equals_transformers_and_sentencepiece(tmp_path: Path) -> None:
    pieces = trained(tmp_path / "spiece.model", "unigram", vocab_size=60, **T5_IDS)
    ours = settle(tmp_path, tokenizer_class="T5Tokenizer", extra_ids=3)
    model = read_piece_model(tmp_path / "spiece.model")
    sentinels = [(f"<extra_id_{i}>", 0.0) for i in (2, 1, 0)]
    character_map: Any = model.character_map
    reference = transformers.T5Tokenizer(
        vocab=vocabulary(model) + sentinels,
        _spm_precompiled_charsmap=character_map,
        extra_ids=3,
    )
    check(ours, reference)
    for text in (TEXTS[0], TEXTS[2], TEXTS[3]):
        assert ours.pieces([text])[0].ids == pieces.encode(text)
    last = ours.vocabulary_size - 1
    assert ours.encode([("<extra_id_0>", None)])[0].ids == [last, 1]


def test_t5_may_have_no_sentinels(tmp_path: Path) -> None:
    """As mT5's, whose extra_ids is 0."""
    pieces = trained(tmp_path / "spiece.model", "unigram", vocab_size=60, **T5_IDS)
    ours = settle(tmp_path, tokenizer_class="T5Tokenizer", extra_ids=0)
    assert ours.vocabulary_size == len(pieces)


def test_a_number_of_sentinels_that_is_none_is_refused(tmp_path: Path) -> None:
    trained(tmp_path / "spiece.model", "unigram", vocab_size=60, **T5_IDS)
    with pytest.raises(CheckpointError, match="extra_ids -1, expected a whole number"):
        settle(tmp_path, tokenizer_class="T5Tokenizer", extra_ids=-1)


def test_xlm_roberta_equals_transformers(tmp_path: Path) -> None:
    path = tmp_path / "sentencepiece.bpe.model"
    pieces = trained(path, "unigram", vocab_size=60)
    ours = settle(tmp_path, tokenizer_class="XLMRobertaTokenizer")
    model = read_piece_model(path)
    first = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    character_map: Any = model.character_map
    reference = transformers.XLMRobertaTokenizer(
        vocab=[*first, *vocabulary(model)[3:], ("<mask>", 0.0)],
        _spm_precompiled_charsmap=character_map,
    )
    check(ours, reference)
    ids = [place + 1 for place in pieces.encode(TEXTS[0])]  # fairseq's offset
    assert ours.encode([(TEXTS[0], None)])[0].ids == [0, *ids, 2]


@pytest.mark.parametrize("legacy", [True, False])
def test_llama_equals_transformers(tmp_path: Path, legacy: bool) -> None:
    from transformers.tokenization_utils_base import generate_merges

    trained(tmp_path / "tokenizer.model", "bpe", vocab_size=330, byte_fallback=True)
    settings = {"tokenizer_class": "LlamaTokenizer", "legacy": legacy}
    ours = settle(tmp_path, **settings)
    model = read_piece_model(tmp_path / "tokenizer.model")
    ids = {piece.text: place for place, piece in enumerate(model.pieces)}
    reference = transformers.LlamaTokenizer(
        vocab=ids, merges=generate_merges(ids), legacy=legacy, add_bos_token=True
    )
    check(ours, reference)
    assert (ours.adds_bos, ours.special.bos, ours.special.eos) == (True, 1, 2)


# where a text begins with a space, sentencepiece puts one more and transformers does not
@pytest.mark.parametrize("text", [TEXTS[0], TEXTS[2][1:], *TEXTS[3:4], *TEXTS[5:]])
def test_llama_ids_equal_sentencepiece(tmp_path: Path, text: str) -> None:
    options = {"normalization_rule_name": "identity", "byte_fallback": True}
    options |= {"remove_extra_whitespaces": False}  # as Llama 2's model was trained
    path = tmp_path / "tokenizer.model"
    reference = trained(path, "bpe", vocab_size=330, **options)
    ours = settle(tmp_path, tokenizer_class="LlamaTokenizer")
    (tokens,) = ours.encode([(text, None)])
    assert tokens.ids == [1, *reference.encode(text)]
    assert ours.decode(tokens.ids) == reference.decode(reference.encode(text))


def test_symbols_that_a_model_was_trained_with_stay_whole(tmp_path: Path) -> None:
    options = {"normalization_rule_name": "identity", "byte_fallback": True}
    path = tmp_path / "tokenizer.model"
    symbols = {"user_defined_symbols": ["<x>"]}
    reference = trained(path, "bpe", vocab_size=330, **options, **symbols)
    ours = settle(tmp_path, tokenizer_class="LlamaTokenizer", add_bos_token=False)
    (tokens,) = ours.encode([("the <x>cat<x> sat", None)])
    assert tokens.ids == reference.encode("the <x>cat<x> sat")
    assert ours.decode(tokens.ids) == "the <x>cat<x> sat"


def test_llama_may_do_without_bos(tmp_path: Path) -> None:
    trained(tmp_path / "tokenizer.model", "bpe", vocab_size=330, byte_fallback=True)
    ours = settle(tmp_path, tokenizer_class="LlamaTokenizer", add_bos_token=False)
    assert not ours.adds_bos


@pytest.mark.parametrize(
    ("file", "kind", "family", "message"),
    [
        ("spiece.model", "bpe", "T5", "is a BPE model, expected unigram"),
        ("tokenizer.model", "unigram", "Llama", "is a unigram model, expected BPE"),
        ("spiece.model", "unigram", "XLNet", "nothing that says how it is meant"),
        ("spiece.model", "unigram", "Albert", r"lacks its special token '\[CLS\]'"),
    ],
)
def test_a_model_of_another_family_is_refused(
    tmp_path: Path, file: str, kind: str, family: str, message: str
) -> None:
    trained(tmp_path / file, kind, vocab_size=60)
    with pytest.raises(CheckpointError, match=message):
        settle(tmp_path, tokenizer_class=f"{family}Tokenizer")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no model",
        b"\x0a\xff",
        b"\x0a\x02\x08\x01",
        b"\xff" * 20,
        b"\x0a\x02\x18\x09",
    ],
)
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "spiece.model").write_bytes(content)
    with pytest.raises(CheckpointError, match="is no SentencePiece model"):
        settle(tmp_path, tokenizer_class="T5Tokenizer")
