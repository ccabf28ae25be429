"""Weights files: headers without torch, strict loading, refusals by message."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import transformers
from safetensors.torch import save_file
from torch import nn

from harness import CheckpointError
from harness_torch.checkpoint import (
    load_strictly,
    own_weights,
    read_tensors,
    save_checkpoint,
)
from harness_torch.weights import fingerprint, read_weights

TENSORS = {"weight": torch.arange(6.0).view(2, 3), "bias": torch.ones(2)}


def write(folder: Path, tensors: dict[str, torch.Tensor] = TENSORS) -> Path:
    save_file(tensors, folder / "model.safetensors")
    return folder


def shards(folder: Path) -> Path:
    save_file({"weight": TENSORS["weight"]}, folder / "model-1-of-2.safetensors")
    save_file({"bias": TENSORS["bias"]}, folder / "model-2-of-2.safetensors")
    places = {"weight": "model-1-of-2.safetensors", "bias": "model-2-of-2.safetensors"}
    index = json.dumps({"weight_map": places})
    (folder / "model.safetensors.index.json").write_text(index)
    return folder


def load(
    folder: Path, module: nn.Module, may_lack: frozenset[str] = frozenset()
) -> None:
    weights = read_weights(folder)
    names = {name: name for name in weights.tensors}
    tensors = read_tensors(weights, names)
    load_strictly(module, tensors, origin=folder, may_lack=may_lack)


def test_the_header_tells_shapes_and_sizes(tmp_path: Path) -> None:
    weights = read_weights(write(tmp_path))
    assert weights.tensors["weight"].shape == (2, 3)
    assert weights.tensors["weight"].dtype == "F32"
    assert sum(tensor.size for tensor in weights.tensors.values()) == 8


@pytest.mark.parametrize("make", [write, shards])
def test_one_file_and_shards_load_alike(tmp_path: Path, make: object) -> None:
    assert callable(make)
    module = nn.Linear(3, 2)
    load(make(tmp_path), module)
    assert torch.equal(module.weight, TENSORS["weight"])
    assert torch.equal(module.bias, TENSORS["bias"])


def test_half_precision_is_read_as_fp32(tmp_path: Path) -> None:
    write(
        tmp_path, {"weight": torch.ones(2, 3).bfloat16(), "bias": torch.ones(2).half()}
    )
    module = nn.Linear(3, 2)
    load(tmp_path, module)
    assert {p.dtype for p in module.parameters()} == {torch.float32}


def test_weights_can_be_read_in_the_precision_of_a_session(tmp_path: Path) -> None:
    weights = read_weights(write(tmp_path))
    names = {name: name for name in weights.tensors}
    tensors = read_tensors(weights, names, dtype=torch.bfloat16)
    assert {tensor.dtype for tensor in tensors.values()} == {torch.bfloat16}


def test_mapped_weights_outlive_their_file(tmp_path: Path) -> None:
    weights = read_weights(write(tmp_path))
    tensors = read_tensors(weights, {"weight": "weight"}, is_mapped=True)
    (tmp_path / "model.safetensors").unlink()
    assert torch.equal(tensors["weight"], TENSORS["weight"])


def test_what_is_written_into_mapped_weights_does_not_reach_the_file(
    tmp_path: Path,
) -> None:
    weights = read_weights(write(tmp_path))
    for _ in range(2):
        tensors = read_tensors(weights, {"weight": "weight"}, is_mapped=True)
        assert torch.equal(tensors["weight"], TENSORS["weight"])
        tensors["weight"].mul_(2)


def test_what_is_stored_in_another_precision_is_not_mapped(tmp_path: Path) -> None:
    write(tmp_path, {"weight": torch.ones(2, 3).bfloat16(), "bias": torch.ones(2)})
    weights = read_weights(tmp_path)
    names = {name: name for name in weights.tensors}
    tensors = read_tensors(weights, names, is_mapped=True)
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float32}


def test_owned_weights_no_longer_follow_the_file(tmp_path: Path) -> None:
    path = write(tmp_path) / "model.safetensors"
    module = nn.Linear(3, 2)
    weights = read_weights(tmp_path)
    tensors = read_tensors(weights, {n: n for n in weights.tensors}, is_mapped=True)
    load_strictly(module, tensors, origin=tmp_path)
    own_weights(module)
    size = path.stat().st_size
    path.write_bytes(bytes(size))  # over it, in place
    assert torch.equal(module.weight, TENSORS["weight"])


def test_owning_keeps_the_views_of_one_tensor_together() -> None:
    module = nn.ParameterList(torch.ones(4, 2).split(2))
    together = module[0].untyped_storage().data_ptr()
    own_weights(module)
    assert {p.untyped_storage().data_ptr() for p in module} == {together}


MEMORY = """
import sys
from pathlib import Path
from harness_torch.checkpoint import read_tensors
from harness_torch.weights import read_weights
status = Path("/proc/self/status")
peak = lambda: int(status.read_text().split("VmHWM:")[1].split()[0])  # kB
weights, before = read_weights(Path(sys.argv[1])), peak()
tensors = read_tensors(weights, {name: name for name in weights.tensors})
held = sum(tensor.nbytes for tensor in tensors.values()) / 1024
print((peak() - before) / held)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's /proc")
def test_reading_holds_the_weights_once(tmp_path: Path) -> None:
    layers = {f"layer{i}": torch.ones(1024, 1024) for i in range(50)}  # 200 MiB
    folder = write(tmp_path, layers)
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(folder)], capture_output=True, text=True
    )
    assert 0.9 < float(done.stdout) < 1.1, done.stderr


