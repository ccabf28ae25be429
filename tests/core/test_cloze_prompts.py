"""Labels and choices asked as a blank: worded by the prompt, read back as themselves."""

from __future__ import annotations

import pytest

from harness import (
    Blank,
    Classification,
    Data,
    Example,
    MultipleChoice,
    PluginError,
    Prompt,
    Task,
)
from harness.requests import Fill, FillAnswer
from harness.task import Problem
from harness.testing import check_task

SAID = {"bad": "terrible", "good": "great"}
CLOZE = Prompt(text="{text} It was {blank}.", answers=SAID, asked_by=("cloze",))
PLAIN = Prompt(text="{text}\nGood?", answers={"bad": "no", "good": "yes"})
LABELS = Classification(inputs=("text",), labels=("bad", "good"))
CHOICES = MultipleChoice(inputs=("text",), choices=("one", "two"), context="{text}")
ROW = {"text": "{Fine} film.", "one": "We run.", "two": "We sing."}
GOOD = Example(id="1", columns=ROW, target="good")


def task(problem: Problem, **prompts: Prompt) -> Task:
    return Task(
        id="toy/cloze",
        title="Cloze",
        summary="fill it",
        data=Data(hub=None, folder="f"),
        problem=problem,
        metrics=("accuracy",),
        prompts=prompts,
    )


def test_labels_are_asked_by_their_words() -> None:
    *_, way = task(LABELS, cloze=CLOZE).formulations()
    assert way.requests(GOOD) == (
        Fill(text="{Fine} film. It was {blank}.", candidates=("terrible", "great")),
    )


def test_the_most_probable_word_says_the_label() -> None:
    *_, way = task(LABELS, cloze=CLOZE).formulations()
    found = way.predict(GOOD, (FillAnswer(probabilities=(0.4, 0.6)),))
    assert (found.value, found.detail) == ("good", {"bad": 0.4, "good": 0.6})


def test_a_blank_is_the_last_way_and_asked_for_its_own_prompts_alone() -> None:
    ways = task(LABELS, cloze=CLOZE, plain=PLAIN).formulations()
    assert [(way.name, way.prompt) for way in ways] == [
        ("head", None),
        ("rank", "plain"),
        ("generate", "plain"),
        ("cloze", "cloze"),
    ]


def test_choices_are_asked_as_the_prompt_words_them() -> None:
    words = {"two": lambda row: str(row["two"]).lower()}
    prompt = Prompt(text="{text} So {blank}", answers=words, asked_by=("cloze",))
    *_, way = task(CHOICES, cloze=prompt).formulations()
    assert way.requests(GOOD) == (
        Fill(text="{Fine} film. So {blank}", candidates=("We run.", "we sing.")),
    )


def test_the_tasks_keep_the_contract() -> None:
    prompt = Prompt(text="{text} So {blank}", asked_by=("cloze",))
    bad = Example(id="2", columns={**ROW, "text": "Poor."}, target="bad")
    check_task(task(LABELS, cloze=CLOZE, plain=PLAIN), [GOOD, bad])
    chosen = [
        Example(id=label, columns={**ROW, "text": label}, target=label)
        for label in ("one", "two")
    ]
    check_task(task(CHOICES, cloze=prompt), chosen)


@pytest.mark.parametrize("text", ["{text} Good?", "{blank} {text} {blank}"])
def test_a_prompt_without_one_blank_is_refused(text: str) -> None:
    wrong = task(LABELS, cloze=Prompt(text=text, answers=SAID, asked_by=("cloze",)))
    with pytest.raises(PluginError) as caught:
        wrong.formulations()
    assert str(caught.value) == (
        f"the prompt 'cloze' has the text {text!r}, expected one {{blank}} in it: put it "
        "where the answer goes"
    )


def test_a_task_whose_own_text_has_no_blank_is_refused() -> None:
    problem = Blank(text="{text}", inputs={"text": "text"}, candidates=lambda _: ("a",))
    with pytest.raises(
        PluginError, match=r"a task to fill has the text '\{text\}', exp"
    ):
        task(problem).formulations()
