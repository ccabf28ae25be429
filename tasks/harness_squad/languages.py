"""XQuAD and MLQA: SQuAD's questions in other languages, a row each.

Neither has training data: a model is fine-tuned on SQuAD 1.1 and asked in the other
language (zero-shot transfer). XQuAD is part of SQuAD's development set in twelve
languages. MLQA has seven, and asks in each about texts in each: the text's language is
the answer's, by which its official scorer normalises.
"""

from __future__ import annotations

from harness import Benchmark, Data, HubData, Row, SpanAnswer, Task
from harness_squad.language_prompts import MLQA as MLQA_PROMPTS
from harness_squad.language_prompts import xquad_prompts
from harness_squad.submission import AnswerFile

XQUAD_PAPER = (
    "Artetxe et al., On the Cross-lingual Transferability of Monolingual "
    "Representations (ACL 2020)"
)
MLQA_PAPER = (
    "Lewis et al., MLQA: Evaluating Cross-lingual Extractive Question Answering "
    "(ACL 2020)"
)
MLQA_REVISION = "397ed406c1a7902140303e7faf60fff35b58d285"
NAMES = {
    "ar": "Arabic",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "hi": "Hindi",
    "ro": "Romanian",
    "ru": "Russian",
    "th": "Thai",
    "tr": "Turkish",
    "vi": "Vietnamese",
    "zh": "Chinese",
}
MLQA_LANGUAGES = ("ar", "de", "en", "es", "hi", "vi", "zh")


def _sample(_split: str, seed: int) -> list[Row]:
    """Make SQuAD's validation rows, in English whatever the task's language."""
    from harness_squad.sample import make_sample

    return make_sample(1, "validation", seed)


def _xquad(language: str) -> Task:
    config = f"xquad.{language}"
    return Task(
        id=f"xquad/{language}",
        title=f"XQuAD {language}",
        summary=f"which words of a paragraph answer the question, in {NAMES[language]}?",
        data=Data(
            hub=HubData(
                path="google/xquad",
                config=config,
                revision="51adfef1c1287aab1d2d91b5bead9bcfb9c68583",
            ),
            folder=f"xquad/{config}",
            train=None,
            submit=None,
            id_column="id",
            sample=_sample,
        ),
        problem=SpanAnswer(),
        metrics=("squad_f1", "squad_exact_match"),
        headline=("squad_f1",),
        prompts=xquad_prompts(language),
        trained_on="squad/v1",
        submission=AnswerFile(may_leave_out=True),
        source=XQUAD_PAPER,
    )


def _mlqa(context: str, question: str) -> Task:
    config = f"mlqa.{context}.{question}"
    return Task(
        id=f"mlqa/{context}-{question}",
        title=f"MLQA {context}-{question}",
        summary=f"which words of a text in {NAMES[context]} answer the question in "
        f"{NAMES[question]}?",
        data=Data(
            hub=HubData(path="facebook/mlqa", config=config, revision=MLQA_REVISION),
            folder=f"mlqa/{config}",
            train=None,
            evaluate="test",
            submit=None,
            id_column="id",
            sample=_sample,
        ),
        problem=SpanAnswer(),
        metrics=(
            f"mlqa_f1,language={context}",
            f"mlqa_exact_match,language={context}",
        ),
        headline=(f"mlqa_f1,language={context}",),
        prompts=MLQA_PROMPTS,
        trained_on="squad/v1",
        submission=AnswerFile(may_leave_out=True),
        source=MLQA_PAPER,
    )


XQUAD_TASKS = tuple(_xquad(language) for language in NAMES)
MLQA_TASKS = tuple(
    _mlqa(context, question)
    for context in MLQA_LANGUAGES
    for question in MLQA_LANGUAGES
)
XQUAD = Benchmark(
    id="xquad",
    title="XQuAD",
    tasks=tuple(task.id for task in XQUAD_TASKS),
    groups=(),  # the paper's mean is over the languages that it has, ten and English
    source=XQUAD_PAPER,
)
MLQA = Benchmark(
    id="mlqa",
    title="MLQA",
    tasks=tuple(task.id for task in MLQA_TASKS),
    groups=(),  # the paper means the pairs of a language alone, or all
    source=MLQA_PAPER,
)
