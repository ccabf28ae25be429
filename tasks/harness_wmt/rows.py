"""The WMT tasks, one row a test set and language pair.

Metrics are sacreBLEU's with the tokenizer of the target language. BLEU's is the one
that the organisers' published scores come out with (scores/automatic-scores.tsv of
wmt-conference/wmt21-, wmt22- and wmt23-news-systems): ``zh`` for Chinese, ``char`` for
Japanese in these years; elsewhere sacreBLEU's own default for the language.
"""

from __future__ import annotations

import functools

from harness import (
    Archive,
    Benchmark,
    Data,
    HubData,
    Prompt,
    Row,
    SubmissionFile,
    Task,
)
from harness.messages import message_prompt, read_paragraph
from harness_wmt.problem import Translation, has_no_translation
from harness_wmt.submission import TextFile
from harness_wmt.xml_form import XmlFile
from harness_wmt.years import LANGUAGES, YEARS, Year

T5_SOURCE = (
    "Raffel et al., Exploring the Limits of Transfer Learning with a Unified "
    "Text-to-Text Transformer (JMLR 2020), appendix D.15 to D.17; beams and length "
    "penalty of its section 3.1.2 and C"
)
CHAT_SOURCE = "our own: an instruction with both languages, the text"
LM_EVAL_SOURCE = (
    "EleutherAI/lm-evaluation-harness lm_eval/tasks/translation, release 0.4.13"
)
T5_TARGETS = ("de", "fr", "ro")
"""The languages that T5 was trained to translate English into."""
LM_EVAL_PAIRS = {
    "wmt14": ("en-fr", "fr-en"),
    "wmt16": ("de-en", "en-de", "ro-en", "en-ro"),
}
"""The test sets that lm-evaluation-harness has."""
CHARACTER_YEARS = (2021, 2022, 2023)
"""The years whose Japanese BLEU the organisers counted over characters."""
FIRST_XML_YEAR = 2021
"""The first year whose systems hand in XML (www.statmt.org/wmt21)."""
FLORES_PAIRS = ("bn-hi", "hi-bn", "xh-zu", "zu-xh")
"""The pairs of 2021 whose test sets are of FLORES."""
LONGEST = 256
"""How many tokens a translation may have, as lm-evaluation-harness has it."""


def _sample(source: str, target: str, split: str, seed: int) -> list[Row]:
    """Make a split's rows; what makes them loads then, and not with the list."""
    from harness_wmt.sample import make_sample

    return make_sample(source, target, split, seed)


def tokenizer(year: int, target: str) -> str:
    """Return sacreBLEU's tokenizer for the BLEU of a target language."""
    if target == "ja":
        return "char" if year in CHARACTER_YEARS else "ja-mecab"
    return {"zh": "zh", "ko": "ko-mecab"}.get(target, "13a")


def _metrics(year: int, target: str) -> tuple[str, ...]:
    # TER needs characters where words are not spaced
    ter = "ter,normalized=yes,asian=yes" if target in ("ja", "zh") else "ter"
    return (f"bleu,tokenize={tokenizer(year, target)}", "chrf", "chrf++", ter)


def _prompts(name: str, source: str, target: str) -> dict[str, Prompt]:
    languages = LANGUAGES[source], LANGUAGES[target]
    is_t5 = source == "en" and target in T5_TARGETS
    is_lm_eval = f"{source}-{target}" in LM_EVAL_PAIRS.get(name, ())
    note = "; the same wording for a pair that it does not have"
    return {
        "lm-eval": Prompt(
            text=f"{languages[0]} phrase: {{translation.{source}}}\n"
            f"{languages[1]} phrase:",
            max_tokens=LONGEST,
            source=LM_EVAL_SOURCE + ("" if is_lm_eval else note),
        ),
        "t5": Prompt(
            text=f"translate {languages[0]} to {languages[1]}: {{translation.{source}}}",
            max_tokens=LONGEST,
            beams=4,
            length_penalty=0.6,
            source=T5_SOURCE + ("" if is_t5 else note),
        ),
        "chat": message_prompt(
            f"Translate the following text from {languages[0]} into {languages[1]}. "
            "Write the translation and nothing else.\n\n"
            f"{{translation.{source}}}",
            parse=read_paragraph,
            max_tokens=LONGEST,
            source=CHAT_SOURCE,
        ),
    }


def _hub(year: Year, pair: str) -> HubData | None:
    config = year.hub_config(pair)
    if config is None:
        return None
    return HubData(path=f"wmt/{year.name}", config=config, revision=year.revision)


def _submission(year: Year, source: str, target: str) -> SubmissionFile:
    """Return the form of the year, under the organisers' name of its test set."""
    name = f"{year.name}.{source}-{target}.hyp.{target}"
    if year.number < FIRST_XML_YEAR:
        return TextFile(name=name)
    stem = "wmttest"
    if year.number == FIRST_XML_YEAR:
        stem = "florestest" if f"{source}-{target}" in FLORES_PAIRS else "newstest"
    return XmlFile(
        name=f"{name}.xml",
        dataset=f"{stem}{year.number}",
        source=source,
        target=target,
    )


def _task(year: Year, pair: str) -> Task:
    source, _, target = pair.partition("-")
    return Task(
        id=f"wmt/{year.name}/{pair}",
        title=f"WMT{year.number % 100:02} {pair}",
        summary=f"translate {LANGUAGES[source]} into {LANGUAGES[target]}, WMT {year.number}",
        data=Data(
            hub=_hub(year, pair),
            folder=f"wmt/{year.name}_{pair}",
            evaluate="test",
            submit="test",
            id_column=None,
            leave_out=has_no_translation,
            sample=functools.partial(_sample, source, target),
        ),
        problem=Translation(
            source=f"translation.{source}", target=f"translation.{target}"
        ),
        metrics=_metrics(year.number, target),
        headline=_metrics(year.number, target)[:1],
        prompts=_prompts(year.name, source, target),
        submission=_submission(year, source, target),
        source=year.findings,
    )


TASKS: tuple[Task, ...] = tuple(
    _task(year, pair) for year in YEARS for pair in year.pairs
)

WMT = Benchmark(
    id="wmt",
    title="WMT",
    tasks=tuple(task.id for task in TASKS),
    groups=(),
    archive=Archive(
        kind="folder",
        instructions="one file a pair, up to 2020 a line a segment, from 2021 on XML: "
        "name the system there, and hand them to the organisers of the year",
    ),
    source="https://www2.statmt.org",
)
