"""A trained ALBERT: rxnmapper's, of chemical reactions, from its pickled weights.

Its vocab.txt belongs to a tokenizer of its own, which splits SMILES by a pattern and is
no WordPiece: the texts of this test are split by that pattern here and asked as ids.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from harness.convert import convert_checkpoint
from harness_bert.adapter import BertAdapter
from harness_torch.packed import pack

Make = Callable[..., Any]
PLACE = "models/transformers/albert_heads_8_uspto_all_1310k"
REACTION = "CC(=O)Cl.Nc1ccccc1>>CC(=O)Nc1ccccc1"
_ATOM = re.compile(r"\[[^\]]+\]|Br?|Cl?|>>|%\d\d|.")
_CLS, _SEP, _MASK = 12, 13, 14


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    package = find_spec("rxnmapper")  # its code is not imported: it needs more
    if package is None or package.origin is None:
        pytest.skip("needs the package rxnmapper with its trained ALBERT")
    out = tmp_path_factory.mktemp("albert") / "converted"
    convert_checkpoint(Path(package.origin).parent / PLACE, out)
    return out


@pytest.fixture(scope="module")
def masked(folder: Path) -> tuple[list[list[int]], list[int]]:
    """Mask each token of the reaction in turn; also return what is right."""
    words = (folder / "vocab.txt").read_text().splitlines()
    ids = [words.index(atom) for atom in _ATOM.findall(REACTION)]
    rows = [[_CLS, *ids[:i], _MASK, *ids[i + 1 :], _SEP] for i in range(len(ids))]
    return rows, ids


@pytest.fixture(scope="module")
def adapter(folder: Path, opened: Make) -> BertAdapter:
    made: BertAdapter = opened(folder)
    return made


def logits(adapter: BertAdapter, rows: list[list[int]]) -> torch.Tensor:
    packed = pack(rows, device=torch.device("cpu"))
    places = torch.arange(len(rows)) + 1
    return adapter.module.words(packed, packed.first + places)


@torch.inference_mode()
def test_logits_of_a_trained_albert_equal_transformers(
    adapter: BertAdapter, folder: Path, masked: tuple[list[list[int]], list[int]]
) -> None:
    rows, _ = masked
    model = transformers.AlbertForMaskedLM.from_pretrained(folder).eval()
    places = torch.arange(len(rows))
    theirs = model(torch.tensor(rows)).logits[places, places + 1]
    assert torch.allclose(logits(adapter, rows), theirs, rtol=1e-5, atol=1e-5)


@torch.inference_mode()
def test_a_trained_albert_restores_every_token_of_a_reaction(
    adapter: BertAdapter, masked: tuple[list[list[int]], list[int]]
) -> None:
    rows, ids = masked
    told = logits(adapter, rows).log_softmax(-1)
    right = told[torch.arange(len(ids)), ids]
    assert len(ids) == 33
    assert told.argmax(-1).tolist() == ids
    assert float(right.mean()) == pytest.approx(-0.0092, abs=5e-5)  # transformers'
