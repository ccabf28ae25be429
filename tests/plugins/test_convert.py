"""Pickled checkpoints become safetensors, and nothing in them runs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from safetensors.torch import load_file

from harness import (
    CheckpointError,
    Head,
    LoadSettings,
    ModelName,
    UsageError,
)
from harness.convert import convert_checkpoint
from harness_bert.plugin import describe, load

TENSORS = {"a": torch.arange(6.0).view(2, 3), "b": torch.ones(2, dtype=torch.int64)}


class Runs:
    """Runs a command when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


def pickled(folder: Path, value: object, name: str = "pytorch_model.bin") -> Path:
    folder.mkdir(exist_ok=True)
    torch.save(value, folder / name)
    return folder


def test_tensors_come_out_as_they_went_in(tmp_path: Path) -> None:
    folder = pickled(tmp_path / "old", TENSORS)
    assert convert_checkpoint(folder, tmp_path / "new") == 2
    found = load_file(tmp_path / "new" / "model.safetensors")
    assert all(torch.equal(found[name], TENSORS[name]) for name in TENSORS)


def test_tied_tensors_are_written_each(tmp_path: Path) -> None:
    tied = torch.ones(3)
    folder = pickled(tmp_path / "old", {"a": tied, "b": tied, "c": tied[:2]})
    convert_checkpoint(folder, tmp_path / "new")
    assert len(load_file(tmp_path / "new" / "model.safetensors")) == 3


def test_buffers_and_tied_copies_of_old_pickles_load_again(tmp_path: Path) -> None:
    """As transformers 4 wrote GPT-2: attention masks, and the output layer again."""
    config = transformers.GPT2Config(
        vocab_size=20, n_positions=8, n_embd=8, n_layer=1, n_head=2
    )
    model = transformers.GPT2LMHeadModel(config)
    mask = torch.ones(8, 8, dtype=torch.bool).tril().view(1, 1, 8, 8)
    old = {**model.state_dict(), "transformer.h.0.attn.bias": mask}
    old["transformer.h.0.attn.masked_bias"] = torch.tensor(-1e4)
    folder = pickled(tmp_path / "old", old)
    config.save_pretrained(folder)
    assert convert_checkpoint(folder, tmp_path / "new") == len(old)
    again = transformers.GPT2LMHeadModel.from_pretrained(tmp_path / "new")
    ids = torch.arange(6).view(1, 6)
    with torch.inference_mode():
        assert torch.equal(again(ids).logits, model.eval()(ids).logits)


def test_floats_become_the_precision_asked_and_the_rest_stays(tmp_path: Path) -> None:
    folder = pickled(tmp_path / "old", TENSORS)
    convert_checkpoint(folder, tmp_path / "new", dtype="bf16")
    found = load_file(tmp_path / "new" / "model.safetensors")
    assert (found["a"].dtype, found["b"].dtype) == (torch.bfloat16, torch.int64)


@pytest.mark.parametrize("name", ["chat_template.jinja", "1_Pooling/config.json"])
def test_what_belongs_to_the_model_comes_along(tmp_path: Path, name: str) -> None:
    folder = pickled(tmp_path / "old", TENSORS)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("x")
    convert_checkpoint(folder, tmp_path / "new")
    assert (tmp_path / "new" / name).read_text() == "x"


def test_the_configuration_says_the_new_precision(tmp_path: Path) -> None:
    folder = pickled(tmp_path / "old", TENSORS)
    (folder / "config.json").write_text('{"torch_dtype": "float32", "a": 1}')
    convert_checkpoint(folder, tmp_path / "new", dtype="fp16")
    said = json.loads((tmp_path / "new" / "config.json").read_text())
    assert said == {"torch_dtype": "float16", "dtype": "float16", "a": 1}


def test_a_configuration_that_is_none_is_refused(tmp_path: Path) -> None:
    folder = pickled(tmp_path / "old", TENSORS)
    (folder / "config.json").write_text("[]")
    with pytest.raises(CheckpointError, match=r"config\.json can't be read as a JSON"):
        convert_checkpoint(folder, tmp_path / "new", dtype="fp16")


def test_shards_are_joined(tmp_path: Path) -> None:
    folder = pickled(tmp_path / "old", {"a": TENSORS["a"]}, "one.bin")
    pickled(folder, {"b": TENSORS["b"]}, "two.bin")
    index = {"weight_map": {"a": "one.bin", "b": "two.bin"}}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    convert_checkpoint(folder, tmp_path / "new")
    assert set(load_file(tmp_path / "new" / "model.safetensors")) == {"a", "b"}
    assert not (tmp_path / "new" / "pytorch_model.bin.index.json").exists()


def test_a_pickle_that_would_run_code_is_refused_and_runs_none(tmp_path: Path) -> None:
    folder = pickled(tmp_path / "old", {"a": Runs(tmp_path / "ran")})
    with pytest.raises(CheckpointError, match="holds more than tensors, so loading it"):
        convert_checkpoint(folder, tmp_path / "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old"]


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    folder = pickled(tmp_path / "old", TENSORS)
    whole = (folder / "pytorch_model.bin").read_bytes()
    (folder / "pytorch_model.bin").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CheckpointError, match=r"pytorch_model\.bin (can't|holds)"):
        convert_checkpoint(folder, tmp_path / "new")


@pytest.mark.parametrize("broken", [b"", b"junk", b"PK", b"\x80\x02}q\x00X\x04"])
def test_a_file_that_is_no_pickle_is_refused(tmp_path: Path, broken: bytes) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(broken)
    with pytest.raises(CheckpointError, match=r"pytorch_model\.bin (can't be|holds)"):
        convert_checkpoint(tmp_path, tmp_path / "new")


def test_a_source_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"there is no .*lost: name a folder"):
        convert_checkpoint(tmp_path / "lost", tmp_path / "new")


def test_a_pickle_of_something_else_is_refused(tmp_path: Path) -> None:
    folder = pickled(tmp_path / "old", [1, 2])
    with pytest.raises(CheckpointError, match="is no table of tensors by name"):
        convert_checkpoint(folder, tmp_path / "new")


def test_a_folder_without_a_pickle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no pytorch_model\.bin, .* and no GGUF"):
        convert_checkpoint(tmp_path, tmp_path / "new")


def test_an_index_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin.index.json").write_text("[]")
    with pytest.raises(CheckpointError, match="is no index of shards"):
        convert_checkpoint(tmp_path, tmp_path / "new")


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    folder = pickled(tmp_path / "old", TENSORS)
    with pytest.raises(UsageError, match="is there already: name a folder that is not"):
        convert_checkpoint(folder, tmp_path)


def test_a_refused_checkpoint_can_be_used_once_converted(
    tmp_path: Path, run_command: Callable[..., Any]
) -> None:
    adapter = load(ModelName.parse("bert:tiny"), LoadSettings())
    adapter.prepare(Head(kind="regress"), seed=1)
    old, new = tmp_path / "old", tmp_path / "new"
    adapter.save(old)
    pickled(old, load_file(old / "model.safetensors"))
    (old / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match=f"'harness convert {old} OUT'"):
        describe(ModelName.parse(f"bert:{old}"))
    assert run_command("convert", str(old), str(new)).code == 0
    assert describe(ModelName.parse(f"bert:{new}")).head == Head(kind="regress")
