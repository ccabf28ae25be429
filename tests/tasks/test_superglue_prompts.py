"""The wordings of SuperGLUE equal the published ones and can be read back."""

from __future__ import annotations

from typing import Any

import pytest

from harness import Classification, DataError, Example, Row, Task
from harness.formulations import Formulation
from harness.plan.planner import make_plan
from harness.plugins import load_plugins
from harness.requests import Choose, Generate, GenerateAnswer, Request, Score
from harness.suite import make_suite
from harness_superglue.columns import copa_question
from harness_superglue.plugin import harness_tasks
from harness_superglue.record import fill
from harness_superglue.winograd import lm_eval_text, marked_text, read_referent, t5_text

TASKS = {task.id.partition("/")[2]: task for task in harness_tasks()}
EVERY_TASK = pytest.mark.parametrize("task", TASKS.values(), ids=TASKS.keys())
PASSAGE = (
    'Ann met Bob. "Yes"\n@highlight\nAnn won\n@highlight\nBob lost!\n@highlight\nEnd'
)
ROWS: dict[str, Row] = {
    "boolq": {"passage": "Ice -- Ice is cold.", "question": "is ice cold"},
    "cb": {"premise": "He knew it rained.", "hypothesis": "it rained"},
    "copa": {
        "premise": "It rained.",
        "choice1": "I got wet.",
        "choice2": "Tom sang.",
        "question": "effect",
    },
    "multirc": {
        "paragraph": "<b>Ann</b> ran.<br>",
        "question": "Who?",
        "answer": "Ann",
    },
    "record": {
        "passage": PASSAGE,
        "query": "So @placeholder smiled.",
        "entities": ["Ann", "Bob"],
        "answers": ["Bob", "Ann"],
    },
    "rte": {"premise": "He ran.", "hypothesis": "He moved."},
    "axb": {"sentence1": "He ran.", "sentence2": "He moved."},
    "axg": {"premise": "He ran.", "hypothesis": "He moved."},
    "wic": {
        "word": "bank",
        "sentence1": "The banks shut.",
        "sentence2": "A river bank.",
        "start1": 4,
        "end1": 9,
        "start2": 8,
        "end2": 12,
    },
    "wsc": {
        "text": "The dog ( Rex ) did n't bark because it slept .",
        "span1_text": "The dog",
        "span1_index": 0,
        "span2_text": "it",
        "span2_index": 9,
    },
}
PAIR = {"premise": "He ran.", "hypothesis": "He moved."}


def example(name: str, target: Any = None, row: Row | None = None) -> Example:
    return Example(id="0", columns=row or ROWS[name], target=target)


def way(name: str, formulation: str, prompt: str | None) -> Formulation:
    ways = TASKS[name].formulations()
    (found,) = [w for w in ways if (w.name, w.prompt) == (formulation, prompt)]
    return found


def ask(name: str, formulation: str, prompt: str | None = None) -> Request:
    (request,) = way(name, formulation, prompt).requests(example(name))
    return request


def ranked(name: str, prompt: str = "lm-eval") -> tuple[str, ...]:
    request = ask(name, "rank", prompt)
    assert isinstance(request, Score)
    return (request.context, *request.choices)


def t5(name: str) -> str:
    request = ask(name, "generate", "t5")
    assert isinstance(request, Generate)
    return request.prompt


@pytest.mark.parametrize(
    ("name", "worded"),
    [
        (
            "boolq",
            ("Ice -- Ice is cold.\nQuestion: is ice cold?\nAnswer:", " no", " yes"),
        ),
        (
            "cb",
            (
                "He knew it rained.\nQuestion: it rained. True, False, or Neither?\n"
                "Answer:",
                " True",
                " False",
                " Neither",
            ),
        ),
        ("copa", ("It rained therefore", "  i got wet.", "  tom sang.")),
        (
            "record",
            (
                'Ann met Bob. "Yes"\n\n  - Ann won.\n  - Bob lost!.\n  - End.\n',
                "   - So Ann smiled.",
                "   - So Bob smiled.",
            ),
        ),
        (
            "rte",
            ("He ran.\nQuestion: He moved. True or False?\nAnswer:", " True", " False"),
        ),
        (
            "wic",
            (
                "Sentence 1: The banks shut.\nSentence 2: A river bank.\nQuestion: Is "
                "the word 'banks' used in the same way in the two sentences above?\n"
                "Answer:",
                " no",
                " yes",
            ),
        ),
        (
            "wsc",
            (
                "Passage: The dog (Rex) didn't bark because *it* slept.\nQuestion: In "
                'the passage above, does the pronoun "*it*" refer to "*The dog*"?\n'
                "Answer:",
                " no",
                " yes",
            ),
        ),
    ],
)
def test_lm_eval_words_by_its_own_rules(name: str, worded: tuple[str, ...]) -> None:
    # the default.yaml of each task in lm-evaluation-harness 0.4.13
    assert ranked(name) == worded


