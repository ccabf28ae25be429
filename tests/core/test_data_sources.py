"""From what stands behind --data to a source, and the built-in sample."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from harness import Classification, Data, DataError, Task, UsageError, builtin
from harness.data import load_split, open_source
from harness.data.folder import FolderSource
from harness.data.hub import HubSource
from harness.data.sample import SampleSource
from harness.task import Row

ENTRIES = {entry.name: entry for entry in builtin.harness_data_sources()}


def make_rows(split: str, seed: int) -> Sequence[Row]:
    if split == "test":
        return []
    return [{"idx": i, "text": f"{split} {seed} {i}", "label": i % 2} for i in range(4)]


def task(*, has_sample: bool = True) -> Task:
    return Task(
        id="my/texts",
        title="",
        summary="",
        data=Data(hub=None, folder="", sample=make_rows if has_sample else None),
        problem=Classification(inputs=("text",), labels=("a", "b")),
        metrics=("accuracy",),
    )


def test_three_sources_come_with_the_core() -> None:
    assert list(ENTRIES) == ["hub", "folder", "sample"]


def test_hub_can_be_named_with_a_revision() -> None:
    source = open_source("hub:v1.0", ENTRIES)
    assert isinstance(source, HubSource)
    assert source.revision == "v1.0"


def test_sample_serves_the_rows_that_the_task_makes_up() -> None:
    split = load_split(task(), open_source("sample:7", ENTRIES), "train")
    assert next(iter(split)).columns["text"] == "train 7 0"


def test_sample_says_that_it_is_one() -> None:
    split = load_split(task(), open_source("sample:7", ENTRIES), "train")
    assert (split.origin, split.is_sample) == ("built-in sample, seed 7", True)


def test_seed_of_the_sample_is_one_by_default() -> None:
    assert open_source("sample", ENTRIES) == SampleSource(seed=1)


def test_task_without_a_sample_is_refused() -> None:
    with pytest.raises(DataError, match=r"^my/texts has no built-in sample: name a fo"):
        load_split(task(has_sample=False), SampleSource(seed=1), "train")


def test_split_that_the_sample_does_not_have_is_refused() -> None:
    with pytest.raises(DataError, match=r"^the built-in sample of my/texts has no spl"):
        load_split(task(), SampleSource(seed=1), "test")


def test_seed_that_is_no_number_is_refused() -> None:
    with pytest.raises(UsageError, match=r"^the sample has no seed 'two', expected a"):
        open_source("sample:two", ENTRIES)


@pytest.mark.parametrize("text", ["folder:{}", "{}", "{}/../data"])
def test_folder_can_be_named_with_and_without_its_source(
    tmp_path: Path, text: str
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    source = open_source(text.format(folder), ENTRIES)
    assert isinstance(source, FolderSource)
    assert source.root.samefile(folder)


def test_plain_name_is_a_folder_where_one_exists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mydata").mkdir()
    assert open_source("mydata", ENTRIES) == FolderSource(root=Path("mydata"))


def test_source_comes_before_a_folder_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sample").mkdir()
    assert isinstance(open_source("sample", ENTRIES), SampleSource)


@pytest.mark.parametrize("text", ["./none", "some/where", "~/none-such-folder"])
def test_path_that_does_not_exist_is_refused_as_a_folder(text: str) -> None:
    with pytest.raises(DataError, match=r"^there is no folder "):
        open_source(text, ENTRIES)


def test_unknown_source_lists_nearest_names() -> None:
    with pytest.raises(
        UsageError,
        match=r"^unknown data source 'sampel': did you mean sample\? 'harness list data' "
        r"shows all, or name a folder that exists$",
    ):
        open_source("sampel:1", ENTRIES)
