"""Completion, repair, translation, generation and summaries: words and lines to write."""

from __future__ import annotations

from harness import Following, Prompt, Task, TextToText
from harness_codexglue.cloze import LANGUAGES
from harness_codexglue.hub import PAPER, data
from harness_codexglue.messages import (
    CONCODE,
    DOCUMENTATION,
    REPAIR,
    SUMMARY,
    TRANSLATION,
    code_message,
    text_message,
)
from harness_codexglue.prompts import (
    RAFFEL,
    read_java_line,
    read_python_line,
    written_as,
)
from harness_codexglue.submission import Lines, NumberedLines, TokenLines
from harness_codexglue.texts import as_lines, one_line, stripped, worded

CORPORA = {
    "java": "Allamanis and Sutton, Mining Source Code Repositories at Massive Scale "
    "using Language Modeling (MSR 2013)",
    "python": "Raychev et al., Probabilistic Model for Code with Decision Trees "
    "(OOPSLA 2016)",
}
SPECIALS = ("<s>", "</s>", "<EOL>", "<pad>")
"""Words of a token corpus that the official accuracy skips."""
HUMAN_LANGUAGES = {"da": "Danish", "zh": "Chinese", "no": "Norwegian", "lv": "Latvian"}
CODE_NAMES = {"java": "Java", "cs": "C#"}
CODEBLEU_NAMES = {"java": "java", "cs": "c_sharp"}


def _token_completion(language: str) -> Task:
    return Task(
        id=f"codexglue/code-completion-token/{language}",
        title=f"Token completion {LANGUAGES[language]}",
        summary=f"what is the next token, everywhere in a {LANGUAGES[language]} file?",
        data=data("cc_code_completion_token", language),
        problem=Following(words="code", specials=SPECIALS),
        metrics=("token_accuracy",),
        submission=TokenLines(
            name=f"Code-Code/CodeCompletion-token/{language}/predictions.txt",
            column="code",
        ),
        source=CORPORA[language],
    )


def _line_completion(language: str) -> Task:
    read = read_java_line if language == "java" else read_python_line
    return Task(
        id=f"codexglue/code-completion-line/{language}",
        title=f"Line completion {LANGUAGES[language]}",
        summary=f"how does the unfinished line of a {LANGUAGES[language]} file go on?",
        # the Hub has the official test file alone, without answers, and calls it train
        data=data("cc_code_completion_line", language, train=None, submit="train"),
        problem=TextToText(source="input", target="gt", is_empty_hidden=True),
        metrics=("line_exact_match", "edit_similarity"),
        headline=("line_exact_match",),
        prompts={
            "plain": Prompt(
                text=worded("{input}", "input", clean=as_lines),
                parse=read,
                max_tokens=100,
            ),
            # for models that were trained on the token corpus, as CodeGPT was
            "tokens": Prompt(
                text=worded("{input}", "input", clean=stripped),
                parse=read,
                max_tokens=100,
            ),
        },
        submission=Lines(
            name=f"Code-Code/CodeCompletion-line/{language}/predictions.txt"
        ),
        source=f"{PAPER}, from {CORPORA[language]}",
    )


def _repair(size: str) -> Task:
    return Task(
        id=f"codexglue/code-repair/{size}",
        title=f"Bugs2Fix {size}",
        summary="how does the buggy Java method read once it is fixed?",
        data=data("cc_code_refinement", size),
        problem=TextToText(source="buggy", target="fixed", read=stripped),
        metrics=("code_bleu4", "exact_match", "codebleu,lang=java"),
        headline=("code_bleu4",),
        prompts=written_as(
            "Buggy Java method: {buggy}\nFixed Java method:",
            "buggy",
            t5=f"refine {size}: {{buggy}}",
            max_tokens=256,
            chat=code_message(REPAIR, "buggy", max_tokens=256),
        ),
        submission=Lines(name=f"Code-Code/code-refinement/{size}/predictions.txt"),
        source="Tufano et al., An Empirical Study on Learning Bug-Fixing Patches in the "
        "Wild via Neural Machine Translation (TOSEM 2019)",
    )


