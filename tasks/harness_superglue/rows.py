"""The SuperGLUE tasks, one row each.

Columns and label names are those of the Hub data set; metrics are those of table 1 of
the SuperGLUE paper. Where a head must read more than two plain columns, `texts` says
how they are worded: the paper's own baselines read a text and its marked spans apart,
and ours read one text or a pair.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from harness import (
    Benchmark,
    Classification,
    Data,
    DataError,
    HubData,
    MultipleChoice,
    Row,
    Task,
)
from harness_superglue import prompts
from harness_superglue.columns import copa_question
from harness_superglue.record import Cloze, fill, most_alike, plain_passage
from harness_superglue.sources import SUPERGLUE_PAPER
from harness_superglue.submission import ARCHIVE, FILES
from harness_superglue.winograd import Winograd, marked_text

HUB = "aps/super_glue"
REVISION = "3de24cf8022e94f4ee4b9d55a6f539891524d646"
"""The Hub revision that every row is pinned to."""
BASE_RTE = "superglue/rte"
PAIR = ("premise", "hypothesis")
COPA_QUESTIONS = {
    "cause": "What was the cause of this?",
    "effect": "What happened as a result?",
}
"""How COPA asks (Roemmele et al., 2011)."""


def _sample(config: str, split: str, seed: int) -> list[Row]:
    """Make a split's rows; what makes them loads then, and not with the list."""
    from harness_superglue.sample import make_sample

    return make_sample(config, split, seed)


def _data(
    config: str,
    *,
    train: str | None = "train",
    evaluate: str = "validation",
    id_column: str | tuple[str, ...] = "idx",
    group_column: tuple[str, ...] | Callable[[Row], str] | None = None,
) -> Data:
    return Data(
        hub=HubData(path=HUB, config=config, revision=REVISION),
        folder=f"super_glue/{config}",
        train=train,
        evaluate=evaluate,
        id_column=id_column,
        group_column=group_column,
        sample=functools.partial(_sample, config),
    )


