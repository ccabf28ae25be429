"""Plain text of a data source, for what learns from text alone."""

from __future__ import annotations

from typing import NamedTuple

from harness.data.source import DataSource
from harness.data.split import load_split
from harness.problems import LanguageModelling
from harness.task import Data, Task, pick

_TEXT = LanguageModelling()
_PLAIN = Task(
    id="plain/text",
    title="Plain text",
    summary="text to learn from",
    data=Data(
        hub=None,
        folder=".",
        train=None,
        evaluate="train",
        submit=None,
        id_column=None,
    ),
    problem=_TEXT,
    metrics=("bits_per_byte",),
)


class Texts(NamedTuple):
    """Documents, with the hash of their content and where they come from."""

    documents: list[str]
    content_hash: str
    origin: str


def read_texts(source: DataSource) -> Texts:
    """Read all texts of a source, such as ``text:PATH``.

    A folder of data serves its training split's column ``text``.

    Raises:
        DataError: the source has none, or they can't be read.
    """
    split = load_split(_PLAIN, source, _PLAIN.data.evaluate)
    documents = [str(pick(example.columns, _TEXT.text)) for example in split]
    return Texts(documents, split.content_hash, split.origin)
