"""Test sets from sacreBLEU's own folder, which a variable of the environment names."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness import MissingDataError
from harness_wmt.rows import TASKS
from harness_wmt.sacrebleu_source import SACREBLEU

BY_ID = {task.id: task for task in TASKS}
READ = """
import json, sys
from harness.data import load_split
from harness.errors import DataError
from harness_wmt.rows import TASKS
from harness_wmt.sacrebleu_source import SACREBLEU
(task,) = [task for task in TASKS if task.id == sys.argv[1]]
try:
    split = load_split(task, SACREBLEU.open(sys.argv[2]), "test")
    print(json.dumps([split.origin, [[dict(e.columns), e.target] for e in split]]))
except DataError as error:
    print(error)
"""
NOWHERE = "http://127.0.0.1:9"


def _read(home: Path, task: str, variant: str = "") -> str:
    """Read in a process of its own: sacreBLEU looks for its folder when imported."""
    proxies = {"http_proxy": NOWHERE, "https_proxy": NOWHERE}
    done = subprocess.run(
        [sys.executable, "-c", READ, task, variant],
        env={**os.environ, **proxies, "SACREBLEU": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def _prepare(home: Path, name: str, **files: str) -> None:
    folder = home / name
    folder.mkdir(parents=True)
    for field, text in files.items():
        stem = name.replace("/", "_")
        (folder / f"{stem}.de-en.{field}").write_text(text, encoding="utf-8")


@pytest.mark.slow
def test_prepared_folder_is_read_with_documents(tmp_path: Path) -> None:
    _prepare(
        tmp_path,
        "wmt14",
        src="gut\nschlecht\n",
        ref="good\nbad\n",
        docid="a\na\n",
        genre="news\nnews\n",
        origlang="de\nen\n",
    )
    found = _read(tmp_path, "wmt/wmt14/de-en")
    assert found.startswith('["sacreBLEU wmt14 de-en", [[{"translation": {"de": "gut"')
    assert '"doc_id": "a", "original_language": "en"}, ["bad"]]]]' in found


@pytest.mark.slow
def test_files_of_different_length_are_refused(tmp_path: Path) -> None:
    files = {"docid": "a\n", "genre": "n\n", "origlang": "de\n"}
    _prepare(tmp_path, "wmt14/full", src="gut\nso\n", ref="good\n", **files)
    found = _read(tmp_path, "wmt/wmt14/de-en", "full")
    assert "wmt14/full de-en differ in length (wmt14_full.de-en.src 2, " in found


@pytest.mark.slow
def test_set_that_is_not_there_says_so_offline(tmp_path: Path) -> None:
    found = _read(tmp_path, "wmt/wmt13/de-en")
    assert found.startswith("the test set wmt13 de-en is not in sacreBLEU's folder and")
    assert found.endswith("set SACREBLEU to a folder that has it, or use --data DIR")


@pytest.mark.parametrize(("variant", "split"), [("", "train"), ("nothing", "test")])
def test_sacrebleu_has_test_sets_of_known_names_only(variant: str, split: str) -> None:
    source = SACREBLEU.open(variant)
    with pytest.raises(
        MissingDataError, match=r"sacreBLEU has no data of wmt/wmt14/de"
    ):
        source.table(BY_ID["wmt/wmt14/de-en"], split)
