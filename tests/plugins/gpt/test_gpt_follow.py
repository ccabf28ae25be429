"""What follows the true words is what CodeXGLUE's token-level completion would take.

The reference repeats `eval_acc` of Code-Code/CodeCompletion-token/code/run_lm.py (commit
f035d42) over transformers' logits: the most probable sub-token in place of each true
one, joined until a true one begins a word, read up to the first space.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from harness import Budget, CheckpointError, LoadSettings, ModelName, PluginError
from harness.requests import Follow, FollowAnswer
from harness_gpt.adapter import GptAdapter
from harness_gpt.plugin import load
from harness_torch.rolling import rolling_windows
from harness_torch.tokenizers.byte_level import BOS, byte_tokenizer
from harness_torch.words import cut_words, read_words

Opened = Callable[..., GptAdapter]
Saved = Callable[..., Any]
Case = tuple[str, dict[str, Any]]
CODE = "import os <EOL> for name in os . listdir ( path ) : <EOL> print ( name )"
WORDS = tuple(CODE.split())
BYTES = byte_tokenizer(length=64, bos=True, eos=False)


def follow(model: GptAdapter, words: Sequence[str]) -> list[str]:
    encoded = model.encode([Follow(words=tuple(words))])
    ((_, answer),) = model.session().answer(encoded, Budget(tokens=4096))
    assert isinstance(answer, FollowAnswer)
    return list(answer.predictions)


@torch.inference_mode()
def greedy(model: Any, row: Sequence[int]) -> list[int]:
    best: list[int] = model(torch.tensor([row])).logits[0].argmax(-1).tolist()
    return best


def test_each_word_is_read_of_the_most_probable_tokens_in_its_place(
    architecture: Case, saved: Saved, opened: Opened
) -> None:
    theirs = saved(*architecture)
    (words,) = cut_words([WORDS[:8]], BYTES, kind="Follow")
    said = greedy(theirs, [BOS, *words.ids])
    expected = [
        (BYTES.decode(said[first:end]).split() or [""])[0] for first, end in words.spans
    ]
    assert follow(opened(), WORDS[:8]) == expected


def test_a_long_text_rolls_in_windows_that_share_half(
    saved: Saved, opened: Opened
) -> None:
    theirs = saved("GPT2", {"vocab_size": 260, "n_embd": 24, "n_layer": 2, "n_head": 2})
    (words,) = cut_words([WORDS], BYTES, kind="Follow")
    windows = rolling_windows(words.ids, prefix=BOS, length=32, step=16)
    said = [
        token
        for window in windows
        for token in greedy(theirs, [*window.context, *window.scored[:-1]])[
            len(window.context) - 1 :
        ]
    ]
    expected = read_words(WORDS, words, said, BYTES)
    assert len(words.ids) > 64
    assert follow(opened(length="32"), WORDS) == expected


def test_a_word_with_its_own_tokens_is_right_whatever_they_decode_to() -> None:
    (words,) = cut_words([("a", "\ufeffé")], BYTES, kind="Follow")
    assert read_words(("a", "\ufeffé"), words, words.ids, BYTES) == ["a", "\ufeffé"]


def test_a_prediction_ends_at_its_first_space() -> None:
    (words,) = cut_words([("abc def",)], BYTES, kind="Follow")
    (other,) = cut_words([("xyz uvw",)], BYTES, kind="Follow")
    assert read_words(("abc def",), words, other.ids, BYTES) == ["xyz"]


def test_a_word_in_whose_place_is_space_alone_has_an_empty_prediction() -> None:
    (words,) = cut_words([("ab",)], BYTES, kind="Follow")
    (spaces,) = BYTES.pieces(["  "])
    assert read_words(("ab",), words, spaces.ids, BYTES) == [""]


def test_no_words_have_no_predictions() -> None:
    assert follow(load(ModelName.parse("gpt:tiny"), LoadSettings()), ()) == []


def test_an_empty_word_is_refused_with_its_place() -> None:
    tiny = load(ModelName.parse("gpt:tiny"), LoadSettings())
    with pytest.raises(
        PluginError, match="a Follow request has an empty word in place 1"
    ):
        tiny.encode([Follow(words=("a", ""))])


def test_a_text_without_a_token_before_it_is_refused(
    saved: Saved, opened: Opened, tmp_path: Path
) -> None:
    saved("GPT2", {"vocab_size": 260, "n_embd": 24, "n_layer": 1, "n_head": 2})
    (tmp_path / "tokenizer_config.json").write_text("{}")
    (tmp_path / "special_tokens_map.json").unlink(missing_ok=True)
    model = opened()
    with pytest.raises(CheckpointError, match="no beginning-of-text"):
        model.encode([Follow(words=WORDS)])


def official(model: Any, tokenizer: Any, text: str) -> list[str]:
    """Return predictions as `eval_acc` makes them, for a text of one block."""
    row = [tokenizer.bos_token_id, *tokenizer(text, add_special_tokens=False).input_ids]
    said = greedy(model, row)
    predictions: list[list[int]] = []
    for place, token in enumerate(row[1:], start=1):
        if place == 1 or tokenizer.convert_ids_to_tokens(token).startswith("Ġ"):
            predictions.append([])
        predictions[-1].append(said[place - 1])
    return [
        (tokenizer.decode(one, clean_up_tokenization_spaces=False).split() or [""])[0]
        for one in predictions
    ]


@pytest.mark.slow
def test_a_real_model_says_what_the_official_run_takes(smollm2: Path) -> None:
    theirs = transformers.AutoModelForCausalLM.from_pretrained(smollm2).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(smollm2)
    name = ModelName(adapter="gpt", checkpoint=str(smollm2))
    said = follow(load(name, LoadSettings()), WORDS)
    assert said == official(theirs, tokenizer, CODE)
    assert 3 < sum(a == b for a, b in zip(said, WORDS, strict=True)) < len(WORDS)
