"""Every kind of tokenizer gives transformers' ids, offsets and texts."""

from __future__ import annotations

import json
import os
import shutil
import unicodedata
from pathlib import Path
from typing import Any

import pytest
import transformers

from harness import CheckpointError, UsageError
from harness_torch.library_tokenizer import LibraryTokenizer
from harness_torch.piece_model import read_piece_model
from harness_torch.tokenizer import TextTokenizer
from harness_torch.tokenizer_loading import check_vocabulary, load_tokenizer

SHARED = Path(
    os.environ.get(
        "HARNESS_SHARED", Path(__file__).resolve().parents[2].parent / "shared"
    )
)
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
    settings = {"tokenizer_class": "RobertaTokenizer", "add_prefix_space": False}
    settings |= {"additional_special_tokens": ["<extra_id_1>", "<extra_id_0>"]}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    ours = load_tokenizer(folder, length=LONG)
    assert ours.encode([("Hello <extra_id_0>", None)])[0].ids == [
        0,
        31414,
        1437,
        50266,
        2,
    ]
    assert ours.decode([0, 31414, 50266, 2]) == "Hello"


def small_bpe(folder: Path, *words: str, **settings: Any) -> Path:
    """Write a byte-level vocabulary of letters and some words."""
    letters = [chr(code) for code in range(33, 127)] + ["Ġ"]
    vocabulary = {token: place for place, token in enumerate([*letters, *words])}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("#version: 0.2\na b\n" if "ab" in words else "")
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return folder


GPT2 = {"tokenizer_class": "GPT2Tokenizer"}


def test_added_tokens_take_the_ids_that_the_files_say(tmp_path: Path) -> None:
    small_bpe(tmp_path, "<|endoftext|>", **GPT2)
    (tmp_path / "added_tokens.json").write_text('{"<new>": 97, "<newer>": 96}')
    reference = transformers.GPT2Tokenizer.from_pretrained(tmp_path)
    ours = load_tokenizer(tmp_path, length=64)
    assert ours.pieces(["<newer> a<new>"])[0].ids == [96, 94, 64, 97]
    assert ours.vocabulary_size == len(reference) == 98


def test_added_tokens_that_would_move_are_refused(tmp_path: Path) -> None:
    small_bpe(tmp_path, "<|endoftext|>", **GPT2)
    (tmp_path / "added_tokens.json").write_text('{"<new>": 99}')
    with pytest.raises(CheckpointError, match="gives '<new>' the id 96, its added tok"):
        load_tokenizer(tmp_path, length=64)


@pytest.mark.parametrize(
    "files",
    [
        {"tokenizer_config.json": {"pad_token": {"content": "<p>"}}},
        {"special_tokens_map.json": {"pad_token": "<p>"}},
        {"special_tokens_map.json": {"pad_token": {"content": "<p>", "lstrip": False}}},
        {
            "tokenizer_config.json": {
                "pad_token": "<p>",
                "added_tokens_decoder": {"96": {"content": "<p>", "special": True}},
            }
        },
    ],
)
def test_special_tokens_are_read_from_wherever_they_stand(
    tmp_path: Path, files: dict[str, dict[str, Any]]
) -> None:
    small_bpe(tmp_path, "<|endoftext|>", **GPT2)
    for name, value in files.items():
        (tmp_path / name).write_text(json.dumps({**GPT2, **value}))
    special = load_tokenizer(tmp_path, length=64).special
    assert (special.pad, special.eos, special.mask) == (96, 95, None)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"pad_token": 3}, "has the special token 3: expected a string, or an object"),
        (
            {"added_tokens_decoder": {"x": {"content": "a"}}},
            "added token with the id 'x': expected a whole number",
        ),
    ],
)
def test_special_tokens_that_are_none_are_refused(
    tmp_path: Path, value: dict[str, Any], message: str
) -> None:
    small_bpe(tmp_path, "<|endoftext|>", **GPT2, **value)
    with pytest.raises(CheckpointError, match=message):
        load_tokenizer(tmp_path, length=64)


def test_a_usual_token_that_a_vocabulary_lacks_is_none(tmp_path: Path) -> None:
    ours = load_tokenizer(small_bpe(tmp_path, **GPT2), length=64)
    assert ours.special.eos is None
    assert ours.vocabulary_size == 95


def test_a_vocabulary_without_letters_is_framed_all_the_same(tmp_path: Path) -> None:
    small_bpe(tmp_path, **GPT2, add_bos_token=True)
    (tmp_path / "vocab.json").write_text('{"<|endoftext|>": 0, "7": 1}')
    assert load_tokenizer(tmp_path, length=64).encode([("7a", None)])[0].ids == [0, 1]


def test_a_tokenizer_that_reads_nothing_is_refused(tmp_path: Path) -> None:
    small_bpe(tmp_path, **GPT2)
    (tmp_path / "vocab.json").write_text("{}")
    with pytest.raises(CheckpointError, match="reads nothing of its own vocabulary"):
        load_tokenizer(tmp_path, length=64)


def test_merges_of_another_vocabulary_are_refused(tmp_path: Path) -> None:
    small_bpe(tmp_path, **GPT2)
    (tmp_path / "merges.txt").write_text("#version: 0.2\n\na b\n")
    with pytest.raises(CheckpointError, match="merges 'a b' in line 3, which vocab"):
        load_tokenizer(tmp_path, length=64)


