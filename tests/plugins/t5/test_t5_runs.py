"""Whole runs of T5: asked in its own words, and fine-tuned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from scipy import stats

from harness.api import open_store, run
from harness.cli import main
from harness.results import CellResult, Results
from harness_torch.tokenizers.byte_level import byte_tokenizer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hold a random T5 that reads and writes bytes."""
    torch.set_num_threads(1)
    torch.manual_seed(6)
    values: dict[str, Any] = {
        "vocab_size": 264,
        "d_model": 16,
        "d_kv": 6,
        "d_ff": 24,
        "num_layers": 2,
        "num_heads": 2,
        "decoder_start_token_id": 0,
    }
    path = tmp_path_factory.mktemp("random")
    config = transformers.T5Config(**values)
    transformers.T5ForConditionalGeneration(config).save_pretrained(path)
    for name, content in byte_tokenizer(length=64, bos=False, eos=True).files.items():
        (path / name).write_bytes(content)
    return path


def cell(results: Results, model: str, task: str) -> CellResult:
    (found,) = [c for c in results.cells if (c.model, c.task) == (model, task)]
    return found


def test_what_a_random_t5_writes_is_not_guessed_at(
    folder: Path, tmp_path: Path
) -> None:
    results = run(
        [f"t5:{folder}"],
        ["glue/rte", "glue/stsb"],
        data="sample",
        limit=20,
        device="cpu",
        store=str(tmp_path / "store.sqlite"),
    )
    for found in results.cells:
        assert (found.formulation, found.prompt) == ("generate", "t5")
        assert found.caveats.unparsable == 20
    assert cell(results, f"t5:{folder}", "glue/rte").score == 0


def test_the_command_line_runs_t5_and_writes_the_page(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = f"harness run --model t5:{folder} --task glue/rte --data sample --limit 9"
    asked = [*words.split(), "--formulation", "rank", "--device", "cpu"]
    monkeypatch.setattr("sys.argv", asked)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert "RTE" in (tmp_path / "runs" / "leaderboard.html").read_text()


@pytest.mark.slow
def test_tiny_learns_a_sample_task_in_two_epochs(tmp_path: Path) -> None:
    """By the exact McNemar test over the examples that one model alone gets right."""
    place = str(tmp_path / "store.sqlite")
    results = run(
        ["t5:tiny", "majority:"],
        ["glue/sst2"],
        regimes=["finetune:full,epochs=2"],
        data="sample",
        device="cpu",
        store=place,
    )
    right = []
    with open_store(place) as store:
        for model in ("t5:tiny", "majority:"):
            pairs = store.predictions(cell(results, model, "glue/sst2").fingerprint)
            right.append([told.value == example.target for example, told in pairs])
    won, lost = (
        sum(a and not b for a, b in zip(one, other, strict=True))
        for one, other in (right, right[::-1])
    )
    assert won > lost
    assert stats.binomtest(won, won + lost).pvalue < 0.05


@pytest.mark.slow
def test_tiny_learns_to_translate_sentences_that_it_never_saw(tmp_path: Path) -> None:
    settings = "epochs=12,learning_rate=3e-3,batch_size=16,dropout=0"
    (found,) = run(
        ["t5:tiny"],
        ["wmt/wmt14/fr-en"],
        regimes=[f"finetune:full,{settings}"],
        data="sample",
        device="cpu",
        store=str(tmp_path / "store.sqlite"),
    ).cells
    assert (found.formulation, found.prompt) == ("generate", "t5")
    assert found.score is not None
    assert found.score > 60  # BLEU over the 100 sentences of the evaluated split