def test_lm_eval_gives_yes_to_wrong_answers_of_multirc() -> None:
    # doc_to_choice has yes first and label 0 is False, in its multirc/default.yaml
    prompt = TASKS["multirc"].prompts["lm-eval"]
    assert str(prompt.answers["False"]).endswith("Is the answer correct? yes")
    assert "reproduced" in prompt.source


def test_yes_no_gives_yes_to_right_answers() -> None:
    text, *answers = ranked("multirc", "yes-no")
    assert text.endswith("\nAnswer: Ann\nIs the answer correct?")
    assert answers == [" no", " yes"]


@pytest.mark.parametrize(
    ("name", "worded"),
    [
        ("boolq", "boolq passage: Ice -- Ice is cold. question: is ice cold"),
        ("cb", "cb hypothesis: it rained premise: He knew it rained."),
        (
            "copa",
            "copa choice1: I got wet. choice2: Tom sang. premise: It rained. "
            "question: effect",
        ),
        ("multirc", "multirc question: Who? answer: Ann paragraph: Ann ran. "),
        (
            "record",
            "record query: So @placeholder smiled. entities: Ann, Bob passage: Ann met "
            'Bob. "Yes" Ann won. Bob lost! End',
        ),
        ("rte", "rte hypothesis: He moved. premise: He ran."),
        ("axb", "rte hypothesis: He moved. premise: He ran."),
        ("axg", "rte hypothesis: He moved. premise: He ran."),
        (
            "wic",
            "wic sentence1: The banks shut. sentence2: A river bank. word: bank",
        ),
        ("wsc", "wsc: The dog ( Rex ) did n't bark because *it* slept ."),
    ],
)
def test_t5_names_the_task_and_its_columns_in_order(name: str, worded: str) -> None:
    # Raffel et al. (2020), appendix D; preprocessors.glue, .record and .wsc_simple
    assert t5(name) == worded


@pytest.mark.parametrize(
    ("text", "pronoun", "place", "worded"),
    [
        ('over. "Good for him," he said. ', "him", 3, '"Good for *him* ," he said.'),
        ("want to use it , but", "it", 2, "wsc: want to use *it* , but"),
    ],
)
def test_t5_finds_pronouns_that_stand_elsewhere(
    text: str, pronoun: str, place: int, worded: str
) -> None:
    # the two texts that its _wsc_inputs lists by hand
    row: Row = {"text": text, "span2_text": pronoun, "span2_index": place}
    assert t5_text(row).endswith(worded)


@pytest.mark.parametrize(
    ("said", "noun", "label"),
    [
        ("the dog", "The dog", "True"),
        ("dog", "his big dog", "True"),
        ("a big brown dog", "the dog", "True"),
        ("cat", "the dog", "False"),
        ("", "the dog", "False"),
        ("the dog's tail", "the dog", "False"),
    ],
)
def test_t5_compares_nouns_without_determiners(
    said: str, noun: str, label: str
) -> None:
    # postprocessors.wsc_simple
    assert read_referent(said, {"span1_text": noun}) == label


def test_a_wrong_pair_of_wsc_teaches_t5_nothing() -> None:
    formulation = way("wsc", "generate", "t5")
    assert formulation.target(example("wsc", "False")) == ()
    (shown,) = formulation.target(example("wsc", "True"))
    assert shown.answer == GenerateAnswer(text=" The dog")


@pytest.mark.parametrize("regime", ["few-shot:5", "few-shot:5,draw=each"])
def test_a_wrong_pair_of_wsc_is_no_exemplar_for_t5(regime: str) -> None:
    suite = {"models": ["t5:tiny"], "tasks": ["superglue/wsc"], "regimes": [regime]}
    asking = {"data": "sample", "formulation": "generate", "prompt": "t5"}
    (cell,) = make_plan(make_suite({**suite, **asking}), load_plugins()).cells
    asked = cell.examples()
    shown = [cell.exemplars(asked)(one) for one in asked[:9]]
    assert {tuple(shot.target for shot in shots) for shots in shown} == {("True",) * 5}


def test_every_acceptable_entity_teaches_t5() -> None:
    shown = way("record", "generate", "t5").target(example("record", ["Bob", "Ann"]))
    texts = [getattr(s.answer, "text", None) for s in shown]
    assert texts == [" Bob", " Ann"]


