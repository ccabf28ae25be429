"""The official XML form of a system's output, from 2021 on.

As wmt-conference/wmt-format-tools has it (``wrap.py`` and ``schema/wmt-schema.rnc``): a
``dataset`` of documents, each with its source and, in ``hyp``, what one system made of
it; segments are numbered within their document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from harness import DataError, Example, Prediction
from harness_wmt.submission import TextFile, translation_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

SYSTEM = "MT"
"""What the official tool calls a system that nobody has named."""
_NOT_IN_XML = re.compile("\r\n|[^\t\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_START = re.compile(r"\ufeff?\s*<(\?xml|dataset)\b")


class Place(NamedTuple):
    """Where a segment stands: its document, and its number there from 1."""

    document: str
    segment: int

    def __str__(self) -> str:
        return f"segment {self.segment} of document {self.document!r}"


@dataclass(frozen=True, slots=True, kw_only=True)
class XmlFile:
    """One pair's translations as XML; plain text with a line a segment is read too.

    What XML 1.0 can't hold, and line breaks, become spaces. The system is called
    ``MT``: name it in the attribute ``system`` before handing it in.

    Attributes:
        name: the file's name, such as ``wmt23.en-de.hyp.de.xml``.
        dataset: the organisers' name of the test set, such as ``wmttest2023``.
        source: the source language.
        target: the target language.
    """

    name: str
    dataset: str
    source: str
    target: str

    def write(
        self, predictions: Sequence[Prediction], examples: Sequence[Example]
    ) -> str:
        """Return the documents with their translations.

        Raises:
            DataError: a prediction is no text, or an example has no document id.
        """
        from xml.etree.ElementTree import Element, indent, tostring

        root = Element("dataset", id=self.dataset)
        segments = zip(self._places(examples), predictions, examples, strict=True)
        for _, group in groupby(segments, key=lambda segment: segment[0].document):
            own = list(group)
            document = _document(root, own[0][2], own[0][0].document, self.source)
            sources = [_source(example, self.source) for *_, example in own]
            _segments(document, "src", sources, lang=self.source)
            texts = [translation_of(p, e, self.name) for _, p, e in own]
            _segments(document, "hyp", texts, system=SYSTEM, language=self.target)
        indent(root)
        body = tostring(root, encoding="unicode")
        return f"<?xml version='1.0' encoding='utf-8'?>\n{body}\n"

    def read(self, text: str, examples: Sequence[Example]) -> list[Prediction]:
        """Return one prediction a segment, in the order of the examples.

        Raises:
            DataError: the file is no such XML, has other documents or segments than
                the data or several systems, or the data has no document ids.
        """
        if not _START.match(text):
            return TextFile(name=self.name).read(text, examples)
        found = self._translations(_parse(text.removeprefix("\ufeff"), self.name))
        places = self._places(examples)
        missing = next((place for place in places if place not in found), None)
        if missing is not None:
            raise DataError(
                f"{self.name} has no translation of {missing}, expected all "
                f"{len(places)} segments: add it"
            )
        unknown = next(iter(found.keys() - set(places)), None)
        if unknown is not None:
            raise DataError(
                f"{self.name} has a translation of {unknown}, which the data does not "
                "have: remove it, or score it on the data that it was made of"
            )
        return [
            Prediction(id=example.id, value=found[place])
            for example, place in zip(examples, places, strict=True)
        ]

    def _places(self, examples: Sequence[Example]) -> list[Place]:
        """Return where each example stands.

        Raises:
            DataError: one has no document id, or a document is interrupted.
        """
        counts: dict[str, int] = {}
        places: list[Place] = []
        for example in examples:
            document = example.columns.get("doc_id")
            if not isinstance(document, str) or not document:
                raise DataError(
                    f"{self.name} needs document ids, and example {example.id!r} has "
                    "none: use data with the column doc_id, such as --data sacrebleu"
                )
            document = _clean(document)
            if document in counts and places[-1].document != document:
                raise DataError(
                    f"{self.name}: document {document!r} goes on at example "
                    f"{example.id!r} after another, expected its segments together: "
                    "correct the data"
                )
            counts[document] = counts.get(document, 0) + 1
            places.append(Place(document, counts[document]))
        return places

    def _translations(self, root: Element) -> dict[Place, str]:
        """Return what the one system of a file made of each segment."""
        found: dict[Place, str] = {}
        systems: set[str] = set()
        for document in root.iter("doc"):
            if "testsuite" in document.attrib:  # no part of the test set
                continue
            hypotheses = list(document.iter("hyp"))
            systems |= {one.get("system", "") for one in hypotheses}
            if len(systems) > 1 or len(hypotheses) != 1:
                raise DataError(
                    f"{self.name}: document {document.get('id')!r} has "
                    f"{len(hypotheses)} hyp elements, of {len(systems)} systems up to "
                    "there, expected one of one system: leave the others out"
                )
            self._check_language(document, hypotheses[0])
            for place, text in self._segments_of(document, hypotheses[0]):
                if place in found:
                    raise DataError(f"{self.name} has {place} twice, expected it once")
                found[place] = text
        return found

    def _check_language(self, document: Element, hypothesis: Element) -> None:
        # the official tool writes `language`, its schema says `lang`
        language = hypothesis.get("language") or hypothesis.get("lang") or self.target
        if language != self.target:
            raise DataError(
                f"{self.name}: document {document.get('id')!r} is translated into "
                f"{language!r}, expected {self.target!r}: score it as another task"
            )

    def _segments_of(
        self, document: Element, hypothesis: Element
    ) -> Iterator[tuple[Place, str]]:
        for segment in hypothesis.iter("seg"):
            number, name = segment.get("id", ""), document.get("id")
            if name is None or not number.isdecimal():
                raise DataError(
                    f"{self.name}: segment {number!r} of document {name!r}, expected a "
                    "document with an id and segments numbered from 1: correct it"
                )
            yield Place(name, int(number)), "".join(segment.itertext())


def _source(example: Example, language: str) -> str:
    translation = example.columns.get("translation")
    text = translation.get(language) if isinstance(translation, dict) else None
    return text if isinstance(text, str) else ""


def _document(root: Element, first: Example, name: str, source: str) -> Element:
    """Add a document; these test sets have sources in their first language alone."""
    from xml.etree.ElementTree import SubElement

    facts: Mapping[str, object] = first.columns
    language = facts.get("original_language") or source
    document = SubElement(root, "doc", origlang=str(language), id=name)
    if facts.get("domain"):
        document.set("domain", _clean(str(facts["domain"])))
    return document


def _segments(
    document: Element, name: str, texts: Sequence[str], **attributes: str
) -> None:
    from xml.etree.ElementTree import SubElement

    paragraph = SubElement(SubElement(document, name, attributes), "p")
    for number, text in enumerate(texts, start=1):
        SubElement(paragraph, "seg", id=str(number)).text = _clean(text)


def _clean(text: str) -> str:
    return _NOT_IN_XML.sub(" ", text)


def _parse(text: str, name: str) -> Element:
    """Return the root; a file that declares entities could be made to swell.

    Raises:
        DataError: it is no XML, no data set, or has a document type declaration.
    """
    from xml.etree.ElementTree import TreeBuilder
    from xml.parsers import expat

    builder, parser = TreeBuilder(), expat.ParserCreate("utf-8")

    def refuse(*_: object) -> None:
        raise DataError(
            f"{name}, line {parser.CurrentLineNumber}: a document type declaration, "
            "expected none, as entities are not read: remove it"
        )

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(text.encode(), True)
    except expat.ExpatError as error:
        raise DataError(f"{name} is no XML ({error}): correct it") from error
    root = builder.close()
    if root.tag != "dataset":
        raise DataError(
            f"{name} holds the element {root.tag!r}, expected 'dataset': wrap the "
            "translations as wmt-format-tools does"
        )
    return root
