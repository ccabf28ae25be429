"""Clone detection, defect detection and code search: labels and rankings."""

from __future__ import annotations

from harness import Classification, Prompt, Retrieval, Task
from harness_codexglue.hub import data
from harness_codexglue.prompts import CODET5
from harness_codexglue.submission import JsonRankings, NumberedLines
from harness_codexglue.texts import worded

CLONE = ("different", "clone")
DEFECT = ("sound", "defective")
MATCH = ("mismatch", "match")
NO_YES = ("no", "yes")


BIG_CLONE_BENCH = Task(
    id="codexglue/clone-detection/bigclonebench",
    title="BigCloneBench",
    summary="do two Java methods do the same?",
    data=data("cc_clone_detection_big_clone_bench"),
    problem=Classification(
        inputs=("func1", "func2"),
        texts=(worded("{func1}", "func1"), worded("{func2}", "func2")),
        labels=CLONE,
    ),
    metrics=("f1,positive=clone", "precision,positive=clone", "recall,positive=clone"),
    headline=("f1,positive=clone",),
    prompts={
        "plain": Prompt(
            text="{func1}\n\n{func2}\n\nQuestion: Do these two methods do the same?\n"
            "Answer:",
            answers=dict(zip(CLONE, NO_YES, strict=True)),
        )
    },
    submission=NumberedLines(
        name="Code-Code/Clone-detection-BigCloneBench/predictions.txt",
        keys=("id1", "id2"),
        written=dict(zip(CLONE, "01", strict=True)),
    ),
    source="Svajlenko et al., Towards a Big Data Curated Benchmark of Inter-Project "
    "Code Clones (ICSME 2014), as filtered by Wang et al. (SANER 2020)",
)

POJ_104 = Task(
    id="codexglue/clone-detection/poj104",
    title="POJ-104",
    summary="which other programs solve the same problem?",
    data=data("cc_clone_detection_poj104"),
    problem=Retrieval(
        query=worded("{code}", "code"),
        inputs={"code": "text"},
        target="label",
        depth=499,
    ),
    metrics=("map_at_r",),
    submission=JsonRankings(
        name="Code-Code/Clone-detection-POJ-104/predictions.jsonl", key="index"
    ),
    source="Mou et al., Convolutional Neural Networks over Tree Structures for "
    "Programming Language Processing (AAAI 2016)",
)

DEFECT_DETECTION = Task(
    id="codexglue/defect-detection",
    title="Devign",
    summary="is the C function insecure?",
    data=data("cc_defect_detection"),
    problem=Classification(
        inputs=("func",),
        texts=(worded("{func}", "func"),),
        labels=DEFECT,
        label="target",
    ),
    metrics=("accuracy",),
    prompts={
        "plain": Prompt(
            text="{func}\n\nQuestion: Is this function insecure?\nAnswer:",
            answers=dict(zip(DEFECT, NO_YES, strict=True)),
        ),
        "t5": Prompt(
            text=worded("defect: {func}", "func"),
            answers=dict(zip(DEFECT, ("false", "true"), strict=True)),
            source=CODET5,
        ),
    },
    submission=NumberedLines(
        name="Code-Code/Defect-detection/predictions.txt",
        written=dict(zip(DEFECT, "01", strict=True)),
    ),
    source="Zhou et al., Devign: Effective Vulnerability Identification by Learning "
    "Comprehensive Program Semantics via Graph Neural Networks (NeurIPS 2019)",
)

ADV_TEST = Task(
    id="codexglue/code-search/advtest",
    title="AdvTest",
    summary="which Python function, its names taken away, does a docstring describe?",
    data=data("tc_nl_code_search_adv"),
    problem=Retrieval(
        query=worded("{docstring_tokens}", "docstring_tokens"),
        candidate=worded("{code_tokens}", "code_tokens"),
        inputs={"docstring_tokens": "texts", "code_tokens": "texts"},
        target="id",
        depth=100,
    ),
    metrics=("mrr",),
    submission=JsonRankings(
        name="Text-Code/NL-code-search-Adv/predictions.jsonl",
        key="url",
        column="url",
        has_numbers=True,
    ),
    source="CodeSearchNet (Husain et al., 2019) with names normalised by Lu et al., "
    "CodeXGLUE (2021)",
)

WEB_QUERY = Task(
    id="codexglue/code-search/webquery",
    title="WebQueryTest",
    summary="does the Python code answer the web query?",
    data=data("tc_nl_code_search_web_query", evaluate="validation", id_column="idx"),
    problem=Classification(
        inputs=("doc", "code"),
        texts=(worded("{doc}", "doc"), worded("{code}", "code")),
        labels=MATCH,
    ),
    metrics=(
        "accuracy",
        "f1,positive=match",
        "precision,positive=match",
        "recall,positive=match",
    ),
    headline=("accuracy",),
    prompts={
        "plain": Prompt(
            text="Query: {doc}\n\n{code}\n\nQuestion: Does the code answer the query?\n"
            "Answer:",
            answers=dict(zip(MATCH, NO_YES, strict=True)),
        )
    },
    submission=NumberedLines(
        name="Text-Code/NL-code-search-WebQuery/predictions.txt",
        written=dict(zip(MATCH, "01", strict=True)),
    ),
    source="Lu et al., CodeXGLUE (2021); training and development pairs: Huang et al., "
    "CoSQA: 20,000+ Web Queries for Code Search and Question Answering (ACL 2021)",
)

TASKS = (BIG_CLONE_BENCH, POJ_104, DEFECT_DETECTION, ADV_TEST, WEB_QUERY)
