"""Every kind of tokenizer gives transformers' ids, offsets and texts."""

from __future__ import annotations

import json
import shutil
import unicodedata
from pathlib import Path
from typing import Any

import pytest
import transformers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness_torch.tokenizers.loading import load_tokenizer
from harness_torch.tokenizers.piece_model import read_piece_model
from harness_torch.tokenizers.protocol import TextTokenizer
from tests.places import SHARED

REAL = SHARED / "models" / "tokenizers"
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason=f"no tokenizers in {REAL}")

SAMPLE = "Hello world, it's 3.14 café naïve!"
NASTY = [
    SAMPLE,
    "",
    " ",
    "   leading and trailing   ",
    "a\u2028b\u2029c\x85d\x0be\r\nf\n\ng\th",
    "👩‍👩‍👧‍👦🏳️‍🌈 ok 🙂",
    "word " * 400,
    "中文字符 カタカナ 한국어 अनुच्छेद",
    "nul\x00 bell\x07 esc\x1b del\x7f zwsp\u200b bom\ufeff",
    "<s></s><pad><unk>[CLS][SEP][PAD][UNK]<|endoftext|>",
    "<s> a </s> [CLS] b [SEP] <|endoftext|> c",
    "the <mask> sat [MASK]. <extra_id_0> on <extra_id_99>",
    "in 1,000,000 and 9, (b) “quoted” ``x'' -- £5",
    "İstanbul ﬁne ① a\u0301 \u00a0nbsp\u3000wide \U00010400",
]
LONG = 100_000


def folder_of(tmp_path: Path, name: str, *, without: str = "", **config: str) -> Path:
    """Copy a real tokenizer, with a config.json beside it."""
    folder = tmp_path / name
    folder.mkdir()
    for path in (REAL / name).iterdir():
        if path.name != without:
            shutil.copyfile(path, folder / path.name)
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def check_equal(ours: TextTokenizer, reference: Any, texts: list[str] = NASTY) -> None:
    """Compare ids, offsets, framing, pairs, segments and decoded texts."""
    for text in texts:
        (pieces,) = ours.pieces([text])
        bare = reference(text, add_special_tokens=False, return_offsets_mapping=True)
        assert pieces.ids == bare["input_ids"]
        assert pieces.offsets == bare["offset_mapping"]
        single, pair = ours.encode([(text, None), ("q r", text)])
        row = reference(text)["input_ids"]
        assert single.ids == ours.wrap(pieces.ids).ids == row
        rows = reference(["q r"], [text], return_token_type_ids=True)
        assert (pair.ids, pair.segments) == (
            rows["input_ids"][0],
            rows["token_type_ids"][0],
        )
        assert ours.wrap(ours.pieces(["q r"])[0].ids, pieces.ids) == pair
        assert ours.decode(row) == reference.decode(
            row, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
    assert ours.vocabulary_size == len(reference)
    roles = ("bos", "eos", "pad", "mask", "unk")
    assert tuple(ours.special) == tuple(
        getattr(reference, f"{role}_token_id") for role in roles
    )


@needs_real
def test_gpt2_files_equal_transformers(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "gpt2", model_type="gpt2")
    ours = load_tokenizer(folder, length=LONG)
    check_equal(ours, transformers.GPT2Tokenizer.from_pretrained(folder))
    ids = "15496 995 11 340 338 513 13 1415 40304 41492 0"  # GPT-2's published encoder
    assert ours.pieces([SAMPLE])[0].ids == [int(one) for one in ids.split()]
    assert not ours.adds_bos


@needs_real
@pytest.mark.parametrize("without", ["", "tokenizer.json"])
def test_roberta_equals_transformers_with_and_without_tokenizer_json(
    tmp_path: Path, without: str
) -> None:
    whole = folder_of(tmp_path, "roberta-base", model_type="roberta")
    reference = transformers.RobertaTokenizer.from_pretrained(whole)
    (tmp_path / "again").mkdir()
    folder = folder_of(
        tmp_path / "again", "roberta-base", without=without, model_type="roberta"
    )
    check_equal(load_tokenizer(folder, length=LONG), reference)


@needs_real
def test_t5_equals_transformers(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "t5-small", model_type="t5")
    ours = load_tokenizer(folder, length=LONG)
    check_equal(ours, transformers.T5Tokenizer.from_pretrained(folder))
    assert ours.pieces(["<extra_id_0><extra_id_99>"])[0].ids == [32099, 32000]


KINDS = {
    "gpt2": transformers.GPT2Tokenizer,
    "roberta-base": transformers.RobertaTokenizer,
    "t5-small": transformers.T5Tokenizer,
    "bert-base-cased": transformers.BertTokenizer,
}
PARTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.sampled_from(["<s>", "</s>", "<pad>", "<unk>", "<mask>", "<extra_id_7>"]),
    st.sampled_from(["[CLS]", "[SEP]", "[MASK]", "[UNK]", "<|endoftext|>"]),
    st.sampled_from([" ", "  ", "\n", "\u2028", "\x00", "'s", "1,000", "the", "``"]),
)


