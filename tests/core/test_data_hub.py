"""Data sets from the Hub, read by the real client from a server on the loopback."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness import Classification, Data, DataError, Task
from harness.data import load_split
from harness.data.folder import open_folder
from harness.data.hub import HubSource, open_hub

HERE = Path(__file__).parent
COMMIT = "0123456789abcdef0123456789abcdef01234567"
OTHER = "f" * 40
INSTEAD = "name a folder with --data DIR, or use --data sample"
README = """---
configs:
- config_name: alpha
  data_files:
  - split: train
    path: alpha/train-*
  - split: validation
    path: alpha/validation-*
- config_name: beta
  data_files:
  - split: train
    path: beta/train-*
---
"""
Case = tuple[str | None, ...]
ALPHA: Case = ("my/pairs", "alpha", COMMIT, "validation")


@dataclass(frozen=True)
class Outcome:
    code: int
    read: list[dict[str, object]]
    errors: list[str]
    seconds: float


@dataclass(frozen=True)
class Client:
    """Reads cases in a new process, with a cache and an endpoint."""

    folder: Path
    endpoint: str

    def read(self, *cases: Case, **environment: str) -> Outcome:
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, HERE / "hub_client.py"],
            input=json.dumps(cases),
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            env={**self.environment(), **environment},
        )
        return Outcome(
            code=done.returncode,
            read=[json.loads(line) for line in done.stdout.splitlines()],
            errors=done.stderr.splitlines(),
            seconds=time.monotonic() - started,
        )

    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("HF_")}
        return {
            **kept,
            "HF_ENDPOINT": self.endpoint,
            "HF_HOME": str(self.folder / "home"),
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_UPDATE_DOWNLOAD_COUNTS": "0",  # else it asks a server of its own
            "NO_PROXY": "127.0.0.1",
        }


def write_rows(path: Path, name: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    columns = {
        "left": [f"{name} {i}" for i in range(4)],
        "right": ["w", "x", "y", "z"],
        "label": pa.array([0, 1, 1, 0], pa.int64()),
        "idx": pa.array([3, 5, 6, 9], pa.int32()),
    }
    pq.write_table(pa.table(columns), path)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the folder that the server serves."""
    root = tmp_path_factory.mktemp("served")
    pairs = root / "my/pairs" / COMMIT
    for name in ("alpha/train", "alpha/validation", "beta/train"):
        write_rows(pairs / f"{name}-00000-of-00001.parquet", name)
    (pairs / "README.md").write_text(README)
    for name, file in [
        ("script", "script.py"),
        ("none", "a.bin"),
        ("bad", "train.csv"),
    ]:
        (root / "my" / name / COMMIT).mkdir(parents=True)
        (root / "my" / name / COMMIT / file).write_bytes(b"\xff\x00")
    return root


