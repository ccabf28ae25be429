"""Checkpoints are fetched by the Hub's own client, from a server on the loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

Make = Callable[..., Any]
SERVER = Path(__file__).parents[2] / "core" / "loopback_hub.py"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
LOOK = """
import sys
from harness import HarnessError, ModelName
from harness_hub.plugin import describe
try:
    print(describe(ModelName.parse(sys.argv[1])).fingerprint)
except HarnessError as error:
    print(error, file=sys.stderr)
"""


@pytest.fixture(scope="module")
def served(make: Make, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Serve a model as ``my/model`` and give the server's address and folder."""
    root = tmp_path_factory.mktemp("served")
    folder = root / "my" / "model" / COMMIT
    copytree(make("MarianMTModel").folder, folder)
    (folder / "pytorch_model.bin").write_bytes(b"a pickle")
    (folder / "source.spm").write_bytes(b"words")
    (folder / "my.py").write_text("code = 1")
    adapter = root / "my" / "adapter" / COMMIT
    adapter.mkdir(parents=True)
    config = {"peft_type": "LORA", "r": 1, "lora_alpha": 1}
    (adapter / "adapter_config.json").write_text(json.dumps(config))
    save_file({"x": torch.zeros(1)}, adapter / "adapter_model.safetensors")
    (adapter / "training_args.bin").write_bytes(b"a pickle")
    command = [sys.executable, str(SERVER), str(root)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        yield [server.stdout.readline().strip(), str(root)]
        server.stdin.close()


def look(name: str, served: list[str], cache: Path) -> tuple[str, str]:
    """Describe a model in a new process, whose Hub is the server."""
    settings = {"HF_ENDPOINT": served[0], "HF_HOME": str(cache), "HF_HUB_OFFLINE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", LOOK, name],
        capture_output=True,
        text=True,
        env={**os.environ, **settings},
        check=True,
    )
    return done.stdout.strip(), done.stderr.strip().rpartition("\n")[2]


@pytest.mark.slow
def test_a_model_of_the_hub_is_the_model_of_the_folder(
    served: list[str], tmp_path: Path
) -> None:
    fetched, _ = look("hub:my/model", served, tmp_path)
    local, _ = look(f"hub:{served[1]}/my/model/{COMMIT}", served, tmp_path)
    pinned, _ = look(f"hub:my/model,revision={COMMIT}", served, tmp_path)
    names = {path.name for path in tmp_path.rglob("snapshots/*/*")}
    assert fetched == local == pinned
    assert {"model.safetensors", "source.spm", "tokenizer.json"} <= names
    assert names.isdisjoint({"pytorch_model.bin", "my.py"})


@pytest.mark.slow
def test_code_is_fetched_where_it_may_run(served: list[str], tmp_path: Path) -> None:
    look("hub:my/model,remote_code=yes", served, tmp_path)
    assert "my.py" in {path.name for path in tmp_path.rglob("snapshots/*/*")}


@pytest.mark.slow
def test_a_model_that_is_not_there_is_named(served: list[str], tmp_path: Path) -> None:
    _, error = look("hub:my/other", served, tmp_path)
    assert error.startswith("the Hub does not serve 'my/other' (")


@pytest.mark.slow
def test_an_adapter_of_the_hub_is_the_adapter_of_the_folder(
    served: list[str], tmp_path: Path
) -> None:
    fetched, _ = look("hub:my/model+my/adapter", served, tmp_path)
    folders = (f"{served[1]}/my/{name}/{COMMIT}" for name in ("model", "adapter"))
    local, _ = look(f"hub:{'+'.join(folders)}", served, tmp_path)
    places = tmp_path.rglob("models--my--adapter/snapshots/*/*")
    assert fetched == local != ""
    assert {path.name for path in places} == {
        "adapter_config.json",
        "adapter_model.safetensors",
    }
