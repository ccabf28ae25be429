"""The text form of translations: a line a segment."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import DataError, Example, Prediction
from harness.cli import main
from harness_wmt.submission import TextFile

FILE = TextFile(name="wmt23.en-de.hyp.de")
EXAMPLES = [Example(id=str(n), columns={}, target="x") for n in (1, 2)]


def _write(*texts: str | None) -> str:
    predictions = [Prediction(id=str(n), value=t) for n, t in enumerate(texts, start=1)]
    return FILE.write(predictions, EXAMPLES)


def test_every_translation_has_a_line() -> None:
    assert _write("Das ist gut.", "") == "Das ist gut.\n\n"


def test_what_is_written_reads_back() -> None:
    texts = ["Ein Haus\u2028mit\x0bDach", ""]
    assert [p.value for p in FILE.read(_write(*texts), EXAMPLES)] == texts


def test_line_breaks_become_spaces() -> None:
    assert _write("a\nb\r\nc\rd", "e") == "a b c d\ne\n"


def test_missing_translation_is_refused() -> None:
    with pytest.raises(DataError, match=r"prediction for '2' is None, expected a tran"):
        _write("a", None)


def test_wrong_number_of_lines_is_refused() -> None:
    with pytest.raises(DataError, match=r"has 3 lines, expected 2, one a segment"):
        FILE.read("a\nb\nc\n", EXAMPLES)


def test_last_line_needs_no_end() -> None:
    assert [p.value for p in FILE.read("a\r\nb", EXAMPLES)] == ["a", "b"]


def test_the_scores_of_a_file_say_which_are_better_when_low(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "p.txt").write_text("x\n" * 100)
    words = ["score", "wmt/wmt23/en-de", str(tmp_path / "p.txt"), "--data", "sample"]
    monkeypatch.setattr("sys.argv", ["harness", *words])
    with pytest.raises(SystemExit):
        main()
    marked = [w for w in capsys.readouterr().out.splitlines() if "lower is" in w]
    assert [line.partition(" ")[0] for line in marked] == ["ter"]