@pytest.fixture(scope="module")
def endpoint(served: Path) -> Iterator[str]:
    command = [sys.executable, str(HERE / "loopback_hub.py"), str(served)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.communicate()


@pytest.fixture(scope="module")
def client(endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Client:
    return Client(folder=tmp_path_factory.mktemp("client"), endpoint=endpoint)


@pytest.fixture(scope="module")
def first(client: Client) -> Outcome:
    """Read both configurations for the first time, which fills the cache."""
    return client.read(ALPHA, ("my/pairs", "beta", None, "train"))


@pytest.mark.slow
def test_pinned_split_is_read_with_its_ids_and_labels(first: Outcome) -> None:
    assert first.read[0]["ids"] == ["3", "5", "6", "9"]
    assert first.read[0]["targets"] == ["no", "yes", "yes", "no"]


@pytest.mark.slow
def test_origin_names_data_set_configuration_split_and_commit(first: Outcome) -> None:
    assert first.read[0]["origin"] == f"my/pairs alpha validation at {COMMIT}"


@pytest.mark.slow
def test_configurations_are_told_apart(first: Outcome) -> None:
    lefts = [str(read["lefts"]) for read in first.read]
    assert "alpha/validation 0" in lefts[0]
    assert "beta/train 0" in lefts[1]


@pytest.mark.slow
def test_revision_that_is_not_pinned_is_resolved_to_its_commit(first: Outcome) -> None:
    assert first.read[1]["origin"] == f"my/pairs beta train at {COMMIT}"


@pytest.mark.slow
def test_reading_says_nothing_but_the_result(first: Outcome) -> None:
    assert (first.code, first.errors) == (0, [])


@pytest.mark.slow
def test_content_hash_is_that_of_the_same_rows_in_a_folder(
    first: Outcome, served: Path, tmp_path: Path
) -> None:
    source = served / "my/pairs" / COMMIT / "alpha/validation-00000-of-00001.parquet"
    (tmp_path / "pairs").mkdir()
    (tmp_path / "pairs/validation.parquet").write_bytes(source.read_bytes())
    split = load_split(a_task(), open_folder(str(tmp_path)), "validation")
    assert first.read[0]["content_hash"] == split.content_hash


@pytest.mark.slow
@pytest.mark.usefixtures("first")
def test_pinned_commit_in_the_cache_is_read_without_a_request(
    client: Client, served: Path
) -> None:
    before = (served / "log").read_text()
    assert client.read(ALPHA).code == 0
    assert (served / "log").read_text() == before


@pytest.mark.slow
@pytest.mark.parametrize("switch", ["HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"])
def test_cache_is_enough_offline(client: Client, first: Outcome, switch: str) -> None:
    cases: list[Case] = [ALPHA, ("my/pairs", "beta", None, "train")]
    assert client.read(*cases, **{switch: "1"}).read == first.read


@pytest.mark.slow
@pytest.mark.usefixtures("first")
def test_what_the_cache_does_not_have_is_refused_offline(client: Client) -> None:
    outcome = client.read(
        ("my/pairs", "alpha", OTHER, "train"),
        ("my/pairs", "gamma", None, "train"),
        HF_HUB_OFFLINE="1",
    )
    rest = (
        "is not in the cache and the Hub is switched off: unset HF_HUB_OFFLINE and "
        f"HF_DATASETS_OFFLINE, {INSTEAD}"
    )
    assert outcome.errors == [
        f"my/pairs alpha at {OTHER} {rest}",
        f"my/pairs gamma at any revision {rest}",
    ]


@pytest.mark.slow
@pytest.mark.usefixtures("first")
def test_pinned_commit_in_the_cache_needs_no_hub(
    client: Client, closed_port: str
) -> None:
    assert client.read(ALPHA, HF_ENDPOINT=closed_port).code == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "message"),
    [
        (
            ("my/pairs", "gamma", COMMIT, "train"),
            "my/pairs has no configuration 'gamma', only ['alpha', 'beta']: correct "
            "the task's data",
        ),
        (
            ("my/pairs", "alpha", COMMIT, "dev"),
            "my/pairs alpha has no split 'dev', only train, validation: name another "
            "split",
        ),
        (
            ("my/pairs", "alpha", OTHER, "train"),
            f"my/pairs has no revision '{OTHER}' on the Hub: name another with --data "
            f"hub:REVISION, {INSTEAD}",
        ),
        (
            ("my/missing", "alpha", None, "train"),
            "the Hub has no data set 'my/missing' that you may read: correct the "
            f"task's data, log in with 'hf auth login', {INSTEAD}",
        ),
        (
            ("my/script", None, None, "train"),
            "my/script can't be read (Dataset scripts are no longer supported, but "
            "found script.py): name a data set whose files are Parquet, JSON or CSV, "
            f"{INSTEAD}",
        ),
    ],
)
def test_what_the_hub_does_not_have_is_named(
    client: Client, case: Case, message: str
) -> None:
    outcome = client.read(case)
    assert (outcome.code, outcome.errors) == (2, [message])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["none", "bad"])
def test_data_set_without_readable_files_is_refused(client: Client, name: str) -> None:
    (error,) = client.read((f"my/{name}", None, COMMIT, "train")).errors
    assert re.fullmatch(f"my/{name} at {COMMIT} can't be read from the Hub .*", error)


@pytest.mark.slow
def test_revision_of_the_source_goes_before_the_tasks(client: Client) -> None:
    case = ("my/pairs", "alpha", OTHER, "validation", COMMIT)
    assert (
        client.read(case).read[0]["origin"] == f"my/pairs alpha validation at {COMMIT}"
    )


@pytest.mark.slow
def test_other_cached_revision_is_never_taken_for_the_asked_one(
    client: Client, served: Path
) -> None:
    folder = served / "my/moved" / COMMIT
    write_rows(folder / "train.parquet", "old")
    assert client.read(("my/moved", None, None, "train")).code == 0
    (folder / "moved.py").write_text("")  # scripts make the library fall back
    folder.rename(folder.with_name(OTHER))
    assert client.read(("my/moved", None, None, "train")).errors == [
        f"my/moved at {OTHER} can't be read from the Hub, and the cache has only "
        f"{COMMIT}: name that with --data hub:REVISION, {INSTEAD}"
    ]


@pytest.mark.slow
def test_folder_of_the_data_sets_name_is_never_taken_for_it(client: Client) -> None:
    (client.folder / "other/pairs").mkdir(parents=True)
    assert client.read(("other/pairs", None, None, "train")).errors == [
        "there is a folder other/pairs here, which the datasets library reads in place "
        "of the Hub: run from another folder"
    ]


def a_task() -> Task:
    return Task(
        id="my/pairs",
        title="Pairs",
        summary="are two texts alike",
        data=Data(hub=None, folder="pairs"),
        problem=Classification(inputs=("left", "right"), labels=("no", "yes")),
        metrics=("accuracy",),
    )


def test_task_that_is_on_no_hub_is_refused() -> None:
    with pytest.raises(DataError, match=f"^my/pairs is on no hub: {INSTEAD}$"):
        HubSource().table(a_task(), "train")


@pytest.mark.parametrize(("argument", "revision"), [("", None), ("v1.0", "v1.0")])
def test_argument_of_the_hub_is_a_revision(argument: str, revision: str | None) -> None:
    assert open_hub(argument).revision == revision
