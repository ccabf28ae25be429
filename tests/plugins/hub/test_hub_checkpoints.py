"""What a `hub:` name stands for, and what is refused before weights load."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import torch

from harness import CheckpointError, Head, LoadSettings, ModelName, UsageError
from harness.requests import (
    Choose,
    Classify,
    Embed,
    Extract,
    Fill,
    Follow,
    Generate,
    Likelihood,
    PseudoLikelihood,
    Regress,
    Request,
    Score,
)
from harness_hub.kinds import find_kind
from harness_hub.lengths import longest_input
from harness_hub.plugin import describe, load

Make = Callable[..., Any]
DECODER = frozenset({Score, Generate, Likelihood, Embed, Fill, Follow})


def name_of(folder: Path, **options: str) -> ModelName:
    return ModelName(adapter="hub", checkpoint=str(folder), options=options)


@pytest.fixture
def folder(make: Make, tmp_path: Path) -> Path:
    """Return a copy of a decoder's folder, to be changed."""
    return copytree(make("GPTNeoXForCausalLM").folder, tmp_path / "model")


def change(folder: Path, file: str = "config.json", **values: Any) -> ModelName:
    raw = json.loads((folder / file).read_text())
    (folder / file).write_text(json.dumps({**raw, **values}))
    return name_of(folder)


@pytest.mark.parametrize(
    ("architecture", "abilities", "head"),
    [
        ("GPTNeoXForCausalLM", DECODER, None),
        ("GPT2LMHeadModel", DECODER, None),
        ("BartForConditionalGeneration", {Score, Generate, Embed}, None),
        ("MarianMTModel", {Score, Generate, Embed}, None),
        ("DebertaV2ForMaskedLM", {Fill, Embed, PseudoLikelihood}, None),
        ("ElectraForPreTraining", {Embed}, None),
        ("ModernBertModel", {Embed}, None),
        ("T5EncoderModel", {Embed}, None),
        ("ElectraForSequenceClassification", {Classify}, "classify"),
        ("ElectraForQuestionAnswering", {Extract}, "extract"),
        ("ElectraForMultipleChoice", {Choose}, "choose"),
    ],
)
def test_abilities_follow_from_the_architecture(
    architecture: str, abilities: set[type[Request]], head: str | None, make: Make
) -> None:
    card = describe(name_of(make(architecture).folder))
    assert card.abilities == abilities
    assert (card.head.kind if card.head else None) == head


def test_a_card_tells_what_transformers_counts(make: Make) -> None:
    made = make("DebertaV2ForMaskedLM")
    card = describe(name_of(made.folder))
    assert card.parameters == made.module.num_parameters()
    assert card.max_tokens == 64
    assert card.facts == {"task": "masked", "pooling": "mean"}


def test_one_output_is_a_regression(make: Make) -> None:
    card = describe(name_of(make("BertForSequenceClassification", num_labels=1).folder))
    assert card.head == Head(kind="regress")
    assert card.abilities == frozenset({Regress})


def test_the_option_task_decides_and_bars_training(make: Make) -> None:
    card = describe(name_of(make("GPTNeoXForCausalLM").folder, task="embed"))
    assert card.abilities == frozenset({Embed})
    assert card.trainable == frozenset()


def test_without_architectures_a_model_gives_vectors(folder: Path) -> None:
    assert describe(change(folder, architectures=None)).abilities == frozenset({Embed})


@pytest.mark.parametrize(
    ("file", "values"),
    [
        ("config.json", {"rotary_pct": 0.5}),
        ("generation_config.json", {"eos_token_id": 5}),
        ("tokenizer_config.json", {"chat_template": "{{ messages }}"}),
    ],
)
def test_every_file_that_changes_an_answer_changes_the_fingerprint(
    folder: Path, file: str, values: dict[str, Any]
) -> None:
    before = describe(name_of(folder)).fingerprint
    assert describe(change(folder, file, **values)).fingerprint != before


def test_every_option_that_changes_an_answer_changes_the_fingerprint(
    folder: Path,
) -> None:
    options: list[dict[str, str]] = [
        {},
        {"length": "32"},
        {"bos": "on"},
        {"pooling": "last"},
        {"task": "embed"},
        {"stride": "5"},
    ]
    marks = {describe(name_of(folder, **one)).fingerprint for one in options}
    assert len(marks) == len(options)


def test_other_files_do_not_change_the_fingerprint(folder: Path) -> None:
    before = describe(name_of(folder)).fingerprint
    (folder / "README.md").write_text("about the model")
    (folder / "trainer_state.json").write_text("{}")
    assert describe(name_of(folder)).fingerprint == before


