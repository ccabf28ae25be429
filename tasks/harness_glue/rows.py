"""The GLUE tasks, one row each.

Columns and label names are those of the Hub data set; splits that it does not have
(``test_labelled`` of the diagnostic set) come from a folder. Metrics are those of
the GLUE paper's table 1 (Wang et al., ICLR 2019).
"""

from __future__ import annotations

import functools

from harness import Benchmark, Classification, Data, HubData, Regression, Row, Task
from harness_glue import prompts
from harness_glue.submission import ARCHIVE, FILES

HUB = "nyu-mll/glue"
REVISION = "bcdcba79d07bc864c1c254ccfcedcce55bcc9a8c"
"""The Hub revision that every row is pinned to."""

GLUE_PAPER = (
    "Wang et al., GLUE: A Multi-Task Benchmark and Analysis Platform for Natural "
    "Language Understanding (ICLR 2019)"
)
SENTENCES = ("sentence1", "sentence2")
NLI_INPUTS = ("premise", "hypothesis")
BASE_NLI = "glue/mnli/matched"


def _sample(config: str, split: str, seed: int) -> list[Row]:
    """Make a split's rows; what makes them loads then, and not with the list."""
    from harness_glue.sample import make_sample

    return make_sample(config, split, seed)


def _hub(config: str) -> HubData:
    return HubData(path=HUB, config=config, revision=REVISION)


def _data(config: str) -> Data:
    return Data(
        hub=_hub(config),
        folder=f"glue/{config}",
        sample=functools.partial(_sample, config),
    )


def _mnli_data(half: str) -> Data:
    return Data(
        hub=_hub("mnli"),
        folder="glue/mnli",
        evaluate=f"validation_{half}",
        submit=f"test_{half}",
        sample=functools.partial(_sample, "mnli"),
    )


