"""Comparisons with peers: equality first, then turns, then the table."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from benchmarks.beside import result as results
from benchmarks.beside.__main__ import describe_equality, measure
from benchmarks.beside.equality import Equality, same_choices, same_items
from benchmarks.beside.plot import draw
from benchmarks.beside.result import Result
from benchmarks.beside.scenario import Asked, Place, Scenario
from benchmarks.beside.turns import Command, SideError, Turn, Worker, take_turns
from benchmarks.scenarios.every import SCENARIOS
from benchmarks.texts import Texts, with_shots

HERE = Path(sys.executable)
SENTENCES = [
    f"Sentence {i} says what the others have not said yet." for i in range(200)
]


def test_log_probabilities_may_differ_by_little_and_choices_not_at_all() -> None:
    ours = [[(-1.0, True), (-2.0, False)]]
    near = [[(-1.00005, True), (-2.0, False)]]
    far = [[(-2.5, True), (-2.0, True)]]
    assert same_choices(ours, near).unequal == 0
    # one number, one flag, and the best choice
    assert same_choices(ours, far).unequal == 3


def test_another_number_of_items_is_no_comparison() -> None:
    with pytest.raises(ValueError, match="we answered 1 items, the peer 2"):
        same_items(["a"], ["a", "b"])


def test_who_begins_changes_every_turn() -> None:
    order: list[str] = []
    ours, theirs = Noting("ours", order), Noting("theirs", order)
    assert len(list(take_turns(ours, theirs, 3))) == 3
    assert order == ["ours", "theirs", "theirs", "ours", "ours", "theirs"]


class Noting:
    """Notes whose turn it was."""

    versions: Mapping[str, str] = MappingProxyType({})

    def __init__(self, name: str, order: list[str]) -> None:
        self._name, self._order = name, order

    def turn(self) -> Turn:
        self._order.append(self._name)
        return Turn(cpu=1.0, wall=1.0, peak_mib=1.0)

    def answers(self) -> object:
        return []

    def close(self) -> None:
        pass


def test_a_whole_process_is_measured_with_its_children(tmp_path: Path) -> None:
    burn = "sum(i * i for i in range(3_000_000))"
    code = (
        f"import os, sys; pid = os.fork() or ({burn}, os._exit(0)); os.waitpid(pid, 0)"
    )
    answer = "open(sys.argv[1] + '/a.json', 'w').write('[1]')"
    side = Command(
        [sys.executable, "-c", f"{code}; {answer}", "{out}"],
        threads=1,
        answers="a.json",
    )
    assert side.answers() == [1]
    assert side.turn().cpu > 0.05


def test_a_process_that_fails_says_why() -> None:
    side = Command([sys.executable, "-c", "1 / 0"], threads=1, answers="")
    with pytest.raises(SideError, match="ZeroDivisionError"):
        side.turn()


@pytest.mark.slow
def test_a_worker_that_fails_says_why(tmp_path: Path) -> None:
    settings = {"threads": 1, "model": "bert:nowhere", "items": "", "count": 1}
    with pytest.raises(SideError, match="nowhere"):
        Worker(HERE, "benchmarks.sides.ours", {**settings, "ask": "classify"})


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Hold a random encoder in Hugging Face's format, and texts."""
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    models, items = tmp_path / "models", tmp_path / "items"
    items.mkdir()
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "says", "what", "others"]
    model = BertForSequenceClassification(
        BertConfig(
            hidden_size=32,
            num_attention_heads=2,
            num_hidden_layers=2,
            intermediate_size=64,
            vocab_size=len(words),
        )
    )
    model.save_pretrained(models / "tiny")
    (models / "tiny" / "vocab.txt").write_text("\n".join(words))
    tokenizer = AutoTokenizer.from_pretrained(models / "tiny", model_max_length=64)
    tokenizer.save_pretrained(models / "tiny")
    texts = Texts(SENTENCES)
    lines = "".join(json.dumps(texts.glue()) + "\n" for _ in range(12))
    (items / "glue.jsonl").write_text(lines)
    return Place(materials=tmp_path, ours=HERE, peers=HERE, threads=1)


@pytest.mark.slow
def test_both_sides_take_turns_and_the_result_is_kept(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results.Result.write, "__defaults__", (tmp_path,))
    asked = Asked(model="tiny", items="glue", count=12)
    scenario = Scenario(
        name="tiny",
        work="a tiny encoder",
        peer="transformers",
        aim=0.1,
        count=12,
        ours=asked.by_us("bert", ask="classify"),
        theirs=asked.by_peer("transformers_pairs", batch_size=4, longest=64),
        same=lambda ours, theirs: same_choices(_as_choices(ours), _as_choices(theirs)),
        turns=2,
    )
    found = measure(scenario, place, None)
    assert found is not None
    assert found.equality == Equality(
        compared=24, unequal=0, largest=found.equality.largest
    )
    assert Result.read(tmp_path / "tiny-1.json") == found
    assert "a tiny encoder" in draw([found])


def _as_choices(answers: list[list[float]]) -> list[list[tuple[float, bool]]]:
    return [[(value, True) for value in item] for item in answers]


def test_what_differs_is_told() -> None:
    told = describe_equality(Equality(compared=9, unequal=2, largest=0.5))
    assert told == "2 of 9 DIFFER, largest difference 5.0e-01: not measured"


def test_exemplars_stand_before_every_item_and_are_left_out() -> None:
    texts = Texts(SENTENCES)
    items = [texts.arc() for _ in range(7)]
    behind = with_shots(items, 5)
    assert len(behind) == 2
    assert all(one["context"].count("Question:") == 6 for one in behind)


def test_items_are_the_same_for_the_same_seed() -> None:
    kinds = ("hellaswag", "arc", "boolq", "glue", "squad", "prompt")
    drawn = [[getattr(Texts(SENTENCES), kind)() for kind in kinds] for _ in range(2)]
    assert drawn[0] == drawn[1]


def test_every_comparison_has_a_name_of_its_own() -> None:
    names = [scenario.name for scenario in SCENARIOS]
    assert len(set(names)) == len(names)