@pytest.mark.parametrize(
    ("raw", "longest"),
    [
        ({"model_type": "opt", "max_position_embeddings": 2048}, 2048),
        ({"model_type": "gpt2", "n_positions": 1024}, 1024),
        (
            {
                "model_type": "roberta",
                "max_position_embeddings": 514,
                "pad_token_id": 1,
            },
            512,
        ),
        ({"model_type": "t5", "n_positions": 512}, None),
        ({"model_type": "bloom"}, None),
        ({"text_config": {"max_position_embeddings": 8192}}, 8192),
    ],
)
def test_the_longest_input_is_the_models_own(
    raw: dict[str, Any], longest: int | None
) -> None:
    assert longest_input(raw) == longest


def test_no_checkpoint_is_named() -> None:
    with pytest.raises(UsageError, match="names no checkpoint: write a Hub id"):
        describe(ModelName.parse("hub:"))


def test_an_option_that_is_none_is_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="unknown option 'colour'"):
        describe(name_of(folder, colour="red"))


def test_a_task_that_is_none_is_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="has task 'sing': expected classify or"):
        describe(name_of(folder, task="sing"))


def test_a_length_beyond_the_model_is_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"length '65': expected .* from 8 to 64"):
        describe(name_of(folder, length="65"))


def test_a_stride_that_leaves_nothing_is_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"stride '60': expected .* from 0 to 47"):
        describe(name_of(folder, stride="60"))


def test_a_folder_without_config_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"has no config\.json"):
        describe(name_of(tmp_path))


def test_an_architecture_that_is_no_text_model_is_refused() -> None:
    raw = {"architectures": ["ViTForImageClassification"]}
    with pytest.raises(
        CheckpointError, match="'ViTForImageClassification', which is no"
    ):
        find_kind(raw, Path("config.json"), None)


def test_a_picture_model_that_writes_text_is_refused() -> None:
    raw = {"architectures": ["LlavaForConditionalGeneration"]}
    with pytest.raises(CheckpointError, match="no text model that is known here"):
        find_kind(raw, Path("config.json"), None)


def test_several_labels_at_once_are_refused(make: Make, tmp_path: Path) -> None:
    source = make("ElectraForSequenceClassification").folder
    copy = copytree(source, tmp_path / "model")
    with pytest.raises(CheckpointError, match="problem_type 'multi_label"):
        describe(change(copy, problem_type="multi_label_classification"))


