"""The general tasks: their contract, their samples, their wordings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from harness import DataError, Example, Row, Task, TextToText
from harness.metrics.tagging import entities
from harness.plugins import load_plugins
from harness.task import pick, render
from harness.testing import check_task
from harness_text.detokenise import detokenise_wikitext
from harness_text.rows import TASKS
from harness_text.sentences import lead

BY_ID = {task.id: task for task in TASKS}
EVERY_TASK = pytest.mark.parametrize("task", TASKS, ids=BY_ID.keys())


def _rows(task: Task, split: str, seed: int = 1) -> list[Row]:
    assert task.data.sample is not None
    return list(task.data.sample(split, seed))


def _evaluated(task: Task) -> list[Row]:
    return _rows(task, task.data.evaluate)


def _inputs(task: Task, rows: list[Row]) -> list[str]:
    return [str([pick(row, name) for name in task.problem.columns]) for row in rows]


@EVERY_TASK
def test_the_task_keeps_the_contract(task: Task) -> None:
    read = task.problem.read_target
    examples = [
        Example(id=str(number), columns=row, target=read(row))
        for number, row in enumerate(_evaluated(task))
    ]
    check_task(task, examples)


@EVERY_TASK
def test_the_sample_repeats_nothing(task: Task) -> None:
    splits = [task.data.evaluate, *([task.data.train] if task.data.train else [])]
    inputs = [text for split in splits for text in _inputs(task, _rows(task, split))]
    assert len(set(inputs)) == len(inputs) >= 100


@EVERY_TASK
def test_a_seed_fixes_the_sample(task: Task) -> None:
    assert _evaluated(task) == _evaluated(task)
    assert _evaluated(task) != _rows(task, task.data.evaluate, seed=2)


@EVERY_TASK
def test_an_unknown_split_is_refused(task: Task) -> None:
    with pytest.raises(DataError, match="has no split 'elsewhere', expected one of"):
        _rows(task, "elsewhere")


@EVERY_TASK
def test_the_plugins_know_the_metrics(task: Task) -> None:
    plugins = load_plugins()
    made = [plugins.metric(spec, task.problem.labels) for spec in task.metrics]
    assert [metric.name for metric in made] == [
        spec.partition(",")[0] for spec in task.metrics
    ]


@pytest.fixture(scope="module")
def reviews() -> tuple[Any, Any, Any, Any]:
    """Return word counts and labels of training and test reviews."""
    train, test = (_rows(BY_ID["text/imdb"], split) for split in ("train", "test"))
    counter = CountVectorizer()
    counts = counter.fit_transform(str(row["text"]) for row in train)
    others = counter.transform(str(row["text"]) for row in test)
    labels = [np.array([row["label"] for row in rows]) for rows in (train, test)]
    return counts, others, *labels


def test_reviews_are_worth_learning(reviews: tuple[Any, Any, Any, Any]) -> None:
    counts, others, labels, right = reviews
    model = LogisticRegression(C=0.3, max_iter=1000).fit(counts, labels)
    assert 0.45 <= right.mean() <= 0.6
    assert model.score(others, right) > 0.85


def test_no_word_gives_a_review_away(reviews: tuple[Any, Any, Any, Any]) -> None:
    counts, _, labels, _ = reviews
    is_there = counts.toarray() > 0
    agreeing = (is_there == labels[:, None]).mean(axis=0)
    assert np.maximum(agreeing, 1 - agreeing).max() < 0.7


def test_a_list_of_names_does_not_do() -> None:
    kinds: dict[str, set[str]] = {}
    task = BY_ID["text/conll2003"]
    for row in _rows(task, "train"):
        words = row["tokens"]
        assert isinstance(words, list)
        for found in entities(str(task.problem.read_target(row)).split()):
            name = " ".join(map(str, words[found.start : found.end]))
            kinds.setdefault(name, set()).add(found.type)
    assert len([name for name, types in kinds.items() if len(types) > 1]) >= 6


def test_lead_3_is_what_majority_says_of_the_news() -> None:
    problem = BY_ID["text/cnn-dailymail"].problem
    assert isinstance(problem, TextToText)
    row: Row = {"article": 'One. "Two is here." Mr. x said. Three! Four.'}
    example = Example(id="1", columns=row, target="t")
    assert problem.majority([example], []) == ['One.\n"Two is here."\nMr. x said.']


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("It rose 3.5 per cent. Then it fell.", "It rose 3.5 per cent."),
        ("He said: \u201cNo.\u201d She left.", "He said: \u201cNo.\u201d"),
        ("No full stop\nA line", "No full stop"),
        ("", ""),
    ],
)
def test_the_first_sentence_ends_where_one_begins(text: str, first: str) -> None:
    assert lead(text, sentences=1) == first


def test_t5_is_asked_in_its_own_format() -> None:
    # Raffel et al., appendix D.16, and beams and length penalty of section 3.7
    prompt = BY_ID["text/cnn-dailymail"].prompts["t5"]
    assert render(prompt.text, {"article": "A."}) == "summarize: A."
    assert (prompt.beams, prompt.length_penalty) == (4, 0.6)


def test_news_are_asked_as_lm_evaluation_harness_asks() -> None:
    # lm_eval/tasks/cnn_dailymail/cnn_dailymail.yaml, release 0.4.13
    prompt = BY_ID["text/cnn-dailymail"].prompts["lm-eval"]
    asked = render(prompt.text, {"article": "A."}) + prompt.delimiter
    assert asked == "Summarize the following article:\n\nA.\n\nSummary: "
    assert (prompt.max_tokens, prompt.stop) == (128, ("\n\n",))


@pytest.mark.parametrize(
    ("task", "column", "length"),
    [
        ("text/cnn-dailymail", "article", "two or three sentences"),
        ("text/xsum", "document", "one sentence"),
    ],
)
def test_a_chat_model_is_told_how_long_a_summary_is(
    task: str, column: str, length: str
) -> None:
    prompt = BY_ID[task].prompts["chat"]
    assert (prompt.is_message, prompt.stop) == (True, ())
    assert render(prompt.text, {column: "It rained."}) == (
        f"Summarize the following article in {length}. Write the summary and nothing "
        "else.\n\nIt rained."
    )


@pytest.mark.parametrize(
    ("page", "text"),
    [
        # what lm_eval/tasks/wikitext/preprocess_wikitext.py, release 0.4.13, gives
        (" = Heading = \n a @-@ b , c . \n", " = Heading =\na-b, c.\n"),
        (
            "the boys ' ( and girls ' ) 5 @,@ 000 @.@ 5 .",
            "the boys'(and girls') 5,000.5 .",
        ),
        ('he said " no , N ° C " of Tom \'s { x }', 'he said "no, N°C" of Tom\'s {x}'),
        (" = = = = x ; y : z ! ? [ q ]", " ==== x; y: z!? [q]"),
    ],
)
def test_wikitext_is_put_back_together(page: str, text: str) -> None:
    assert detokenise_wikitext({"page": page}) == text
