"""The WMT rows, as sacreBLEU's table of test sets, the Hub and the organisers have them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sacrebleu.dataset import DATASETS

from harness import Example, Row, Task
from harness.data import load_split
from harness.data.folder import FolderSource
from harness.data.sample import SampleSource
from harness.requests import GenerateAnswer
from harness.task import render
from harness.testing import check_task
from harness_wmt.problem import NO_TRANSLATION, has_no_translation
from harness_wmt.rows import TASKS, WMT
from harness_wmt.years import LANGUAGES, YEARS
from tests.places import SHARED

BY_ID = {task.id: task for task in TASKS}
FOLDERS = sorted((SHARED / "data" / "wmt").glob("wmt*_*"))
LM_EVAL = [
    "wmt14/en-fr",
    "wmt14/fr-en",
    "wmt16/de-en",
    "wmt16/en-de",
    "wmt16/en-ro",
    "wmt16/ro-en",
]
SHAPES = ["wmt/wmt16/en-ro", "wmt/wmt22/en-liv", "wmt/wmt23/en-zh", "wmt/wmt24/ja-zh"]


def test_every_pair_of_sacrebleus_years_is_a_task() -> None:
    years = [name for name in DATASETS if name.startswith("wmt") and "/" not in name]
    wanted = {f"wmt/{y}/{pair}" for y in years for pair in DATASETS[y].langpairs}
    assert BY_ID.keys() == wanted


def test_every_year_from_2008_to_2024_is_there() -> None:
    assert [year.number for year in YEARS] == list(range(2008, 2025))


def test_every_language_has_a_name() -> None:
    codes = {code for year in YEARS for pair in year.pairs for code in pair.split("-")}
    assert codes == LANGUAGES.keys()


def test_both_directions_share_a_configuration_of_the_hub() -> None:
    hubs = [BY_ID[f"wmt/wmt14/{pair}"].data.hub for pair in ("de-en", "en-de")]
    assert [hub and (hub.path, hub.config) for hub in hubs] == [
        ("wmt/wmt14", "de-en")
    ] * 2


def test_a_year_that_the_hub_lacks_has_no_data_there() -> None:
    assert BY_ID["wmt/wmt23/en-de"].data.hub is None


@pytest.mark.parametrize(
    ("task", "tokenizer"),
    [
        ("wmt/wmt23/en-ja", "char"),
        ("wmt/wmt20/en-ja", "ja-mecab"),
        ("wmt/wmt22/en-zh", "zh"),
        ("wmt/wmt22/zh-en", "13a"),
    ],
)
def test_bleu_has_the_tokenizer_of_the_target_language(
    task: str, tokenizer: str
) -> None:
    assert BY_ID[task].headline == (f"bleu,tokenize={tokenizer}",)


def test_prompts_are_worded_as_published() -> None:
    # T5 paper, appendix D.15; lm-evaluation-harness wmt16_en-de.yaml; chat is our own
    prompts = BY_ID["wmt/wmt16/en-de"].prompts
    row: Row = {"translation": {"en": "That is good.", "de": "Das ist gut."}}
    assert {name: render(prompt.text, row) for name, prompt in prompts.items()} == {
        "t5": "translate English to German: That is good.",
        "lm-eval": "English phrase: That is good.\nGerman phrase:",
        "chat": "Translate the following text from English into German. Write the "
        "translation and nothing else.\n\nThat is good.",
    }


def test_only_the_chat_prompt_is_a_message() -> None:
    assert {
        name: prompt.is_message
        for task in TASKS
        for name, prompt in task.prompts.items()
    } == {"lm-eval": False, "t5": False, "chat": True}


def test_of_a_chat_models_answer_the_translation_counts() -> None:
    task = BY_ID["wmt/wmt16/en-de"]
    way = next(way for way in task.formulations() if way.prompt == "chat")
    answer = GenerateAnswer(text="Here is the translation:\n\nDas ist gut.\n\nNote: x")
    example = Example(id="1", columns={}, target="Das ist gut.")
    assert way.predict(example, (answer,)).value == "Das ist gut."


def test_only_published_pairs_are_cited_without_a_note() -> None:
    plain = {
        (task.id, name)
        for task in TASKS
        for name, prompt in task.prompts.items()
        if "the same wording" not in prompt.source
    }
    lm_eval = {task for task, name in plain if name == "lm-eval"}
    assert lm_eval == {f"wmt/{name}" for name in LM_EVAL}
    targets = {task[-5:] for task, name in plain if name == "t5"}
    assert targets == {"en-de", "en-fr", "en-ro"}


@pytest.mark.parametrize("task", SHAPES)
def test_task_is_sound(task: str) -> None:
    split = load_split(BY_ID[task], SampleSource(seed=1), "test")
    check_task(BY_ID[task], list(split)[:20])


def test_every_pair_has_its_own_columns_in_the_sample() -> None:
    for task in TASKS:
        assert task.data.sample is not None
        row = task.data.sample("test", 1)[0]
        assert isinstance(row["translation"], dict)
        assert "-".join(row["translation"]) == task.id.rpartition("/")[2]


def _texts(split: str, pair: tuple[str, str] = ("de", "en")) -> list[str]:
    sample = BY_ID["wmt/wmt14/de-en"].data.sample
    assert sample is not None
    return [json.dumps(row["translation"]) for row in sample(split, 1)]


def test_splits_of_the_sample_share_no_sentence() -> None:
    found = [
        text for split in ("train", "validation", "test") for text in _texts(split)
    ]
    assert len(set(found)) == len(found) == 800


def test_sample_has_segments_with_one_and_with_two_references() -> None:
    split = load_split(BY_ID["wmt/wmt14/de-en"], SampleSource(seed=1), "test")
    counts = Counter(len(e.target) for e in split if isinstance(e.target, list))
    assert set(counts) == {1, 2}
    assert min(counts.values()) >= 5


def test_copying_the_source_is_never_right_in_the_sample() -> None:
    for text in _texts("test"):
        pair = json.loads(text)
        assert not set(pair["de"].lower().split()) & set(pair["en"].lower().split())


def test_a_row_without_references_is_told_its_translation() -> None:
    problem = BY_ID["wmt/wmt14/de-en"].problem
    row: Row = {"translation": {"de": "gut", "en": "good"}}
    assert problem.read_target(row) == "good"


def test_a_reference_that_is_no_text_is_refused() -> None:
    problem = BY_ID["wmt/wmt14/de-en"].problem
    with pytest.raises(ValueError, match=r"references \[3\], expected a list of texts"):
        problem.read_target({"translation": {"de": "gut"}, "references": [3]})


@pytest.mark.parametrize(
    ("row", "is_left_out"),
    [
        ({"references": [NO_TRANSLATION]}, True),
        ({"references": ["good", NO_TRANSLATION]}, False),
        ({"translation": {"de": "gut", "en": NO_TRANSLATION}}, True),
        ({"translation": {"de": "gut", "en": "good"}}, False),
    ],
)
def test_segment_without_any_reference_is_left_out(row: Row, is_left_out: bool) -> None:
    assert has_no_translation(row) is is_left_out


def test_missing_reference_of_one_translator_does_not_count() -> None:
    problem = BY_ID["wmt/wmt23/en-de"].problem
    assert problem.read_target({"references": ["gut", NO_TRANSLATION]}) == ["gut"]


def test_benchmark_has_every_task_and_no_aggregate() -> None:
    assert WMT.tasks == tuple(BY_ID)
    assert WMT.aggregate(dict.fromkeys(WMT.tasks, 30.0)) is None


@pytest.mark.skipif(not FOLDERS, reason=f"no WMT data in {SHARED}")
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_shared_test_set_fits_its_task(folder: Path) -> None:
    task: Task = BY_ID[f"wmt/{folder.name.replace('_', '/')}"]
    split = load_split(task, FolderSource(root=SHARED / "data"), "test")
    sizes = {(entry["config"], entry["split"]): entry["rows"] for entry in _manifest()}
    assert split.is_labelled
    assert split.size == sizes[folder.name, "test"]


def _manifest() -> list[dict[str, Any]]:
    text = (SHARED / "data" / "MANIFEST.json").read_text(encoding="utf-8")
    files: list[dict[str, Any]] = json.loads(text)["files"]
    return files
