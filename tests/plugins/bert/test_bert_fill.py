"""Blanks: log-probabilities are transformers', candidates compare by their sum."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from harness import Budget, CheckpointError, Head, ModelName, PluginError
from harness.requests import Embed, Fill, FillAnswer
from harness_bert.adapter import BertAdapter
from harness_bert.plugin import describe
from harness_torch import blanks
from tests.places import SHARED

Make = Callable[..., Any]
ARCHITECTURES = ["bert", "roberta", "albert", "distilbert"]
ASKED = [
    Fill(text="it is {blank} today", candidates=("good", "bad", "neither of both")),
    Fill(text="{blank}", candidates=("one", "two")),
    Fill(text="a b c d e {blank}", candidates=("so it ends", "x y")),
    Fill(text="it is {blank} today", candidates=("warm",)),
]
MASK = 3  # of hashed words


@pytest.fixture(scope="module", params=ARCHITECTURES)
def pair(
    request: pytest.FixtureRequest,
    reference: Make,
    saved: Make,
    opened: Make,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Any, BertAdapter]:
    """Return a model of transformers with ours."""
    model = reference(request.param, "ForMaskedLM")
    return model, opened(saved(model, tmp_path_factory.mktemp(request.param)))


def log_likelihood(
    model: Any, adapter: BertAdapter, text: str, start: int, n: int
) -> float:
    """Sum over `n` tokens, from `start`, of log P at a mask given all others."""
    (pieces,) = adapter.tokenizer.pieces([text])
    ids = adapter.tokenizer.wrap(pieces.ids).ids
    total = 0.0
    for place in range(start + 1, start + 1 + n):
        masked = torch.tensor([[*ids[:place], MASK, *ids[place + 1 :]]])
        logits = model(masked).logits[0, place]
        total += float(logits.log_softmax(-1)[ids[place]])
    return total


@torch.inference_mode()
def test_probabilities_are_the_softmax_of_pseudo_log_likelihoods(
    pair: tuple[Any, BertAdapter], ask: Make
) -> None:
    texts = ["it is good today", "it is bad today", "it is neither of both today"]
    counts = (1, 1, 3)
    sums = [log_likelihood(*pair, t, 2, n) for t, n in zip(texts, counts, strict=True)]
    expected = torch.tensor(sums).softmax(0).tolist()
    (answer,) = ask(pair[1], ASKED[:1])
    assert answer.probabilities == pytest.approx(expected, abs=1e-5)


@torch.inference_mode()
def test_single_tokens_compare_as_at_one_mask(
    pair: tuple[Any, BertAdapter], ask: Make
) -> None:
    model, adapter = pair
    (pieces,) = adapter.tokenizer.pieces(["one two"])
    masked = torch.tensor([adapter.tokenizer.wrap([MASK]).ids])
    expected = model(masked).logits[0, 1][pieces.ids].softmax(0).tolist()
    (answer,) = ask(adapter, ASKED[1:2])
    assert answer.probabilities == pytest.approx(expected, abs=1e-5)
    assert answer.tokens == 3  # one row for both


def test_answers_do_not_depend_on_the_batch(
    pair: tuple[Any, BertAdapter], ask: Make
) -> None:
    together, alone = ask(pair[1], ASKED), ask(pair[1], ASKED, tokens=1)
    for one, other in zip(together, alone, strict=True):
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-5)
        assert sum(one.probabilities) == pytest.approx(1)


def test_answers_do_not_depend_on_how_many_rows_are_held_at_once(
    pair: tuple[Any, BertAdapter], ask: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ask(pair[1], ASKED)
    monkeypatch.setattr(blanks, "_ROWS", 2)
    for one, other in zip(whole, ask(pair[1], ASKED), strict=True):
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-5)


def test_the_head_runs_on_masked_rows_alone(pair: tuple[Any, BertAdapter]) -> None:
    adapter = pair[1]
    (encoded,) = adapter.encode(ASKED[:1])
    rows: list[int] = []
    names = ("transform.dense", "lm_head.dense", "predictions.dense", "vocab_transform")
    (part,) = [p for n, p in adapter.module.named_modules() if n.endswith(names)]
    hook = part.register_forward_hook(lambda _, given, __: rows.append(len(given[0])))
    list(adapter.session().answer([encoded], Budget(tokens=999)))
    hook.remove()
    assert rows == [4] == [len(encoded.extra["rows"])]


def test_a_long_text_keeps_what_is_near_the_blank(
    pair: tuple[Any, BertAdapter], ask: Make
) -> None:
    adapter = pair[1]
    text = "a " * 50 + "{blank}" + " b" * 50
    (encoded,) = adapter.encode([Fill(text=text, candidates=("one", "two"))])
    ((tokens, place),) = encoded.extra["rows"]
    room = adapter._checkpoint.length - 2
    assert len(tokens.ids) == room + 2
    assert tokens.ids[place] == MASK
    assert abs(place - len(tokens.ids) // 2) <= 1
    assert encoded.truncated_tokens == 101 - room


@pytest.mark.parametrize("text", ["no blank", "{blank} and {blank}"])
def test_a_text_without_one_blank_is_refused(
    pair: tuple[Any, BertAdapter], text: str
) -> None:
    with pytest.raises(PluginError, match=r"has [02] times \{blank\} and 1 candidates"):
        pair[1].encode([Fill(text=text, candidates=("a",))])


def test_no_candidates_are_refused(pair: tuple[Any, BertAdapter]) -> None:
    with pytest.raises(PluginError, match="and 0 candidates, expected one blank"):
        pair[1].encode([Fill(text="{blank}", candidates=())])


@pytest.mark.parametrize(("candidate", "count"), [(" ", 0), ("a " * 60, 60)])
def test_a_candidate_without_tokens_or_too_many_is_refused(
    pair: tuple[Any, BertAdapter], candidate: str, count: int
) -> None:
    with pytest.raises(PluginError, match=f"has {count} tokens, expected 1 to"):
        pair[1].encode([Fill(text="a {blank} b", candidates=(candidate,))])


def test_a_head_that_is_trained_replaces_the_word_head(
    reference: Make, saved: Make, opened: Make, tmp_path: Path
) -> None:
    adapter = opened(saved(reference("bert", "ForPreTraining"), tmp_path / "base"))
    adapter.prepare(Head(kind="regress"), seed=1)
    adapter.save(tmp_path / "out")
    card = describe(ModelName.parse(f"bert:{tmp_path / 'out'}"))
    assert Fill in describe(ModelName.parse(f"bert:{tmp_path / 'base'}")).abilities
    assert Fill not in card.abilities
    assert card.facts["Fill"] == "the checkpoint has no masked-language head"
    assert Embed in card.abilities


def test_a_tokenizer_without_mask_is_refused(
    pair: tuple[Any, BertAdapter], monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer = pair[1].tokenizer
    special = tokenizer.special._replace(mask=None)
    monkeypatch.setattr(type(tokenizer), "special", special)
    with pytest.raises(CheckpointError, match="has no mask token, so no blank"):
        pair[1].encode(ASKED[:1])


def test_the_answer_has_one_probability_a_candidate(
    pair: tuple[Any, BertAdapter], ask: Make
) -> None:
    answers: list[FillAnswer] = ask(pair[1], ASKED)
    assert [len(a.probabilities) for a in answers] == [3, 2, 2, 1]


@pytest.fixture
def byte_level(reference: Make, saved: Make, tmp_path: Path) -> Path:
    """Hold a random RoBERTa with the real tokenizer."""
    files = SHARED / "models" / "tokenizers" / "roberta-base"
    if not files.is_dir():
        pytest.skip(f"needs the shared tokenizers, looked for {files}")
    model = reference("roberta", "ForMaskedLM", vocab_size=50265)
    folder: Path = saved(model, tmp_path)
    (folder / "word_hash.json").unlink()
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_bytes((files / name).read_bytes())
    return folder


@torch.inference_mode()
def test_a_byte_level_blank_is_masked_with_its_space(
    byte_level: Path, opened: Make, ask: Make
) -> None:
    adapter = opened(byte_level)
    asked = Fill(text="it is {blank} today", candidates=("good", "bad"))
    (encoded,) = adapter.encode([asked])
    tokenizer = transformers.AutoTokenizer.from_pretrained(byte_level)
    masked = tokenizer("it is <mask> today", return_tensors="pt")
    ((tokens, place),) = encoded.extra["rows"]
    assert tokens.ids == masked["input_ids"][0].tolist()
    model = transformers.AutoModelForMaskedLM.from_pretrained(byte_level).eval()
    ids = [tokenizer.convert_tokens_to_ids(f"Ġ{word}") for word in asked.candidates]
    expected = model(**masked).logits[0, place][ids].softmax(0).tolist()
    assert ask(adapter, [asked])[0].probabilities == pytest.approx(expected, abs=1e-5)
