"""Spans beside transformers', an encoder's share of the GEMM rate, and work in bf16."""

import json
import sys
from pathlib import Path

import pytest

from benchmarks.beside import result as results
from benchmarks.beside.__main__ import describe_equality, measure
from benchmarks.beside.equality import (
    Equality,
    drift_of_choices,
    drift_of_probabilities,
    drift_of_spans,
    same_spans,
)
from benchmarks.beside.scenario import Asked, Place, Scenario, Work, in_bf16
from benchmarks.beside.table import tables_of
from benchmarks.sides.products import Size, encoder_flops
from benchmarks.texts import Texts

HERE = Path(sys.executable)
WORDS = ["says", "what", "the", "others", "have", "not", "said", "yet", ".", "##s"]
SENTENCES = [f"{' '.join(WORDS[:8])} {i} ." for i in range(200)]
SIZE = Size(layers=2, width=32, inner=64)


def test_spans_differ_by_text_place_and_score() -> None:
    ours = [("a", 0, 1.0, 0.5), ("b", 4, 1.0, 0.5), ("c", 9, 1.0, 0.5)]
    theirs = [("a", 0, 1.00005, 0.5), ("b", 5, 1.0, 0.5), ("c", 9, 1.0, 0.7)]
    found = same_spans(ours, theirs)
    assert (found.compared, found.unequal) == (3, 2)
    assert found.largest == pytest.approx(0.2)
    assert drift_of_spans(ours, theirs).moved == 1


def test_another_precision_may_differ_and_says_by_how_much() -> None:
    found = drift_of_choices(
        [[(-1.0, True), (-2.0, True)]], [[(-3.0, True), (-2.5, True)]]
    )
    assert found == Equality(compared=2, unequal=0, largest=2.0, moved=1)
    assert describe_equality(found) == "1 answers moved, largest difference 2.0e+00"
    assert drift_of_probabilities([[0.6, 0.4]], [[0.7, 0.3]]).moved == 0


def test_operations_are_those_that_torch_counts() -> None:
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from harness_bert.config import read_config
    from harness_bert.model import Bert
    from harness_torch.packed import pack

    config = read_config({**_config(), "model_type": "bert"}, Path("config.json"))
    packed = pack([[1] * 9, [2] * 7], device=torch.device("cpu"))
    with FlopCounterMode(display=False) as counted:
        Bert(config, has_pooler=False)(packed, packed.first)
    assert encoder_flops([9, 7], SIZE) == counted.get_total_flops()


def _config() -> dict[str, int]:
    layers, width, inner = SIZE
    return {
        "num_hidden_layers": layers,
        "hidden_size": width,
        "intermediate_size": inner,
        "num_attention_heads": 2,
        "vocab_size": 5 + len(WORDS),
    }


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Hold a random span model in Hugging Face's format, and items."""
    from transformers import AutoTokenizer, BertConfig, BertForQuestionAnswering

    monkeypatch.setattr(results.Result.write, "__defaults__", (tmp_path,))
    folder, items = tmp_path / "models" / "tiny", tmp_path / "items"
    items.mkdir()
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    config = BertConfig.from_dict(_config())
    BertForQuestionAnswering(config).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(words))
    AutoTokenizer.from_pretrained(folder).save_pretrained(folder)
    texts = Texts(SENTENCES)
    lines = "".join(json.dumps(texts.squad()) + "\n" for _ in range(6))
    (items / "squad.jsonl").write_text(lines)
    return Place(materials=tmp_path, ours=HERE, peers=HERE, threads=1)


@pytest.mark.slow
def test_spans_of_both_sides_are_one(place: Place) -> None:
    asked = Asked(model="tiny", items="squad", count=6)
    scenario = Scenario(
        name="tiny-spans",
        work="a tiny encoder",
        peer="transformers",
        aim=0.1,
        count=6,
        ours=asked.by_us("bert", ask="extract", options=",length=64,stride=16"),
        theirs=asked.by_peer("transformers_spans", batch_size=4, window=64, stride=16),
        same=same_spans,
        turns=1,
    )
    found = measure(scenario, place, None)
    assert found is not None
    assert found.equality.compared == 6


@pytest.mark.slow
def test_bf16_stands_in_a_table_of_its_own(place: Place) -> None:
    work = Work(
        "tiny", "a tiny encoder", Asked(model="tiny", items="squad", count=6), 1
    )
    scenario = in_bf16("spans", work, "bert", ask="extract", same=drift_of_spans)
    found = measure(scenario, place, 1)
    assert found is not None
    assert found.equality.largest is not None
    assert found.equality.largest > 1e-6
    _, table = tables_of([found], 1)
    assert "The answers are others" in table
    assert "a tiny encoder, bf16 | 6 |" in table