def pair_of(row: Row) -> str:
    """Return the pair that a row of AX-g belongs to: its ids are 2n and 2n + 1.

    Raises:
        DataError: the row's id is no such number.
    """
    number = row["idx"]
    if not isinstance(number, int) or number < 0:
        raise DataError(
            f"the idx of AX-g's row is {number!r}, expected 2n and 2n + 1 for the two "
            "of a pair: correct the row"
        )
    return str(number // 2)


def _copa_context(row: Row) -> str:
    return f"{row['premise']} {COPA_QUESTIONS[copa_question(row)]}"


TASKS: tuple[Task, ...] = (
    Task(
        id="superglue/boolq",
        title="BoolQ",
        summary="is the answer to the question yes, going by the passage?",
        data=_data("boolq"),
        problem=Classification(inputs=("passage", "question"), labels=prompts.TRUTH),
        metrics=("accuracy",),
        prompts=prompts.BOOLQ,
        submission=FILES["boolq"],
        source="Clark et al., BoolQ: Exploring the Surprising Difficulty of Natural "
        "Yes/No Questions (NAACL 2019)",
    ),
    Task(
        id="superglue/cb",
        title="CB",
        summary="is the author committed to the hypothesis that the premise embeds?",
        data=_data("cb"),
        problem=Classification(inputs=PAIR, labels=prompts.CB_LABELS),
        metrics=("accuracy", "macro_f1"),
        prompts=prompts.CB,
        submission=FILES["cb"],
        source="de Marneffe et al., The CommitmentBank: Investigating projection in "
        "naturally occurring discourse (Sinn und Bedeutung 2019)",
    ),
    Task(
        id="superglue/copa",
        title="COPA",
        summary="which of two sentences is the likelier cause or effect?",
        data=_data("copa"),
        problem=MultipleChoice(
            inputs=("premise", "question"),
            choices=prompts.CHOICES,
            context=_copa_context,
        ),
        metrics=("accuracy",),
        prompts=prompts.COPA,
        submission=FILES["copa"],
        source="Roemmele et al., Choice of Plausible Alternatives: An Evaluation of "
        "Commonsense Causal Reasoning (AAAI Spring Symposium 2011)",
    ),
    Task(
        id="superglue/multirc",
        title="MultiRC",
        summary="is it a right answer to the question on the paragraph?",
        data=_data(
            "multirc",
            id_column=("idx.paragraph", "idx.question", "idx.answer"),
            group_column=("idx.paragraph", "idx.question"),
        ),
        problem=Classification(
            inputs=("paragraph", "question", "answer"),
            labels=prompts.TRUTH,
            texts=("{paragraph}", "{question} {answer}"),
        ),
        metrics=("question_f1,positive=True", "question_exact_match,positive=True"),
        prompts=prompts.MULTIRC,
        submission=FILES["multirc"],
        source="Khashabi et al., Looking Beyond the Surface: A Challenge Set for "
        "Reading Comprehension over Multiple Sentences (NAACL 2018); a head reads "
        "question and answer behind the paragraph, as nyu-mll/jiant has it",
    ),
    Task(
        id="superglue/record",
        title="ReCoRD",
        summary="which entity of the passage fills the gap?",
        data=_data("record", id_column=("idx.passage", "idx.query")),
        problem=Cloze(
            inputs=("passage", "query"),
            choices="entities",
            context=plain_passage,
            choice=fill,
            target="answers",
            simplest=most_alike,
        ),
        metrics=("squad_f1", "squad_exact_match"),
        prompts=prompts.RECORD,
        submission=FILES["record"],
        source="Zhang et al., ReCoRD: Bridging the Gap between Human and Machine "
        "Commonsense Reading Comprehension (2018); a head reads the query with each "
        "entity in its gap, as the SuperGLUE paper has it",
    ),
    Task(
        id=BASE_RTE,
        title="RTE",
        summary="does the premise entail the hypothesis?",
        data=_data("rte"),
        problem=Classification(inputs=PAIR, labels=prompts.ENTAILED),
        metrics=("accuracy",),
        prompts=prompts.RTE,
        submission=FILES["rte"],
        source="RTE-1 (Dagan et al., 2006), RTE-2 (Bar Haim et al., 2006), RTE-3 "
        "(Giampiccolo et al., 2007) and RTE-5 (Bentivogli et al., 2009)",
    ),
    Task(
        id="superglue/wic",
        title="WiC",
        summary="has the word the same sense in both sentences?",
        data=_data("wic"),
        problem=Classification(
            inputs=("word", "sentence1", "sentence2"),
            more=dict.fromkeys(("start1", "end1"), "number"),
            labels=prompts.TRUTH,
            texts=("{word}: {sentence1}", "{sentence2}"),
        ),
        metrics=("accuracy",),
        prompts=prompts.WIC,
        submission=FILES["wic"],
        source="Pilehvar and Camacho-Collados, WiC: The Word-in-Context Dataset for "
        "Evaluating Context-Sensitive Meaning Representations (NAACL 2019); a head "
        "reads the word before the first sentence, as T5 has it among its columns",
    ),
    Task(
        id="superglue/wsc",
        title="WSC",
        summary="does the pronoun stand for the noun?",
        data=_data("wsc"),
        problem=Winograd(
            inputs=("text", "span1_text", "span2_text"),
            more=dict.fromkeys(("span1_index", "span2_index"), "number"),
            labels=prompts.TRUTH,
            texts=(marked_text,),
        ),
        metrics=("accuracy",),
        prompts=prompts.WSC,
        submission=FILES["wsc"],
        source="Levesque et al., The Winograd Schema Challenge (KR 2012); a head reads "
        "the text with both spans marked, as RoBERTa does in facebookresearch/fairseq "
        "examples/roberta/wsc",
    ),
    Task(
        id="superglue/axb",
        title="AX-b",
        summary="the broad-coverage diagnostic set, with two labels",
        data=_data("axb", train=None, evaluate="test"),
        problem=Classification(
            inputs=("sentence1", "sentence2"), labels=prompts.ENTAILED
        ),
        metrics=("matthews",),
        prompts=prompts.AX,
        trained_on=BASE_RTE,
        submission=FILES["axb"],
        source=SUPERGLUE_PAPER,
    ),
    Task(
        id="superglue/axg",
        title="AX-g",
        summary="the Winogender diagnostic set: entailment, whatever the pronoun",
        data=_data("axg", train=None, evaluate="test", group_column=pair_of),
        problem=Classification(inputs=PAIR, labels=prompts.ENTAILED),
        metrics=("accuracy", "pair_parity"),
        headline=("accuracy",),
        prompts=prompts.AX,
        trained_on=BASE_RTE,
        submission=FILES["axg"],
        source="Rudinger et al., Gender Bias in Coreference Resolution (NAACL 2018), "
        f"recast by {SUPERGLUE_PAPER}",
    ),
)

SUPERGLUE = Benchmark(
    id="superglue",
    title="SuperGLUE",
    tasks=tuple(task.id for task in TASKS),
    groups=tuple((task.id,) for task in TASKS if task.data.train is not None),
    archive=ARCHIVE,
    source=SUPERGLUE_PAPER,
)
