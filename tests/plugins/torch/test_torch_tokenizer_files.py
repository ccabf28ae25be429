"""What a tokenizer's files say is done, and what they can't mean is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import transformers

from harness import CheckpointError, UsageError
from harness_torch.tokenizers.library import LibraryTokenizer
from harness_torch.tokenizers.loading import check_vocabulary, load_tokenizer


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


def test_a_tokenizer_is_made_once_while_its_files_stay_as_they_are(
    tmp_path: Path,
) -> None:
    small_bpe(tmp_path, **GPT2)
    first = load_tokenizer(tmp_path, length=64)
    assert load_tokenizer(tmp_path, length=64) is first
    assert load_tokenizer(tmp_path, length=32) is not first


def test_a_tokenizer_is_made_anew_of_files_that_were_written_again(
    tmp_path: Path,
) -> None:
    small_bpe(tmp_path, **GPT2)
    first = load_tokenizer(tmp_path, length=64)
    small_bpe(tmp_path, "ab", **GPT2)
    again = load_tokenizer(tmp_path, length=64)
    assert (first.vocabulary_size, again.vocabulary_size) == (95, 96)


def test_new_tokens_take_ids_in_the_order_of_transformers(tmp_path: Path) -> None:
    said = {"bos_token": "<b>", "eos_token": "<e>", "unk_token": "<b>"}
    extra = ["<x>", "<e>", "<y>"]
    small_bpe(tmp_path, **GPT2, **said, pad_token="<p>", extra_special_tokens=extra)
    reference = transformers.GPT2Tokenizer.from_pretrained(tmp_path)
    ours = load_tokenizer(tmp_path, length=64)
    text = "<y><x><p><e><b> a"
    assert ours.pieces([text])[0].ids == reference(text)["input_ids"]


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
        ({"pad_token": "\ud800"}, r"has the special token '\\ud800': expected a str"),
        (
            {"extra_special_tokens": 3},
            "has extra_special_tokens 3: expected a list of tokens",
        ),
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


def test_bos_can_not_be_wanted_where_there_is_none(tmp_path: Path) -> None:
    small_bpe(tmp_path, **GPT2)
    assert not load_tokenizer(tmp_path, length=64, bos=False).adds_bos
    with pytest.raises(UsageError, match="has no BOS token to put in front: leave the"):
        load_tokenizer(tmp_path, length=64, bos=True)


def test_a_setting_of_the_wrong_type_is_refused(tmp_path: Path) -> None:
    small_bpe(tmp_path, **GPT2, add_prefix_space="yes")
    with pytest.raises(
        CheckpointError, match="has add_prefix_space 'yes', expected tr"
    ):
        load_tokenizer(tmp_path, length=64)


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
