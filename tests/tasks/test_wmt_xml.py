"""The XML form of translations: what sacreBLEU's reader makes of it, and what is refused.

The form is that of wmt-conference/wmt-format-tools, whose ``unwrap.py`` sacreBLEU's
reader of test sets is adapted from.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from sacrebleu.dataset.wmt_xml import WMTXMLDataset

from harness import DataError, Example, Prediction
from harness.requests import JsonValue
from harness_wmt.rows import TASKS
from harness_wmt.xml_form import XmlFile

FILE = XmlFile(
    name="wmt23.en-de.hyp.de.xml", dataset="wmttest2023", source="en", target="de"
)


def example(number: int, document: JsonValue, **columns: str) -> Example:
    source = f"Source <{number}> & more"
    row: dict[str, JsonValue] = {"translation": {"en": source, "de": "x"}, **columns}
    return Example(id=str(number), columns={**row, "doc_id": document}, target="x")


EXAMPLES = [example(1, "a&b"), example(2, "a&b"), example(3, 'c"<d>')]
TEXTS = ["Ein \u2028 Haus & <b>Dach</b>", "", "]]> 'so'\t\"ja\" \U0001f600"]


def write(*texts: str | None, examples: list[Example] = EXAMPLES) -> str:
    predictions = [Prediction(id=str(n), value=t) for n, t in enumerate(texts, start=1)]
    return FILE.write(predictions, examples)


def read(text: str, examples: list[Example] = EXAMPLES) -> list[object]:
    return [prediction.value for prediction in FILE.read(text, examples)]


def with_references(text: str) -> io.BytesIO:
    """Add references as the organisers do: sacreBLEU skips segments without."""
    root = ElementTree.fromstring(text)
    for document in root.iter("doc"):
        segments = list(document.iterfind("src/p/seg"))
        reference = ElementTree.SubElement(document, "ref", lang="de", translator="A")
        for segment in segments:
            ElementTree.SubElement(reference, "seg", segment.attrib).text = "Referenz"
    return io.BytesIO(ElementTree.tostring(root))


def test_sacrebleus_reader_finds_what_was_written() -> None:
    fields = WMTXMLDataset._unwrap_wmt21_or_later(with_references(write(*TEXTS)))
    assert fields["MT"] == TEXTS
    assert fields["docid"] == ["a&b", "a&b", 'c"<d>']
    assert fields["src"] == [f"Source <{n}> & more" for n in (1, 2, 3)]


def test_the_source_language_is_the_original_where_the_data_says_nothing() -> None:
    fields = WMTXMLDataset._unwrap_wmt21_or_later(with_references(write(*TEXTS)))
    assert fields["origlang"] == ["en"] * 3


def test_what_the_data_knows_of_a_document_is_written() -> None:
    known = [example(1, "d", original_language="cs", domain="news")]
    text = write("x", examples=known)
    assert '<doc origlang="cs" id="d" domain="news">' in text


def test_the_form_is_that_of_the_official_tool() -> None:
    assert write("Haus", examples=EXAMPLES[:1]) == (
        "<?xml version='1.0' encoding='utf-8'?>\n"
        '<dataset id="wmttest2023">\n'
        '  <doc origlang="en" id="a&amp;b">\n'
        '    <src lang="en">\n'
        "      <p>\n"
        '        <seg id="1">Source &lt;1&gt; &amp; more</seg>\n'
        "      </p>\n"
        "    </src>\n"
        '    <hyp system="MT" language="de">\n'
        "      <p>\n"
        '        <seg id="1">Haus</seg>\n'
        "      </p>\n"
        "    </hyp>\n"
        "  </doc>\n"
        "</dataset>\n"
    )


def test_what_is_written_reads_back() -> None:
    assert read(write(*TEXTS)) == TEXTS


def test_what_xml_cant_hold_becomes_a_space() -> None:
    assert read(write("a\r\nb\x00c", "d\ud800e\uffff", "f\ng")) == [
        "a b c",
        "d e ",
        "f g",
    ]


def test_segments_are_found_in_any_order() -> None:
    assert read(write("1", "2", "3"), EXAMPLES[::-1][:1] + EXAMPLES[:2]) == [
        *("3", "1", "2")
    ]


def test_plain_lines_are_read_too() -> None:
    assert read("eins\nzwei\n<drei>\n") == ["eins", "zwei", "<drei>"]


def test_test_suites_are_left_aside() -> None:
    suite = '<doc id="t" testsuite="x"><hyp system="S"><seg id="1">y</seg></hyp></doc>'
    text = write(*TEXTS).replace("</dataset>", f"{suite}</dataset>")
    assert read(text) == TEXTS


def replaced(old: str, new: str) -> str:
    text = write("eins", "zwei", "drei")
    assert old in text
    return text.replace(old, new)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            replaced('<seg id="2">zwei</seg>', ""),
            "has no translation of segment 2 of document 'a&b', expected all 3 segments"
            ": add it",
        ),
        (
            replaced('<seg id="2">zwei', '<seg id="7">zu viel</seg><seg id="2">zwei'),
            "has a translation of segment 7 of document 'a&b', which the data does not "
            "have: remove it, or score it on the data that it was made of",
        ),
        (
            replaced('<seg id="2">zwei', '<seg id="1">zwei'),
            "has segment 1 of document 'a&b' twice, expected it once",
        ),
        (
            replaced('<seg id="2">zwei', '<seg id="b">zwei'),
            "segment 'b' of document 'a&b', expected a document with an id and segments "
            "numbered from 1: correct it",
        ),
        (
            replaced("</hyp>", '</hyp><hyp system="B" />'),
            "document 'a&b' has 2 hyp elements, of 2 systems up to there, expected one "
            "of one system: leave the others out",
        ),
        (
            replaced('language="de"', 'language="fr"'),
            "document 'a&b' is translated into 'fr', expected 'de': score it as another "
            "task",
        ),
        (
            replaced("</dataset>", ""),
            "is no XML (no element found: line 30, column 0): correct it",
        ),
        (
            '<?xml version="1.0"?>\n<corpus />',
            "holds the element 'corpus', expected 'dataset': wrap the translations as "
            "wmt-format-tools does",
        ),
        (
            '<?xml version="1.0"?>\n<!DOCTYPE dataset [<!ENTITY a "b">]>\n<dataset />',
            "line 2: a document type declaration, expected none, as entities are not "
            "read: remove it",
        ),
    ],
)
def test_what_is_no_submission_is_refused(text: str, message: str) -> None:
    with pytest.raises(DataError) as error:
        FILE.read(text, EXAMPLES)
    assert str(error.value).startswith(FILE.name)
    assert str(error.value).endswith(message)


@pytest.mark.parametrize("document", [None, "", 7])
def test_data_without_document_ids_is_refused(document: JsonValue) -> None:
    with pytest.raises(DataError) as error:
        write("x", examples=[example(1, document)])
    assert str(error.value) == (
        "wmt23.en-de.hyp.de.xml needs document ids, and example '1' has none: use data "
        "with the column doc_id, such as --data sacrebleu"
    )


def test_a_document_in_two_parts_is_refused() -> None:
    parts = [example(1, "a"), example(2, "b"), example(3, "a")]
    with pytest.raises(
        DataError, match=r"'a' goes on at example '3' after another, ex"
    ):
        write("x", "y", "z", examples=parts)


def test_a_missing_translation_is_refused() -> None:
    with pytest.raises(DataError, match=r"prediction for '2' is None, expected a tran"):
        write("a", None, "b")


def test_years_from_2021_on_hand_in_xml() -> None:
    files = {task.id: task.submission for task in TASKS}
    assert isinstance(files["wmt/wmt21/en-de"], XmlFile)
    assert {
        task_id.split("/")[1]
        for task_id, file in files.items()
        if isinstance(file, XmlFile)
    } == {"wmt21", "wmt22", "wmt23", "wmt24"}


def test_the_data_sets_are_called_as_the_organisers_call_them() -> None:
    # the names of their files, as sacreBLEU's table has them
    from sacrebleu.dataset import DATASETS

    for task in TASKS:
        if isinstance(task.submission, XmlFile):
            _, year, pair = task.id.split("/")
            file = DATASETS[year].langpairs[pair]
            path = file["path"] if isinstance(file, dict) else file[0]
            assert path.rpartition("/")[2].startswith(f"{task.submission.dataset}.")


def test_a_run_on_the_sample_is_submitted_and_scored(
    run_command: Callable[..., Any], tmp_path: Path
) -> None:
    store, out = str(tmp_path / "s.sqlite"), tmp_path / "out"
    words = ("--task", "wmt/wmt23/en-de", "--data", "sample", "--store", store)
    run = run_command("run", "--model", "oracle:", *words)
    assert run.code == 0
    run_command("submit", "wmt", "--store", store, "--out", str(out))
    file = out / "wmt-oracle" / "wmt23.en-de.hyp.de.xml"
    scored = run_command("score", words[1], str(file), "--data", "sample")
    assert "read as official" in scored.out
    assert [line.split()[1] for line in scored.out.splitlines() if "bleu|" in line] == [
        "100.00"
    ]