def test_a_pickle_is_refused_with_the_remedy(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(CheckpointError, match=r"is a pickle.*harness convert"):
        describe(name_of(folder))


def test_code_of_its_own_is_refused_before_weights_load(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness_hub.loading.load_model", pytest.fail)
    code = {"AutoConfig": "my.MyConfig", "AutoModelForCausalLM": "my.MyModel"}
    name = change(folder, model_type="my", auto_map=code)
    with pytest.raises(CheckpointError, match="needs Python code of its own") as error:
        load(name, LoadSettings())
    assert str(error.value).endswith("read it, and add the option remote_code=yes")


def test_code_of_its_own_runs_where_the_name_says_so(
    make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cache = "transformers.dynamic_module_utils.HF_MODULES_CACHE"
    monkeypatch.setattr(cache, str(tmp_path / "code"))
    monkeypatch.syspath_prepend(tmp_path / "code")
    folder = copytree(make("OPTForCausalLM").folder, tmp_path / "model")
    (folder / "my.py").write_text(
        "from transformers import OPTConfig, OPTForCausalLM\n"
        "class MyConfig(OPTConfig):\n    model_type = 'my'\n"
        "class MyModel(OPTForCausalLM):\n    config_class = MyConfig\n"
    )
    code = {"AutoConfig": "my.MyConfig", "AutoModelForCausalLM": "my.MyModel"}
    change(folder, model_type="my", auto_map=code)
    adapter = load(name_of(folder, remote_code="yes"), LoadSettings())
    assert type(adapter.module).__name__ == "MyModel"


@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json"])
def test_code_of_another_repository_is_refused(folder: Path, file: str) -> None:
    change(folder, file, auto_map={"AutoTokenizer": ["some/other--my.My", None]})
    with pytest.raises(CheckpointError, match="code of another repository"):
        load(name_of(folder, remote_code="yes"), LoadSettings())


def test_an_adapter_of_another_model_is_refused(folder: Path) -> None:
    (folder / "adapter_config.json").write_text("{}")
    with pytest.raises(CheckpointError, match="expected the weights of a whole model"):
        describe(name_of(folder))


def test_a_model_without_bound_is_cut_to_what_it_was_trained_on(
    make: Make, tmp_path: Path
) -> None:
    assert describe(name_of(make("T5EncoderModel").folder)).max_tokens == 512
    folder = copytree(make("GPTNeoXForCausalLM").folder, tmp_path / "copy")
    name = change(folder, max_position_embeddings=None)
    assert describe(name).max_tokens == 2048


def test_the_code_that_runs_is_part_of_the_fingerprint(folder: Path) -> None:
    (folder / "my.py").write_text("one = 1")
    name = name_of(folder, remote_code="yes")
    card = describe(name)
    (folder / "my.py").write_text("one = 2")
    assert describe(name).fingerprint != card.fingerprint
    assert card.facts["remote code"] == "runs"


def test_a_model_that_transformers_does_not_know_is_refused(folder: Path) -> None:
    name = change(folder, model_type="unheard-of")
    with pytest.raises(CheckpointError, match=r"the configuration of .*unheard-of"):
        load(name, LoadSettings())


def test_values_that_transformers_trips_over_are_refused(folder: Path) -> None:
    name = change(folder, model_type="mamba", layer_types=["full_attention"])
    with pytest.raises(CheckpointError, match=r"the configuration of .*layer_types"):
        load(name, LoadSettings())


def test_weights_that_are_missing_are_named(folder: Path) -> None:
    name = change(folder, num_hidden_layers=3)
    with pytest.raises(CheckpointError, match="lacks 12 weights of GPTNeoXForCausalLM"):
        load(name, LoadSettings())


def test_weights_of_another_shape_are_refused(folder: Path) -> None:
    name = change(folder, intermediate_size=40)
    with pytest.raises(CheckpointError, match=r"6 misshapen \(.*, not \(32, 40\)"):
        load(name, LoadSettings())


def test_a_head_that_was_never_trained_is_refused(make: Make) -> None:
    name = name_of(make("ElectraForMaskedLM").folder, task="classify")
    with pytest.raises(CheckpointError, match="lacks 4 weights of ElectraForSequence"):
        load(name, LoadSettings())


def test_a_tokenizer_beyond_the_vocabulary_is_refused(
    make: Make, tmp_path: Path
) -> None:
    folder = copytree(make("DebertaV2ForMaskedLM").folder, tmp_path / "model")
    with pytest.raises(CheckpointError, match="ids up to 319, the model has 300"):
        load(change(folder, vocab_size=300), LoadSettings())


def test_a_folder_without_tokenizer_is_refused(folder: Path) -> None:
    for path in folder.glob("tokenizer*"):
        path.unlink()
    with pytest.raises(CheckpointError, match="has no tokenizer: save the model's"):
        describe(name_of(folder))


def test_a_tokenizer_without_its_words_is_refused(make: Make, tmp_path: Path) -> None:
    folder = copytree(make("BertForMaskedLM").folder, tmp_path / "model")
    (folder / "tokenizer.json").unlink()
    change(folder, "tokenizer_config.json", tokenizer_class="BertTokenizer")
    with pytest.raises(CheckpointError, match="knows no word: save the model's"):
        load(name_of(folder), LoadSettings())


def test_quantised_weights_are_refused(folder: Path) -> None:
    name = change(folder, quantization_config={"quant_method": "bitsandbytes"})
    with pytest.raises(CheckpointError, match="has a quantization_config, expected"):
        load(name, LoadSettings())


def test_a_chat_that_there_is_not_is_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="has chat 'all' and no chat template"):
        describe(name_of(folder, chat="all"))


def test_bos_that_there_is_not_is_refused(make: Make, tmp_path: Path) -> None:
    folder = copytree(make("OPTForCausalLM").folder, tmp_path / "model")
    change(folder, "tokenizer_config.json", bos_token=None)
    with pytest.raises(CheckpointError, match="has no beginning-of-text token: leave"):
        load(name_of(folder, bos="on"), LoadSettings())


def test_weights_come_in_the_precision_asked_for(make: Make) -> None:
    settings = LoadSettings(dtype="bf16")
    adapter = load(name_of(make("OPTForCausalLM").folder), settings)
    assert {p.dtype for p in adapter.module.parameters()} == {torch.bfloat16}


def test_loading_and_saving_say_nothing(
    make: Make, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    adapter = load(name_of(make("ElectraForMaskedLM").folder), LoadSettings())
    capfd.readouterr()
    adapter.prepare(Head(kind="regress"), seed=1)
    adapter.save(tmp_path)
    assert capfd.readouterr() == ("", "")
