"""Samples of the general tasks, by the task's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness import Row
from harness_text.sample_entities import make_entities
from harness_text.sample_news import make_brief, make_story
from harness_text.sample_prose import make_pages, make_passages, make_prose
from harness_text.sample_reviews import make_reviews

_MAKERS: Mapping[str, Callable[[str, int], list[Row]]] = {
    "imdb": make_reviews,
    "perplexity": make_prose,
    "wikitext": make_pages,
    "lambada": make_passages,
    "cnn-dailymail": make_story,
    "xsum": make_brief,
    "conll2003": make_entities,
}


def make_sample(name: str, split: str, seed: int) -> list[Row]:
    """Make the rows of a split; the same seed gives the same rows."""
    return _MAKERS[name](split, seed)