@pytest.fixture(scope="module", params=KINDS)
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[TextTokenizer, Any]:
    """Our tokenizer of some real files, and transformers'."""
    name = request.param
    folder = folder_of(tmp_path_factory.mktemp("real"), name)
    reference: Any = KINDS[name]
    family = reference.__name__
    said = {"tokenizer_class": family, "do_lower_case": False}
    (folder / "tokenizer_config.json").write_text(json.dumps(said))
    return load_tokenizer(folder, length=LONG), reference.from_pretrained(folder)


@needs_real
@given(parts=st.lists(PARTS, max_size=6))
@settings(
    max_examples=40,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],  # a loaded machine is no fault
)
def test_any_text_gives_what_transformers_gives(
    both: tuple[TextTokenizer, Any], parts: list[str]
) -> None:
    check_equal(*both, ["".join(parts)])


@needs_real
def test_a_cased_vocabulary_equals_transformers(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "bert-base-cased", model_type="bert")
    (folder / "tokenizer_config.json").write_text('{"do_lower_case": false}')
    reference = transformers.BertTokenizer.from_pretrained(folder)
    check_equal(load_tokenizer(folder, length=LONG), reference)


@needs_real
def test_albert_pieces_equal_transformers(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "albert", model_type="albert")
    sentencepiece = pytest.importorskip("sentencepiece", reason="no sentencepiece")
    file = str(folder / "spiece.model")
    pieces = sentencepiece.SentencePieceProcessor(model_file=file)
    vocabulary = [
        (pieces.id_to_piece(i), pieces.get_score(i)) for i in range(len(pieces))
    ]
    mask: Any = transformers.AddedToken("[MASK]", lstrip=True, special=True)
    character_map: Any = read_piece_model(Path(file)).character_map
    reference = transformers.AlbertTokenizer(
        vocab=vocabulary, _spm_precompiled_charsmap=character_map, mask_token=mask
    )
    # transformers takes pieces such as "9,", which ALBERT itself never does
    texts = [text for text in NASTY if "9," not in text]
    check_equal(load_tokenizer(folder, length=LONG), reference, texts)


@needs_real
@pytest.mark.parametrize("text", [SAMPLE, NASTY[3], NASTY[7], NASTY[13], NASTY[5]])
def test_albert_ids_equal_sentencepiece(tmp_path: Path, text: str) -> None:
    sentencepiece = pytest.importorskip("sentencepiece", reason="no sentencepiece")
    folder = folder_of(tmp_path, "albert", model_type="albert")
    file = str(folder / "spiece.model")
    reference = sentencepiece.SentencePieceProcessor(model_file=file)
    bare = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in bare if not unicodedata.combining(c)).lower()
    (pieces,) = load_tokenizer(folder, length=LONG).pieces([text])
    assert pieces.ids == reference.encode(plain)


@needs_real
def test_albert_splits_a_comma_from_a_number(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "albert", model_type="albert")
    (pieces,) = load_tokenizer(folder, length=LONG).pieces(["in 2010, a"])
    assert pieces.offsets == [(0, 2), (3, 7), (7, 8), (9, 10)]


@needs_real
def test_codet5_is_framed_as_roberta(tmp_path: Path) -> None:
    folder = folder_of(
        tmp_path, "roberta-base", without="tokenizer.json", model_type="t5"
    )
    said: dict[str, Any] = {"tokenizer_class": "RobertaTokenizer"}
    said["additional_special_tokens"] = ["<extra_id_1>", "<extra_id_0>"]
    (folder / "tokenizer_config.json").write_text(json.dumps(said))
    ours = load_tokenizer(folder, length=LONG)
    assert ours.encode([("Hello <extra_id_0>", None)])[0].ids == [
        0,
        31414,
        1437,
        50266,
        2,
    ]
    assert ours.decode([0, 31414, 50266, 2]) == "Hello"