@pytest.mark.parametrize(
    ("name", "prompt", "asked_by"),
    [
        ("copa", "lm-eval", {"rank", "rank-normalised"}),
        ("record", "lm-eval", {"rank", "rank-normalised"}),
        ("multirc", "lm-eval", {"rank"}),
        ("wsc", "t5", {"generate"}),
        ("copa", "t5", {"rank", "rank-normalised", "generate"}),
        ("wsc", "lm-eval", {"rank", "generate"}),
    ],
)
def test_a_prompt_is_asked_where_it_makes_sense(
    name: str, prompt: str, asked_by: set[str]
) -> None:
    ways = TASKS[name].formulations()
    assert {w.name for w in ways if w.prompt == prompt} == asked_by


@EVERY_TASK
def test_prompts_say_where_they_come_from(task: Task) -> None:
    known = ("lm-evaluation-harness", "Raffel", "Schick", "our own")
    assert all(any(k in p.source for k in known) for p in task.prompts.values())


@EVERY_TASK
def test_labels_all_have_answers_that_differ(task: Task) -> None:
    for prompt in task.prompts.values():
        if isinstance(task.problem, Classification) and "rank" in prompt.asked_by:
            assert prompt.answers.keys() == set(task.problem.labels)
            assert len(set(map(str, prompt.answers.values()))) == len(prompt.answers)


@pytest.mark.parametrize("formulation", ["rank", "generate"])
@pytest.mark.parametrize("prompt", ["lm-eval", "t5"])
def test_exemplars_of_rte_serve_ax_b(formulation: str, prompt: str) -> None:
    shot = Example(id="1", columns=dict(PAIR), target="entailment")
    own, rte = way("axb", formulation, prompt), way("rte", formulation, prompt)
    (request,) = own.requests(example("axb"), [shot])
    assert (request,) == rte.requests(example("rte"), [shot])


def test_a_head_of_rte_serves_ax_b() -> None:
    assert ask("axb", "head") == ask("rte", "head")


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("cause", "It rained. What was the cause of this?"),
        ("effect", "It rained. What happened as a result?"),
    ],
)
def test_a_head_is_asked_copa_as_its_authors_ask(question: str, asked: str) -> None:
    row = {**ROWS["copa"], "question": question}
    (request,) = way("copa", "head", None).requests(example("copa", row=row))
    assert request == Choose(context=asked, choices=("I got wet.", "Tom sang."))


def test_a_head_reads_the_query_with_every_entity() -> None:
    request = ask("record", "head")
    assert isinstance(request, Choose)
    assert request.choices == ("So Ann smiled.", "So Bob smiled.")
    assert fill({**ROWS["record"], "choice": "Eve"}) == "So Eve smiled."


@pytest.mark.parametrize(
    ("more", "marked"),
    [
        ({}, "_The dog_ ( Rex ) did n't bark because [it] slept ."),
        (
            {"span1_text": "rex", "span1_index": 3},
            "The dog ( _Rex_ ) did n't bark because [it] slept .",
        ),
        (
            {"text": "Rex's dog, ( Rex ) bit it , as it slept"},
            "_Rex's dog,_ ( Rex ) bit it , as [it] slept",
        ),
        (
            {"text": "The dog's bed of the old dog is so it slept ."},
            "_The dog_'s bed of the old dog is so [it] slept .",
        ),
    ],
)
def test_a_head_reads_both_spans_marked(more: Any, marked: str) -> None:
    assert marked_text({**ROWS["wsc"], **more}) == marked


def test_copa_asks_for_cause_or_effect_alone() -> None:
    row = {**ROWS["copa"], "question": "why", "idx": 7}
    with pytest.raises(DataError) as error:
        copa_question(row)
    assert str(error.value) == (
        "the question of COPA's row 7 is 'why', expected cause or effect: correct the "
        "row"
    )


@pytest.mark.parametrize("place", [-1, 99])
def test_a_span_of_wsc_lies_within_its_text(place: int) -> None:
    row = {**ROWS["wsc"], "span2_index": place, "idx": 7}
    with pytest.raises(DataError, match=f"span2_index of WSC's row 7 is {place}, exp"):
        lm_eval_text(row)


def test_a_pronoun_of_wsc_stands_in_its_text() -> None:
    row = {**ROWS["wsc"], "span2_text": "zebra", "idx": 7}
    with pytest.raises(DataError, match=r"WSC's row 7 has no word 'zebra' at or after"):
        t5_text(row)
