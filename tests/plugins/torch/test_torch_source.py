"""Checkpoints are found in folders or on the Hub, and what is not there is named."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness import CheckpointError
from harness_torch.opening import TOKENIZERS
from harness_torch.source import NEEDED_FILES, find_checkpoint, read_json

FETCH = """
from harness.errors import CheckpointError
from harness_torch.source import find_checkpoint
try:
    find_checkpoint("nobody/nothing", revision="v1")
except CheckpointError as error:
    print(error)
"""


def test_a_folder_is_itself(tmp_path: Path) -> None:
    assert find_checkpoint(str(tmp_path)) == tmp_path


@pytest.mark.parametrize("name", ["./missing", "/missing/folder", "~/missing", "a/b/c"])
def test_a_missing_folder_is_named_without_asking_the_hub(name: str) -> None:
    with pytest.raises(CheckpointError, match=f"no checkpoint folder '{name}'"):
        find_checkpoint(name)


def test_a_file_is_refused_with_the_way_to_convert_it(tmp_path: Path) -> None:
    (tmp_path / "x.gguf").touch()
    with pytest.raises(
        CheckpointError, match=r"is a file, .* 'harness convert .*x\.gguf"
    ):
        find_checkpoint(str(tmp_path / "x.gguf"))


def test_of_another_file_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").touch()
    with pytest.raises(
        CheckpointError, match=f"name the folder that holds it, {tmp_path}"
    ):
        find_checkpoint(str(tmp_path / "config.json"))


def test_only_safe_files_are_fetched() -> None:
    assert not any(name.endswith((".bin", ".py", ".pt")) for name in NEEDED_FILES)


def test_every_tokenizer_file_is_fetched() -> None:
    assert set(TOKENIZERS) <= set(NEEDED_FILES)


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [{"HF_HUB_OFFLINE": "1"}, {"HF_ENDPOINT": "http://127.0.0.1:9"}],
    ids=["offline", "unreachable"],
)
def test_a_hub_that_does_not_answer_is_one_line(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    environment = {**os.environ, "HF_HOME": str(tmp_path), **settings}
    done = subprocess.run(
        [sys.executable, "-c", FETCH], env=environment, capture_output=True, text=True
    )
    (line,) = done.stdout.splitlines()
    assert line.startswith("the Hub does not serve 'nobody/nothing' at revision 'v1' (")
    assert line.endswith("check the id and the connection, or give a folder")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "has no config.json"),
        ("{", "can't be read as JSON"),
        ("[]", "holds a list, expected a JSON object"),
    ],
)
def test_a_config_that_is_no_object_is_refused(
    tmp_path: Path, content: str | None, message: str
) -> None:
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    with pytest.raises(CheckpointError, match=message):
        read_json(tmp_path / "config.json")
