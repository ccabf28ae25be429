"""Take comments out of code, as CodeBLEU does before it parses.

Source: `remove_comments_and_docstrings` in CodeBLEU/parser/utils.py beside the
evaluator of code-to-code-trans in microsoft/CodeXGLUE at commit
ac74a62802a0dd159b3258c78a2df8ad36cdf2b9. Its callers ask for Java's rules whatever the
language, so that Python's docstrings and ``#`` comments stay and its ``//`` cuts lines.
"""

from __future__ import annotations

import re

_COMMENT_OR_QUOTED = re.compile(
    r"""(?P<comment>//.*?$|/\*.*?\*/)|'(?:\\.|[^\\'])*'|"(?:\\.|[^\\"])*\"""",
    re.DOTALL | re.MULTILINE,
)


def remove_comments(code: str) -> str:
    """Replace every comment by a space, then drop lines of white space."""
    plain = _COMMENT_OR_QUOTED.sub(_without_comment, code)
    return "\n".join(line for line in plain.split("\n") if line.strip())


def _without_comment(found: re.Match[str]) -> str:
    return " " if found["comment"] is not None else found[0]
