"""T5 checkpoints: what is told before they load, what is refused, who loads ours."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from torch import nn

from harness import (
    Budget,
    CheckpointError,
    Encoded,
    Head,
    LoadSettings,
    ModelCard,
    ModelName,
    PluginError,
    UsageError,
)
from harness.model import TrainingExample
from harness.requests import (
    Classify,
    ClassifyAnswer,
    Embed,
    Fill,
    Generate,
    Regress,
    Request,
    Score,
)
from harness_t5.adapter import T5Adapter
from harness_t5.plugin import describe, harness_models, load
from harness_torch.tokenizers.byte_level import byte_tokenizer

LABELS = ("bad", "fair", "good")
HEAD = Head(kind="classify", labels=LABELS)
CPU = torch.device("cpu")
SMALL: dict[str, Any] = {
    "d_model": 16,
    "d_kv": 6,
    "d_ff": 24,
    "num_layers": 2,
    "num_heads": 2,
    "decoder_start_token_id": 0,
}


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def card(name: str | Path) -> ModelCard:
    text = str(name)
    return describe(ModelName.parse(text if ":" in text else f"t5:{text}"))


def loaded(folder: Path) -> T5Adapter:
    return load(ModelName(adapter="t5", checkpoint=str(folder)), LoadSettings())


def ask(adapter: T5Adapter, asked: list[Request]) -> list[Any]:
    encoded = adapter.encode(asked)
    answers = dict(adapter.session().answer(iter(encoded), Budget(tokens=999)))
    return [answers[item.key] for item in encoded]


def perturbed(model: Any) -> Any:
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return model.eval()


def save(model: Any, folder: Path) -> None:
    """Write a checkpoint of transformers with a tokenizer of bytes."""
    model.save_pretrained(folder)
    for name, content in byte_tokenizer(length=64, bos=False, eos=True).files.items():
        (folder / name).write_bytes(content)


def random_t5(**changes: Any) -> Any:
    torch.manual_seed(4)
    values = {"vocab_size": 264, **SMALL, **changes}
    return perturbed(
        transformers.T5ForConditionalGeneration(transformers.T5Config(**values))
    )


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    save(random_t5(), folder)
    return folder


@pytest.fixture
def copy(base: Path, tmp_path: Path) -> Path:
    """Hold a checkpoint that a test may spoil."""
    return Path(shutil.copytree(base, tmp_path / "copy"))


def rewrite(folder: Path, file: str = "config.json", **changes: Any) -> None:
    path = folder / file
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def stored(folder: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    path = folder / "model.safetensors"
    save_file(change(load_file(path)), path, metadata={"format": "pt"})


@torch.inference_mode()
def first_logits(adapter: T5Adapter) -> torch.Tensor:
    """Return the logits of the first token that is written after a source."""
    from harness_t5.decoding import T5Decoding

    source = Encoded(key=0, request=Generate(prompt=""), cost=3, ids=[7, 8, 1])
    return T5Decoding(adapter.module, "t5").go_on([], [source])


@torch.inference_mode()
def reference_logits(folder: Path) -> torch.Tensor:
    made: Any = transformers.T5ForConditionalGeneration
    model = made.from_pretrained(folder)
    ids = torch.tensor([[7, 8, 1]]), torch.tensor([[0]])
    logits: torch.Tensor = model(ids[0], decoder_input_ids=ids[1]).logits[:, -1]
    return logits


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("has_own_output", [True, False])
def test_outputs_tied_or_not_scaled_or_not_are_read_as_transformers_reads_them(
    tmp_path: Path, tied: bool, has_own_output: bool
) -> None:
    model = random_t5(tie_word_embeddings=tied)
    if has_own_output:
        model.lm_head.weight = nn.Parameter(torch.randn(264, 16))
    save(model, tmp_path)
    assert ("lm_head.weight" in load_file(tmp_path / "model.safetensors")) == (
        has_own_output
    )
    ours, theirs = first_logits(loaded(tmp_path)), reference_logits(tmp_path)
    assert torch.allclose(ours, theirs, rtol=1e-5, atol=1e-5)


def test_configurations_of_before_transformers_5_are_read(copy: Path) -> None:
    raw = json.loads((copy / "config.json").read_text())
    raw.pop("scale_decoder_outputs")
    raw.pop("relative_attention_max_distance")
    (copy / "config.json").write_text(json.dumps(raw | {"tie_word_embeddings": False}))
    assert not loaded(copy).module.config.scales_output
    ours, theirs = first_logits(loaded(copy)), reference_logits(copy)
    assert torch.allclose(ours, theirs, rtol=1e-5, atol=1e-5)


def test_embeddings_stored_under_old_names_are_found(copy: Path) -> None:
    before = first_logits(loaded(copy))
    bias = "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"

    def renamed(tensors: dict[str, Any]) -> dict[str, Any]:
        shared = tensors.pop("shared.weight")
        extra = {"decoder.embed_tokens.weight": shared.clone(), bias: torch.ones(32, 2)}
        return tensors | {"encoder.embed_tokens.weight": shared, **extra}

    stored(copy, renamed)
    assert torch.equal(first_logits(loaded(copy)), before)


def test_start_and_end_come_from_the_generation_configuration_first(
    copy: Path,
) -> None:
    rewrite(copy, "generation_config.json", eos_token_id=[1, 9])
    rewrite(copy, "generation_config.json", decoder_start_token_id=5)
    config = loaded(copy).module.config
    assert (config.start_token_id, config.end_token_ids) == (5, frozenset({1, 9}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model_type": "umt5"}, "model_type 'umt5', expected t5 or mt5: use another"),
        ({"model_type": "bart"}, "model_type 'bart', expected t5 or mt5"),
        ({"feed_forward_proj": "gated-swoosh"}, "feed_forward_proj is 'gated-swoosh'"),
        ({"d_kv": 0}, "has d_kv 0, expected a positive whole number"),
        ({"eos_token_id": "</s>"}, "has eos_token_id '</s>', expected a token id"),
        ({"decoder_start_token_id": 999}, "token id 999 of the decoder's start"),
        ({"relative_attention_num_buckets": 7}, "relative_attention_num_buckets is 7"),
        ({"quantization_config": {}}, "quantization_config is {}, expected None"),
        ({"num_layers": 3}, r"8 missing \(encoder\.block\.2\.layer\.0"),
        ({"vocab_size": 300}, r"shared\.weight is \(264, 16\), not \(300, 16\)"),
    ],
)
def test_a_wrong_configuration_is_refused(
    copy: Path, changes: dict[str, Any], message: str
) -> None:
    (copy / "generation_config.json").unlink()
    rewrite(copy, **changes)
    with pytest.raises(CheckpointError, match=message):
        card(copy)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("t5:tiny,shape=2", "unknown option 'shape': expected length or revision"),
        ("t5:tiny,length=7", "length '7': expected a whole number from 8"),
        ("t5:", "names no checkpoint: write t5:tiny, a Hub id such as t5:google-t5"),
    ],
)
def test_a_name_that_means_nothing_is_refused(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        card(name)


def test_a_tokenizer_with_more_ids_than_vectors_is_refused(tmp_path: Path) -> None:
    save(random_t5(vocab_size=100), tmp_path)
    with pytest.raises(
        CheckpointError, match="has 260 ids, the model 100 word vectors"
    ):
        loaded(tmp_path)


def test_classifiers_of_transformers_are_refused_with_the_reason(
    tmp_path: Path,
) -> None:
    values = {"vocab_size": 264, **SMALL}
    config = transformers.T5Config(**values)
    save(transformers.T5ForSequenceClassification(config), tmp_path)
    with pytest.raises(
        CheckpointError, match="trained head of T5ForSequenceClassification, expected"
    ):
        card(tmp_path)


def test_an_encoder_alone_embeds_and_says_why_it_does_not_write(
    tmp_path: Path,
) -> None:
    config = transformers.T5Config(**{"vocab_size": 264, **SMALL})
    save(transformers.T5EncoderModel(config), tmp_path)
    told = card(tmp_path)
    assert told.abilities == {Embed}
    assert told.facts["Generate"] == "the checkpoint holds an encoder alone"
    with pytest.raises(PluginError, match="was asked a Score request: it answers"):
        loaded(tmp_path).encode([Score(context="a", choices=("b",))])


@pytest.fixture
def trained(copy: Path) -> T5Adapter:
    adapter = loaded(copy)
    adapter.prepare(HEAD, seed=1)
    return adapter


ASKED: list[Request] = [
    Classify(text=text, pair=pair, labels=LABELS)
    for text, pair in (("a b", None), ("", "x"), ("", None), ("a" * 600, "b"))
]


def test_a_saved_classifier_loads_and_answers_the_same(
    trained: T5Adapter, tmp_path: Path
) -> None:
    trained.save(tmp_path / "saved")
    told = card(tmp_path / "saved")
    assert (told.head, told.abilities) == (HEAD, frozenset({Classify}))
    before, after = ask(trained, ASKED), ask(loaded(tmp_path / "saved"), ASKED)
    for one, other in zip(before, after, strict=True):
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-6)
    assert before[0].probabilities != pytest.approx(before[1].probabilities, abs=1e-3)


@torch.inference_mode()
def test_transformers_loads_the_encoder_of_what_was_saved(
    trained: T5Adapter, tmp_path: Path
) -> None:
    trained.save(tmp_path / "saved")
    made: Any = transformers.T5EncoderModel
    model = made.from_pretrained(tmp_path / "saved")
    (item,) = trained.encode(ASKED[:1])
    states = model(torch.tensor([list(item.ids)])).last_hidden_state
    classifier = cast(nn.Linear, trained.module.classifier)
    theirs = classifier(states.mean(dim=1)).softmax(dim=-1)[0]
    (ours,) = ask(trained, ASKED[:1])
    assert ours.probabilities == pytest.approx(theirs.tolist(), abs=1e-6)


def test_a_regressor_answers_values(copy: Path, tmp_path: Path) -> None:
    adapter = loaded(copy)
    adapter.prepare(Head(kind="regress"), seed=1)
    adapter.save(tmp_path / "saved")
    asked: list[Request] = [Regress(text="a"), Regress(text="b", pair="c")]
    values = [answer.value for answer in ask(adapter, asked)]
    again = [answer.value for answer in ask(loaded(tmp_path / "saved"), asked)]
    assert values == pytest.approx(again, abs=1e-6)


def test_training_reaches_every_weight_that_is_left(trained: T5Adapter) -> None:
    right = ClassifyAnswer(probabilities=(0.0, 1.0, 0.0))
    examples = [TrainingExample(request=r, answer=right) for r in ASKED]
    trained.loss(trained.encode_training(examples)).total.backward()
    assert all(p.grad is not None for p in trained.module.parameters())


def test_bf16_is_autocast_once_prepared(base: Path, trained: T5Adapter) -> None:
    low = load(ModelName.parse(f"t5:{base}"), LoadSettings(dtype="bf16"))
    low.prepare(HEAD, seed=1)
    rough, exact = (ask(one, ASKED)[0].probabilities for one in (low, trained))
    assert rough == pytest.approx(exact, abs=0.05)
    assert rough != exact
    assert low.module.shared.weight.dtype == torch.float32


def test_a_head_of_another_kind_is_refused(copy: Path) -> None:
    with pytest.raises(PluginError, match="can't have a 'extract' head with 0 labels"):
        loaded(copy).prepare(Head(kind="extract"), seed=1)


def test_the_plugin_registers_one_entry_whose_examples_parse() -> None:
    (entry,) = harness_models()
    assert entry.name == "t5"
    assert {ModelName.parse(name).adapter for name in entry.examples} == {"t5"}


def test_describing_loads_no_torch(base: Path) -> None:
    code = (
        "import sys; from harness import ModelName; from harness_t5 import plugin;"
        f"plugin.describe(ModelName.parse('t5:{base}'));"
        "plugin.describe(ModelName.parse('t5:tiny'));"
        "print([m for m in ('torch', 'transformers', 'tokenizers', 'numpy', "
        "'huggingface_hub') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_a_tokenizer_without_sentinels_is_told_so_where_the_files_say_otherwise(
    copy: Path,
) -> None:
    rewrite(copy, "tokenizer_config.json", note="<extra_id_1>")
    adapter = loaded(copy)
    with pytest.raises(CheckpointError, match="reads <extra_id_0> as 12 tokens"):
        adapter.encode([Fill(text="{blank}", candidates=("a",))])


@pytest.mark.parametrize(("extra_ids", "has_fill"), [(100, True), (0, False)])
def test_pieces_have_sentinels_unless_the_settings_say_none(
    copy: Path, extra_ids: int, has_fill: bool
) -> None:
    (copy / "tokenizer.json").unlink()
    (copy / "spiece.model").write_bytes(b"pieces")
    rewrite(copy, "tokenizer_config.json", extra_ids=extra_ids)
    assert (Fill in card(copy).abilities) is has_fill
