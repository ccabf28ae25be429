"""Bad input to the whole command: one clear line, exit code 2, nothing half-written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import load_file, save_file

from harness import Head, LoadSettings, ModelName
from harness_bert.plugin import load

FINETUNE = ("--task", "glue/sst2", "--regime", "finetune:full")
ROWS = {"sentence": ["good", "bad"], "label": [1, 0], "idx": [0, 1]}


Command = Callable[..., Any]


@pytest.fixture
def command(
    run_command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Command:
    """Run a command in a folder of its own, with every installed plugin."""
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)

    def command(*words: str) -> Any:
        outcome = run_command(*words)
        assert list(place.iterdir()) == [], "something was written"
        return outcome

    return command


def expect(outcome: Any, *pieces: str) -> None:
    """Check for one line on stderr that holds every piece, and exit code 2."""
    assert (outcome.code, outcome.out, outcome.error.count("\n")) == (2, "", 1)
    for piece in pieces:
        assert piece in outcome.error


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """Save a tiny trained model."""
    adapter = load(ModelName.parse("bert:tiny"), LoadSettings())
    adapter.prepare(Head(kind="classify", labels=("negative", "positive")), seed=1)
    folder = tmp_path / "checkpoint"
    folder.mkdir()
    adapter.save(folder)
    return folder


def data(tmp_path: Path, **columns: list[object]) -> str:
    folder = tmp_path / "data" / "glue" / "sst2"
    folder.mkdir(parents=True)
    for split in ("train", "validation"):
        pq.write_table(pa.table(columns or ROWS), folder / f"{split}.parquet")
    return str(tmp_path / "data")


def test_an_unknown_model(command: Command) -> None:
    outcome = command("run", "--model", "brt:tiny", *FINETUNE, "--data", "sample")
    expect(outcome, "unknown model adapter 'brt'", "did you mean bert")


def test_an_unknown_task(command: Command) -> None:
    words = ("--model", "bert:tiny", "--task", "glue/sst3", "--data", "sample")
    expect(command("run", *words), "unknown task 'glue/sst3'", "glue/sst2")


def test_an_unknown_recipe(command: Command) -> None:
    words = ("--task", "glue/sst2", "--regime", "finetune:ful", "--data", "sample")
    outcome = command("run", "--model", "bert:tiny", *words)
    expect(outcome, "unknown recipe 'ful'", "did you mean full")


def test_broken_yaml(command: Command, tmp_path: Path) -> None:
    suite = tmp_path / "suite.yaml"
    suite.write_text("models: [bert:tiny]\ntasks: [glue/sst2]\nlimitt: 3\n")
    expect(command("run", str(suite)), "suite.yaml:3: key limitt", "limit")


def test_a_missing_data_file(command: Command, tmp_path: Path) -> None:
    folder = data(tmp_path)
    (tmp_path / "data" / "glue" / "sst2" / "validation.parquet").unlink()
    outcome = command("run", "--model", "bert:tiny", *FINETUNE, "--data", folder)
    expect(outcome, "has no split 'validation', only train", "validation.parquet")


def test_a_parquet_file_with_a_missing_column(command: Command, tmp_path: Path) -> None:
    folder = data(tmp_path, text=["a", "b"], label=[0, 1], idx=[0, 1])
    outcome = command("run", "--model", "bert:tiny", *FINETUNE, "--data", folder)
    expect(outcome, "validation.parquet", "'sentence'", "only text, label, idx")


def test_a_label_out_of_range(command: Command, tmp_path: Path) -> None:
    folder = data(tmp_path, sentence=["a", "b"], label=[0, 7], idx=[0, 1])
    outcome = command("run", "--model", "bert:tiny", *FINETUNE, "--data", folder)
    expect(outcome, "validation.parquet", "row 2", "label 7", "0 (negative)")


def test_a_checkpoint_with_a_missing_tensor(
    command: Command, checkpoint: Path, tmp_path: Path
) -> None:
    weights = checkpoint / "model.safetensors"
    tensors = load_file(weights)
    del tensors["bert.encoder.layer.1.output.dense.bias"]
    save_file(tensors, weights)
    words = (*FINETUNE, "--data", data(tmp_path))
    outcome = command("run", "--model", f"bert:{checkpoint}", *words)
    expect(outcome, "encoder.layer.1.output.dense.bias", "missing")


def test_a_checkpoint_with_a_misshapen_tensor(
    command: Command, checkpoint: Path, tmp_path: Path
) -> None:
    weights = checkpoint / "model.safetensors"
    name = "bert.embeddings.LayerNorm.weight"
    save_file(load_file(weights) | {name: torch.ones(3)}, weights)
    words = (*FINETUNE, "--data", data(tmp_path))
    outcome = command("run", "--model", f"bert:{checkpoint}", *words)
    expect(outcome, "embeddings.LayerNorm.weight", "(3,)")


def test_a_pickle_checkpoint_is_refused_with_the_conversion_command(
    command: Command, checkpoint: Path, tmp_path: Path
) -> None:
    (checkpoint / "model.safetensors").rename(checkpoint / "pytorch_model.bin")
    words = (*FINETUNE, "--data", data(tmp_path))
    outcome = command("run", "--model", f"bert:{checkpoint}", *words)
    expect(outcome, "pytorch_model.bin", "pickle", f"harness convert {checkpoint}")


def test_a_checkpoint_that_is_not_there(command: Command, tmp_path: Path) -> None:
    words = (*FINETUNE, "--data", data(tmp_path))
    outcome = command("run", "--model", "bert:./nowhere", *words)
    expect(outcome, "nowhere")


def test_a_checkpoint_of_another_family(
    command: Command, checkpoint: Path, tmp_path: Path
) -> None:
    config = json.loads((checkpoint / "config.json").read_text())
    (checkpoint / "config.json").write_text(json.dumps(config | {"model_type": "gpt2"}))
    words = (*FINETUNE, "--data", data(tmp_path))
    outcome = command("run", "--model", f"bert:{checkpoint}", *words)
    expect(outcome, "config.json", "gpt2", "bert")


def test_a_plugin_that_raises_on_import(command: Command, tmp_path: Path) -> None:
    plugin = tmp_path / "bad_plugin.py"
    plugin.write_text("raise RuntimeError('no luck')\n")
    outcome = command("list", "tasks", "--plugin", str(plugin))
    expect(outcome, "bad_plugin", "RuntimeError", "no luck")


def test_two_plugins_of_one_name(command: Command, tmp_path: Path) -> None:
    words: list[str] = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        plugin = tmp_path / name / "mine.py"
        plugin.write_text("from harness import hookimpl\n")
        words += ["--plugin", str(plugin)]
    expect(command("list", "tasks", *words), "mine", "one", "two")