def test_shards_that_transformers_wrote_load_alike(tmp_path: Path) -> None:
    config = transformers.BertConfig(
        vocab_size=50,
        hidden_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
    )
    reference = transformers.BertModel(config)
    reference.save_pretrained(tmp_path / "one")
    reference.save_pretrained(tmp_path / "many", max_shard_size="10KB")
    assert len(list((tmp_path / "many").glob("model-*.safetensors"))) > 1
    weights = read_weights(tmp_path / "many")
    found = read_tensors(weights, {name: name for name in weights.tensors})
    expected = reference.state_dict()
    assert set(found) == set(read_weights(tmp_path / "one").tensors)
    assert all(torch.equal(found[name], expected[name]) for name in found)


class Tied(nn.Module):
    """An output layer that is its embedding."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(4, 3)
        self.output = nn.Linear(3, 4, bias=False)
        self.output.weight = self.embedding.weight


def test_tied_weights_are_saved_once(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, module=Tied(), config={}, files={})
    assert set(read_weights(tmp_path).tensors) == {"embedding.weight"}


def test_others_may_read_what_is_saved(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, module=nn.Linear(3, 2), config={}, files={"a": b""})
    modes = {path.stat().st_mode for path in tmp_path.iterdir()}
    assert len(modes) == 1


def test_a_folder_with_gguf_alone_says_how_to_convert_it(tmp_path: Path) -> None:
    (tmp_path / "x.gguf").touch()
    with pytest.raises(
        CheckpointError, match=r"is a GGUF file: convert it with 'harnes"
    ):
        read_weights(tmp_path)


def test_loaded_weights_survive_the_file(tmp_path: Path) -> None:
    module = nn.Linear(3, 2)
    load(write(tmp_path), module)
    (tmp_path / "model.safetensors").write_bytes(b"")
    assert float(module.weight.detach().sum()) == 15


def test_every_fault_is_named_in_one_error(tmp_path: Path) -> None:
    write(tmp_path, {"weight": torch.ones(3, 3), "extra": torch.ones(1)})
    with pytest.raises(CheckpointError) as caught:
        load(tmp_path, nn.Linear(3, 2))
    message = str(caught.value)
    assert "1 missing (bias)" in message
    assert "1 unexpected (extra)" in message
    assert "1 misshapen (weight is (3, 3), not (2, 3))" in message


def test_many_faults_are_counted_and_the_first_few_named(tmp_path: Path) -> None:
    write(tmp_path, {**TENSORS, **{f"x{i}": torch.ones(1) for i in range(5)}})
    with pytest.raises(CheckpointError, match=r"5 unexpected \(x0, x1, x2, \.\.\.\)"):
        load(tmp_path, nn.Linear(3, 2))


def test_a_parameter_that_may_lack_keeps_its_value(tmp_path: Path) -> None:
    write(tmp_path, {"weight": TENSORS["weight"]})
    module = nn.Linear(3, 2)
    before = module.bias.detach().clone()
    load(tmp_path, module, may_lack=frozenset({"bias"}))
    assert torch.equal(module.bias, before)


def test_quantised_weights_are_refused(tmp_path: Path) -> None:
    write(tmp_path, {**TENSORS, "weight": torch.ones(2, 3, dtype=torch.int8)})
    with pytest.raises(CheckpointError, match=r"weight holds torch\.int8, expected"):
        load(tmp_path, nn.Linear(3, 2))


def test_a_pickle_is_refused_with_the_command_that_converts_it(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x02")
    with pytest.raises(CheckpointError) as caught:
        read_weights(tmp_path)
    assert "is a pickle, which can run code when loaded" in str(caught.value)
    assert f"harness convert {tmp_path} OUT" in str(caught.value)


def test_a_folder_without_weights_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(
        CheckpointError, match=r"no weights: expected model\.safetensors"
    ):
        read_weights(tmp_path)


def test_a_file_cut_short_is_found_before_loading(tmp_path: Path) -> None:
    path = write(tmp_path) / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(
        CheckpointError, match="28 bytes of tensors, its header says 32"
    ):
        read_weights(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"garbage!",
        struct.pack("<Q", 2**60),
        struct.pack("<Q", 4) + b"{]{]",
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 7) + b'{"a":1}',
    ],
)
def test_a_corrupt_header_is_a_checkpoint_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(CheckpointError, match="is no valid safetensors file"):
        read_weights(tmp_path)


def test_corruption_that_only_the_library_sees_is_a_checkpoint_error(
    tmp_path: Path,
) -> None:
    weights = read_weights(write(tmp_path))
    (tmp_path / "model.safetensors").write_bytes(b"changed meanwhile")
    with pytest.raises(CheckpointError, match="can't be read"):
        read_tensors(weights, {"bias": "bias"})


def test_a_shard_that_is_missing_is_named(tmp_path: Path) -> None:
    (shards(tmp_path) / "model-2-of-2.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"model-2-of-2\.safetensors is missing"):
        read_weights(tmp_path)


def test_a_shard_without_its_tensor_is_named(tmp_path: Path) -> None:
    save_file({"x": torch.ones(1)}, shards(tmp_path) / "model-2-of-2.safetensors")
    with pytest.raises(CheckpointError, match=r"1 tensors .* don't hold \(bias\)"):
        read_weights(tmp_path)


def test_an_index_without_a_map_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors.index.json").write_text("{}")
    with pytest.raises(CheckpointError, match="has no weight_map"):
        read_weights(tmp_path)


def test_a_fingerprint_changes_with_contents_and_facts_not_with_place(
    tmp_path: Path,
) -> None:
    one, other = tmp_path / "a", tmp_path / "b"
    for folder in (one, other):
        folder.mkdir()
        (folder / "config.json").write_text("{}")
    first = fingerprint([one / "config.json"], {"length": "8"})
    assert fingerprint([other / "config.json"], {"length": "8"}) == first
    assert fingerprint([one / "config.json"], {"length": "9"}) != first
    (one / "config.json").write_text("{ }")
    assert fingerprint([one / "config.json"], {"length": "8"}) != first


def test_a_saved_checkpoint_leaves_no_partial_file(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    save_checkpoint(
        folder, module=nn.Linear(3, 2), config={"a": 1}, files={"vocab.txt": b"x"}
    )
    assert sorted(path.name for path in folder.iterdir()) == [
        "config.json",
        "model.safetensors",
        "vocab.txt",
    ]
    assert json.loads((folder / "config.json").read_text()) == {"a": 1}
