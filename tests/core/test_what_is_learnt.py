"""What formulations over a prompt train a model on: what they ask, and what is right."""

from __future__ import annotations

from harness import Example, Prompt
from harness.formulations import FillBlank, GenerateText, Rank
from harness.requests import GenerateAnswer, Score, ScoreAnswer

LABELS = ("bad", "good")
WORDING = Prompt(
    text="{text} Is it good?",
    answers={"bad": "no", "good": "yes"},
    description="Films.\n",
)
FILM = Example(id="1", columns={"text": "A warm film."}, target="good")


def labels(_row: object) -> tuple[str, ...]:
    return LABELS


def test_a_written_answer_is_learnt_after_all_that_is_asked() -> None:
    way = GenerateText(prompt="p", wording=WORDING)
    (learnt,) = way.target(FILM)
    assert (learnt.request,) == way.requests(FILM)
    assert learnt.answer == GenerateAnswer(text=" yes")


def test_a_ranked_answer_is_learnt_as_it_is_scored() -> None:
    way = Rank(prompt="p", wording=WORDING, candidates=labels)
    (learnt,) = way.target(FILM)
    assert learnt.request == Score(
        context="Films.\nA warm film. Is it good?", choices=(" no", " yes")
    )
    assert isinstance(learnt.answer, ScoreAnswer)
    assert learnt.answer.is_greedy == (False, True)


def test_nothing_is_learnt_where_no_candidate_is_right() -> None:
    other = Example(id="1", columns=FILM.columns, target="odd")
    blank = Prompt(text="{text} {blank}")
    assert Rank(prompt="p", wording=WORDING, candidates=labels).target(other) == ()
    assert FillBlank(wording=blank, candidates=labels).target(other) == ()