def _translation(source: str, target: str) -> Task:
    first, second = CODE_NAMES[source], CODE_NAMES[target]
    return Task(
        id=f"codexglue/code-translation/{source}-{target}",
        title=f"Translation {first} to {second}",
        summary=f"how does the {first} method read in {second}?",
        data=data("cc_code_to_code_trans"),
        problem=TextToText(source=source, target=target, read=stripped),
        metrics=(
            "code_bleu4",
            "exact_match",
            f"codebleu,lang={CODEBLEU_NAMES[target]}",
        ),
        headline=("code_bleu4",),
        prompts=written_as(
            f"{first}: {{{source}}}\n{second}:",
            source,
            t5=f"translate {source}-{target}: {{{source}}}",
            max_tokens=256,
            chat=code_message(
                TRANSLATION.format(source=first, target=second), source, max_tokens=256
            ),
        ),
        submission=Lines(
            name=f"Code-Code/code-to-code-trans/{source}-{target}/predictions.txt"
        ),
        source=PAPER,
    )


def _summarisation(language: str) -> Task:
    return Task(
        id=f"codexglue/code-summarisation/{language}",
        title=f"Summarisation {LANGUAGES[language]}",
        summary=f"what does the {LANGUAGES[language]} function do?",
        data=data("ct_code_to_text", language),
        problem=TextToText(
            source="code",
            target="docstring_tokens",
            more={"code_tokens": "texts"},
            read=one_line,
            simplest=worded("{code_tokens}", "code_tokens"),
        ),
        metrics=("smoothed_bleu4",),
        prompts=written_as(
            "{code_tokens}\nWhat the code does, in one sentence:",
            "code_tokens",
            t5=f"summarize {language}: {{code_tokens}}",
            max_tokens=128,
            clean=one_line,
            chat=text_message(
                SUMMARY.format(language=LANGUAGES[language]),
                "code_tokens",
                max_tokens=128,
                clean=one_line,
            ),
        ),
        submission=NumberedLines(
            name=f"Code-Text/code-to-text/{language}/predictions.txt", is_text=True
        ),
        source="CodeSearchNet (Husain et al., 2019) as filtered by Lu et al., CodeXGLUE "
        "(2021)",
    )


def _documentation(language: str) -> Task:
    name = HUMAN_LANGUAGES[language]
    return Task(
        id=f"codexglue/documentation-translation/{language}-en",
        title=f"Documentation {name} to English",
        summary=f"how does the line of {name} documentation read in English?",
        data=data("tt_text_to_text", f"{language}_en"),
        problem=TextToText(source="source", target="target", read=stripped),
        metrics=("text_bleu",),
        prompts=written_as(
            f"{name}: {{source}}\nEnglish:",
            "source",
            t5=f"translate {name} to English: {{source}}",
            t5_source=RAFFEL,
            max_tokens=256,
            chat=text_message(
                DOCUMENTATION.format(language=name), "source", max_tokens=256
            ),
        ),
        submission=Lines(
            name=f"Text-Text/text-to-text/{language}-en/predictions.txt",
            has_more_breaks=True,
        ),
        source=PAPER,
    )


TEXT_TO_CODE = Task(
    id="codexglue/text-to-code",
    title="CONCODE",
    summary="which Java method does the description ask for, given its class?",
    data=data("tc_text_to_code", evaluate="validation"),
    problem=TextToText(source="nl", target="code", read=stripped, is_empty_hidden=True),
    metrics=("exact_match,compare=tokens", "code_bleu4", "codebleu,lang=java"),
    headline=("exact_match,compare=tokens",),
    prompts=written_as(
        "Description and members of the class: {nl}\nJava method:",
        "nl",
        t5="concode: {nl}",
        max_tokens=150,
        chat=code_message(CONCODE, "nl", max_tokens=256),
    ),
    submission=Lines(name="Text-Code/text-to-code/predictions.txt"),
    source="Iyer et al., Mapping Language to Code in Programmatic Context (EMNLP 2018)",
)

TASKS = (
    *map(_token_completion, CORPORA),
    *map(_line_completion, CORPORA),
    *map(_repair, ("small", "medium")),
    _translation("java", "cs"),
    _translation("cs", "java"),
    TEXT_TO_CODE,
    *map(_summarisation, LANGUAGES),
    *map(_documentation, HUMAN_LANGUAGES),
)
