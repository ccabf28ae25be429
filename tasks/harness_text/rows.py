"""The general tasks, one row each."""

from __future__ import annotations

import functools

from harness import (
    Classification,
    Data,
    HubData,
    LanguageModelling,
    LastWord,
    Row,
    Tagging,
    Task,
    TextToText,
)
from harness_text import prompts
from harness_text.detokenise import detokenise_wikitext
from harness_text.sentences import lead

ROUGE = tuple(
    f"{name},stem=yes" for name in ("rouge2", "rouge1", "rougeL", "rougeLsum")
)
PERPLEXITY = (
    "bits_per_byte",
    "byte_perplexity",
    "word_perplexity",
    "token_perplexity",
)
ENTITY_TAGS = (
    "O",
    "B-PER",
    "I-PER",
    "B-ORG",
    "I-ORG",
    "B-LOC",
    "I-LOC",
    "B-MISC",
    "I-MISC",
)


def _sample(name: str, split: str, seed: int) -> list[Row]:
    """Make a split's rows; what makes them loads then, and not with the list."""
    from harness_text.sample import make_sample

    return make_sample(name, split, seed)


TASKS: tuple[Task, ...] = (
    Task(
        id="text/imdb",
        title="IMDB",
        summary="is the long film review positive or negative?",
        data=Data(
            hub=HubData(
                path="stanfordnlp/imdb",
                config="plain_text",
                revision="e6281661ce1c48d982bc483cf8a173c1bbeb5d31",
            ),
            folder="text/imdb",
            evaluate="test",
            submit=None,
            id_column=None,
            sample=functools.partial(_sample, "imdb"),
        ),
        problem=Classification(inputs=("text",), labels=("negative", "positive")),
        metrics=("accuracy",),
        prompts=prompts.IMDB,
        source="Maas et al., Learning Word Vectors for Sentiment Analysis (ACL 2011)",
    ),
    Task(
        id="text/perplexity",
        title="Perplexity",
        summary="how probable is any text? name it with --data text:PATH",
        data=Data(
            hub=None,
            folder="text/perplexity",
            evaluate="test",
            submit=None,
            id_column="name",
            sample=functools.partial(_sample, "perplexity"),
        ),
        problem=LanguageModelling(),
        metrics=PERPLEXITY,
        headline=PERPLEXITY[:1],
        source="the units of EleutherAI/lm-evaluation-harness, release 0.4.13",
    ),
    Task(
        id="text/pseudo-perplexity",
        title="Pseudo-perplexity",
        summary="how probable is each token of any text, given all the others?",
        data=Data(
            hub=None,
            folder="text/perplexity",
            evaluate="test",
            submit=None,
            id_column="name",
            sample=functools.partial(_sample, "perplexity"),
        ),
        problem=LanguageModelling(is_pseudo=True),
        metrics=PERPLEXITY,
        headline=PERPLEXITY[:1],
        source="Salazar et al., Masked Language Model Scoring (ACL 2020)",
    ),
    Task(
        id="text/wikitext",
        title="WikiText-2",
        summary="how probable are whole Wikipedia pages?",
        data=Data(
            hub=HubData(
                path="EleutherAI/wikitext_document_level", config="wikitext-2-raw-v1"
            ),
            folder="text/wikitext",
            evaluate="test",
            submit=None,
            id_column=None,
            sample=functools.partial(_sample, "wikitext"),
        ),
        problem=LanguageModelling(text="page", asked=detokenise_wikitext),
        metrics=("word_perplexity", *PERPLEXITY[:2], "token_perplexity"),
        headline=("word_perplexity",),
        source="Merity et al., Pointer Sentinel Mixture Models (ICLR 2017), as "
        "lm_eval/tasks/wikitext of EleutherAI/lm-evaluation-harness, release 0.4.13, "
        "reads and counts it",
    ),
    Task(
        id="text/lambada",
        title="LAMBADA",
        summary="what is the last word of a passage that needs all of it?",
        data=Data(
            hub=HubData(path="EleutherAI/lambada_openai", config="default"),
            folder="text/lambada",
            train=None,
            evaluate="test",
            submit=None,
            id_column=None,
            sample=functools.partial(_sample, "lambada"),
        ),
        problem=LastWord(),
        metrics=("greedy_accuracy", "document_perplexity"),
        headline=("greedy_accuracy",),
        source="Paperno et al., The LAMBADA dataset (ACL 2016), as lambada_openai of "
        "EleutherAI/lm-evaluation-harness, release 0.4.13, asks it",
    ),
    Task(
        id="text/cnn-dailymail",
        title="CNN/DailyMail",
        summary="write the highlights of a news article",
        data=Data(
            hub=HubData(
                path="abisee/cnn_dailymail",
                config="3.0.0",
                revision="96df5e686bee6baa90b8bee7c28b81fa3fa6223d",
            ),
            folder="text/cnn_dailymail",
            evaluate="test",
            submit=None,
            id_column="id",
            sample=functools.partial(_sample, "cnn-dailymail"),
        ),
        problem=TextToText(
            source="article",
            target="highlights",
            simplest=lambda row: lead(str(row["article"]), sentences=3),
        ),
        metrics=ROUGE,
        headline=ROUGE[:1],
        prompts=prompts.CNN_DAILYMAIL,
        source="See et al., Get To The Point (ACL 2017); lead-3 is its baseline",
    ),
    Task(
        id="text/xsum",
        title="XSum",
        summary="say in one sentence what a news article is about",
        data=Data(
            # its main branch holds a script, this one the Hub's own Parquet copy
            hub=HubData(path="EdinburghNLP/xsum", revision="refs/convert/parquet"),
            folder="text/xsum",
            evaluate="test",
            submit=None,
            id_column="id",
            sample=functools.partial(_sample, "xsum"),
        ),
        problem=TextToText(
            source="document",
            target="summary",
            simplest=lambda row: lead(str(row["document"]), sentences=1),
        ),
        metrics=ROUGE,
        headline=ROUGE[:1],
        prompts=prompts.XSUM,
        source="Narayan et al., Don't Give Me the Details, Just the Summary! (EMNLP "
        "2018); the first sentence is its baseline LEAD",
    ),
    Task(
        id="text/conll2003",
        title="CoNLL-2003",
        summary="tag the persons, organisations and places of a sentence",
        data=Data(
            # the data set's own repository holds a script, this copy of it Parquet
            hub=HubData(path="lhoestq/conll2003"),
            folder="text/conll2003",
            evaluate="test",
            submit=None,
            id_column="id",
            sample=functools.partial(_sample, "conll2003"),
        ),
        problem=Tagging(words="tokens", target="ner_tags", tags=ENTITY_TAGS),
        metrics=("entity_f1", "entity_precision", "entity_recall", "tag_accuracy"),
        headline=("entity_f1",),
        source="Tjong Kim Sang and De Meulder, Introduction to the CoNLL-2003 Shared "
        "Task: Language-Independent Named Entity Recognition (CoNLL 2003)",
    ),
)