def test_a_vocabulary_without_merges_is_refused(tmp_path: Path) -> None:
    (small_bpe(tmp_path, **GPT2) / "merges.txt").unlink()
    with pytest.raises(CheckpointError, match=r"no merges\.txt that can be read"):
        load_tokenizer(tmp_path, length=64)


def test_a_vocabulary_that_holds_no_ids_is_refused(tmp_path: Path) -> None:
    small_bpe(tmp_path, **GPT2)
    (tmp_path / "vocab.json").write_text('{"a": "b"}')
    with pytest.raises(CheckpointError, match="that make no tokenizer"):
        load_tokenizer(tmp_path, length=64)


@pytest.mark.parametrize("settings", [{}, {"tokenizer_class": "Qwen2Tokenizer"}])
def test_files_that_nothing_explains_are_refused(
    tmp_path: Path, settings: dict[str, Any]
) -> None:
    small_bpe(tmp_path, **settings)
    with pytest.raises(
        CheckpointError, match=r"has a vocab\.json and nothing that says"
    ):
        load_tokenizer(tmp_path, length=64)


def test_a_folder_without_a_tokenizer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="has no tokenizer: expected one of"):
        load_tokenizer(tmp_path, length=64)


def test_a_vocabulary_larger_than_the_model_is_refused(tmp_path: Path) -> None:
    ours = load_tokenizer(small_bpe(tmp_path, **GPT2), length=64)
    check_vocabulary(ours, rows=95, title="x")
    with pytest.raises(
        CheckpointError, match="tokenizer of x has 95 ids, the model 94"
    ):
        check_vocabulary(ours, rows=94, title="x")


def with_bos(folder: Path) -> Path:
    return small_bpe(folder, "<|endoftext|>", "ab", **GPT2, add_bos_token=True)


@pytest.mark.parametrize(
    ("bos", "ids"), [(None, [95, 96]), (True, [95, 96]), (False, [96])]
)
def test_bos_is_put_in_front_as_asked(
    tmp_path: Path, bos: bool | None, ids: list[int]
) -> None:
    ours = load_tokenizer(with_bos(tmp_path), length=64, bos=bos)
    assert ours.encode([("ab", None)])[0].ids == ours.wrap([96]).ids == ids
    assert ours.adds_bos is (len(ids) == 2)


def test_bos_can_be_put_where_the_files_put_none(tmp_path: Path) -> None:
    small_bpe(tmp_path, "<|endoftext|>", "ab", **GPT2, add_eos_token=True)
    ours = load_tokenizer(tmp_path, length=64, bos=True)
    assert ours.encode([("ab", None)])[0].ids == [95, 96, 95]


def test_a_text_that_begins_with_bos_keeps_one(tmp_path: Path) -> None:
    ours = load_tokenizer(with_bos(tmp_path), length=64)
    (tokens,) = ours.encode([("<|endoftext|>ab", None)])
    assert tokens == ours.wrap([95, 96]) == ([95, 96], [0, 0], 0)


def test_a_text_that_begins_with_bos_counts_what_was_cut(tmp_path: Path) -> None:
    ours = load_tokenizer(with_bos(tmp_path), length=8)
    (tokens,) = ours.encode([("<|endoftext|>" + "ab" * 20, None)])
    assert len(tokens.ids) + tokens.truncated == 21


def test_bos_can_not_be_chosen_where_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has no BOS token, so bos can't be chosen"):
        load_tokenizer(small_bpe(tmp_path, **GPT2), length=64, bos=False)


def test_bos_leaves_the_trimming_of_offsets(tmp_path: Path) -> None:
    """As in Llama 3's tokenizer.json: ByteLevel, then a template."""
    from tokenizers import Tokenizer, processors

    small_bpe(tmp_path, "<|endoftext|>", "ab", **GPT2)
    made = load_tokenizer(tmp_path, length=64)
    assert isinstance(made, LibraryTokenizer)
    library = Tokenizer.from_str(made.to_json())
    template = processors.TemplateProcessing(
        single="<|endoftext|> $A", special_tokens=[("<|endoftext|>", 95)]
    )
    steps = [processors.ByteLevel(trim_offsets=True), template]
    library.post_processor = processors.Sequence(steps)
    library.save(str(tmp_path / "tokenizer.json"))
    for bos in (None, False, True):
        ours = load_tokenizer(tmp_path, length=64, bos=bos)
        assert ours.adds_bos is (bos is not False)
        assert ours.pieces([" ab"])[0].offsets[-1] == (1, 3)


@pytest.mark.parametrize("text", ["a\ud800b", "\udfffc"])
def test_half_a_character_is_read_as_the_replacement(tmp_path: Path, text: str) -> None:
    ours = load_tokenizer(small_bpe(tmp_path, **GPT2), length=64)
    replaced = "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)
    assert ours.pieces([text]) == ours.pieces([replaced])
    assert ours.encode([(text, text)]) == ours.encode([(replaced, replaced)])


def test_the_files_make_the_same_tokenizer_again(tmp_path: Path) -> None:
    ours = load_tokenizer(with_bos(tmp_path), length=64)
    again = tmp_path / "again"
    again.mkdir()
    for name, content in ours.files.items():
        (again / name).write_bytes(content)
    made = load_tokenizer(again, length=64)
    assert made.encode([("a ab", "b")]) == ours.encode([("a ab", "b")])