TASKS: tuple[Task, ...] = (
    Task(
        id="glue/cola",
        title="CoLA",
        summary="is the sentence acceptable English?",
        data=_data("cola"),
        problem=Classification(
            inputs=("sentence",), labels=("unacceptable", "acceptable")
        ),
        metrics=("matthews",),
        prompts=prompts.COLA,
        submission=FILES["cola"],
        source="Warstadt et al., Neural Network Acceptability Judgments (TACL 2019)",
    ),
    Task(
        id="glue/sst2",
        title="SST-2",
        summary="is the film review positive or negative?",
        data=_data("sst2"),
        problem=Classification(inputs=("sentence",), labels=("negative", "positive")),
        metrics=("accuracy",),
        prompts=prompts.SST2,
        submission=FILES["sst2"],
        source="Socher et al., Recursive Deep Models for Semantic Compositionality "
        "Over a Sentiment Treebank (EMNLP 2013)",
    ),
    Task(
        id="glue/mrpc",
        title="MRPC",
        summary="do two sentences from the news say the same?",
        data=_data("mrpc"),
        problem=Classification(
            inputs=SENTENCES, labels=("not_equivalent", "equivalent")
        ),
        metrics=("f1,positive=equivalent", "accuracy"),
        prompts=prompts.MRPC,
        submission=FILES["mrpc"],
        source="Dolan and Brockett, Automatically Constructing a Corpus of Sentential "
        "Paraphrases (IWP 2005)",
    ),
    Task(
        id="glue/qqp",
        title="QQP",
        summary="do two questions ask the same?",
        data=_data("qqp"),
        problem=Classification(
            inputs=("question1", "question2"), labels=("not_duplicate", "duplicate")
        ),
        metrics=("f1,positive=duplicate", "accuracy"),
        prompts=prompts.QQP,
        submission=FILES["qqp"],
        source="Iyer et al., First Quora Dataset Release: Question Pairs (2017)",
    ),
    Task(
        id="glue/stsb",
        title="STS-B",
        summary="how similar are two sentences, from 0 to 5?",
        data=_data("stsb"),
        problem=Regression(inputs=SENTENCES, low=0, high=5),
        # T5's evaluation has -1 for a text that is no number
        metrics=("pearson,unparsable=-1", "spearman,unparsable=-1"),
        prompts=prompts.STSB,
        submission=FILES["stsb"],
        source="Cer et al., SemEval-2017 Task 1: Semantic Textual Similarity",
    ),
    Task(
        id=BASE_NLI,
        title="MNLI matched",
        summary="does the premise entail the hypothesis, in genres seen in training?",
        data=_mnli_data("matched"),
        problem=Classification(inputs=NLI_INPUTS, labels=prompts.NLI),
        metrics=("accuracy",),
        prompts=prompts.MNLI,
        submission=FILES["mnli/matched"],
        source="Williams et al., A Broad-Coverage Challenge Corpus for Sentence "
        "Understanding through Inference (NAACL 2018)",
    ),
    Task(
        id="glue/mnli/mismatched",
        title="MNLI mismatched",
        summary="does the premise entail the hypothesis, in genres not seen?",
        data=_mnli_data("mismatched"),
        problem=Classification(inputs=NLI_INPUTS, labels=prompts.NLI),
        metrics=("accuracy",),
        prompts=prompts.MNLI,
        trained_on=BASE_NLI,
        submission=FILES["mnli/mismatched"],
        source="Williams et al., A Broad-Coverage Challenge Corpus for Sentence "
        "Understanding through Inference (NAACL 2018)",
    ),
    Task(
        id="glue/qnli",
        title="QNLI",
        summary="does the sentence answer the question?",
        data=_data("qnli"),
        problem=Classification(
            inputs=("question", "sentence"), labels=prompts.ENTAILED
        ),
        metrics=("accuracy",),
        prompts=prompts.QNLI,
        submission=FILES["qnli"],
        source=f"SQuAD (Rajpurkar et al., EMNLP 2016) recast by {GLUE_PAPER}",
    ),
    Task(
        id="glue/rte",
        title="RTE",
        summary="does the first sentence entail the second?",
        data=_data("rte"),
        problem=Classification(inputs=SENTENCES, labels=prompts.ENTAILED),
        metrics=("accuracy",),
        prompts=prompts.RTE,
        submission=FILES["rte"],
        source="RTE-1 (Dagan et al., 2006), RTE-2 (Bar Haim et al., 2006), RTE-3 "
        "(Giampiccolo et al., 2007) and RTE-5 (Bentivogli et al., 2009)",
    ),
    Task(
        id="glue/wnli",
        title="WNLI",
        summary="is the pronoun resolved as the second sentence has it?",
        data=_data("wnli"),
        problem=Classification(
            inputs=SENTENCES, labels=("not_entailment", "entailment")
        ),
        metrics=("accuracy",),
        prompts=prompts.WNLI,
        submission=FILES["wnli"],
        source=f"Winograd schemas (Levesque et al., KR 2012) recast by {GLUE_PAPER}",
    ),
    Task(
        id="glue/ax",
        title="AX",
        summary="the diagnostic set: entailment by linguistic phenomenon",
        data=Data(
            hub=_hub("ax"),
            folder="glue/ax",
            train=None,
            evaluate="test_labelled",
            submit="test",
            sample=functools.partial(_sample, "ax"),
        ),
        problem=Classification(inputs=NLI_INPUTS, labels=prompts.NLI),
        metrics=("matthews",),
        prompts=prompts.AX,
        trained_on=BASE_NLI,
        submission=FILES["ax"],
        source=GLUE_PAPER,
    ),
)

GLUE = Benchmark(
    id="glue",
    title="GLUE",
    tasks=tuple(task.id for task in TASKS),
    groups=(
        ("glue/cola",),
        ("glue/sst2",),
        ("glue/mrpc",),
        ("glue/qqp",),
        ("glue/stsb",),
        (BASE_NLI, "glue/mnli/mismatched"),
        ("glue/qnli",),
        ("glue/rte",),
        ("glue/wnli",),
    ),
    archive=ARCHIVE,
    source=GLUE_PAPER,
)
