"""WikiText as it was before it was tokenised, as lm-evaluation-harness puts it back.

Every rule, and the order of the rules, is that of `wikitext_detokenizer` in
lm_eval/tasks/wikitext/preprocess_wikitext.py, release 0.4.13: likelihoods can be
compared only if every character is the same. That holds for its slip too: the second
rule looks for slashes and writes its own pattern.
"""

from __future__ import annotations

import re
from functools import reduce

from harness import Row

_PLAIN: tuple[tuple[str, str], ...] = (
    (" @-@ ", "-"),
    (" @,@ ", ","),
    (" @.@ ", "."),
    *((f" {mark} ", f"{mark} ") for mark in ":;.!?,"),
)
_ENCLOSED = tuple(
    (re.compile(rf"{opening}\s*([^{closing}]*?)\s*{closing}"), shown)
    for opening, closing, shown in (
        (r"\(", r"\)", r"(\1)"),
        (r"\[", r"\]", r"[\1]"),
        (r"{", r"}", r"{\1}"),
        (r"\"", r"\"", r'"\1"'),
        ("'", "'", r"'\1'"),
    )
)
_LAST: tuple[tuple[str, str], ...] = (
    ("= = = =", "===="),
    ("= = =", "==="),
    ("= =", "=="),
    (" ° ", "°"),
    (" \n", "\n"),
    ("\n ", "\n"),
    (" N ", " 1 "),
    (" 's", "'s"),
)


def detokenise_wikitext(row: Row) -> str:
    """Return the text that a model reads of a page."""
    text = str(row["page"]).replace("s '", "s'")
    text = _replace(re.sub(r"/' [0-9]/", "/'[0-9]/", text), _PLAIN)
    for pattern, shown in _ENCLOSED:
        text = pattern.sub(shown, text)
    return _replace(text, _LAST)


def _replace(text: str, pairs: tuple[tuple[str, str], ...]) -> str:
    return reduce(lambda done, pair: done.replace(*pair), pairs, text)
