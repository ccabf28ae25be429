"""Plain text as data: files, folders, and a second path to learn from."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import DataError, MissingDataError, UsageError
from harness.api import run
from harness.data import load_split
from harness_text.rows import TASKS
from harness_text.text_source import TEXT

PERPLEXITY, WIKITEXT, IMDB = (
    next(task for task in TASKS if task.id == f"text/{name}")
    for name in ("perplexity", "wikitext", "imdb")
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "part").mkdir()
    (tmp_path / "b.txt").write_bytes("zwei\r\nZeilen é".encode())
    (tmp_path / "part" / "a.txt").write_text("eins")
    (tmp_path / "notes.md").write_text("no text")
    return tmp_path


def test_a_folder_has_a_document_a_file(folder: Path) -> None:
    examples = list(load_split(PERPLEXITY, TEXT.open(str(folder)), "test"))
    assert [(e.id, e.target) for e in examples] == [
        ("b.txt", "zwei\r\nZeilen é"),
        ("part/a.txt", "eins"),
    ]


def test_a_file_is_one_document_whatever_its_name(folder: Path) -> None:
    source = TEXT.open(str(folder / "notes.md"))
    (example,) = load_split(PERPLEXITY, source, "test")
    assert (example.id, example.target) == ("notes.md", "no text")


def test_it_serves_any_task_over_texts(folder: Path) -> None:
    first, _ = load_split(WIKITEXT, TEXT.open(str(folder)), "test")
    assert first.columns["page"] == "zwei\r\nZeilen é"


def test_the_second_path_is_to_learn_from(folder: Path) -> None:
    source = TEXT.open(f"{folder / 'b.txt'},train={folder / 'part'}")
    (example,) = load_split(PERPLEXITY, source, "train")
    assert example.target == "eins"


def test_without_a_second_path_nothing_can_be_learnt(folder: Path) -> None:
    with pytest.raises(MissingDataError) as error:
        TEXT.open(str(folder)).table(PERPLEXITY, "train")
    assert str(error.value) == (
        "there is no training text for text/perplexity, expected a second path: write "
        f"--data text:{folder},train=PATH"
    )


def test_another_task_is_refused(folder: Path) -> None:
    with pytest.raises(MissingDataError) as error:
        TEXT.open(str(folder)).table(IMDB, "test")
    assert str(error.value) == (
        "the data source 'text' serves plain texts, and text/imdb needs text: ask for "
        "a perplexity task such as text/perplexity, or name other data"
    )


@pytest.mark.parametrize("argument", ["", ",train=a", "a,train="])
def test_a_missing_path_is_refused(argument: str) -> None:
    with pytest.raises(UsageError, match="expected the path of a file or folder: wri"):
        TEXT.open(argument)


def test_a_path_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError) as error:
        TEXT.open(str(tmp_path / "x"))
    assert str(error.value) == (
        f"there is no file or folder {tmp_path / 'x'}, expected text: correct --data"
    )


def test_a_folder_without_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"has no file that ends in \.txt, expe"):
        TEXT.open(str(tmp_path)).table(PERPLEXITY, "test")


def test_what_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xff")
    with pytest.raises(
        DataError, match=r"a\.txt can't be read as UTF-8 .*: convert it"
    ):
        list(load_split(PERPLEXITY, TEXT.open(str(tmp_path)), "test"))


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_a_file_without_words_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(DataError, match=r"a\.txt has no words, expected a text: leave"):
        list(load_split(PERPLEXITY, TEXT.open(str(tmp_path)), "test"))


def test_one_text_is_learnt_and_another_measured(folder: Path) -> None:
    results = run(
        ["ngram:", "majority:", "oracle:"],
        ["text/perplexity"],
        data=f"text:{folder / 'b.txt'},train={folder}",
        store=str(folder / "store.sqlite"),
    )
    scores = {cell.model: cell.score for cell in results.cells}
    assert scores["majority:"] == pytest.approx(8.0)
    assert (scores["ngram:"] or 9.0) < 8.0
    (refused,) = [c for c in results.cells if c.status == "blocked"]
    assert "a text has no right likelihood" in (refused.reason or "")
