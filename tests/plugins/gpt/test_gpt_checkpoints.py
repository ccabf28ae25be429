"""Checkpoints: what is told before they load, and that others can load ours."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from harness import Budget, CheckpointError, Head, LoadSettings, ModelName, UsageError
from harness.model import Adapter, Trainable, TrainingExample
from harness.requests import (
    Classify,
    ClassifyAnswer,
    Embed,
    Fill,
    Follow,
    Generate,
    Likelihood,
    Regress,
    RegressAnswer,
    Request,
    Score,
)
from harness_gpt.adapter import GptAdapter
from harness_gpt.plugin import describe, harness_models, load, worded
from harness_torch.tokenizers.byte_level import BOS, EOS

Case = tuple[str, dict[str, Any]]
Opened = Callable[..., GptAdapter]
Saved = Callable[..., Any]
LABELS = ("bad", "fair", "good")
HEAD = Head(kind="classify", labels=LABELS)
REGRESS = Head(kind="regress")
TINY = ModelName.parse("gpt:tiny")
TEXTS = [("a b c", None), ("a", "b c d e"), ("", ""), ("", None), ("z" * 80, "yy")]
CLASSIFIED: list[Request] = [Classify(text=a, pair=b, labels=LABELS) for a, b in TEXTS]
REGRESSED: list[Request] = [Regress(text=a, pair=b) for a, b in TEXTS]


def numbers(
    model: GptAdapter, requests: list[Request], tokens: int = 999
) -> torch.Tensor:
    encoded = model.encode(requests)
    answers = dict(model.session().answer(encoded, Budget(tokens=tokens)))
    told = [answers[key] for key in range(len(requests))]
    return torch.tensor(
        [
            a.probabilities if isinstance(a, ClassifyAnswer) else (a.value,)
            for a in told
            if isinstance(a, ClassifyAnswer | RegressAnswer)
        ]
    )


def name_of(folder: Path, **options: str) -> ModelName:
    return ModelName(adapter="gpt", checkpoint=str(folder), options=options)


def edit(folder: Path, **settings: object) -> None:
    raw = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**raw, **settings}))


def prepared(model: GptAdapter, head: Head) -> GptAdapter:
    """Give a head; the noise makes its answers differ."""
    module = model.prepare(head, seed=1)
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.1)
    return model


@pytest.mark.parametrize("head", [HEAD, REGRESS])
@torch.inference_mode()
def test_transformers_loads_what_was_saved_with_equal_logits(
    architecture: Case, saved: Saved, opened: Opened, tmp_path: Path, head: Head
) -> None:
    saved(*architecture)
    model = prepared(opened(), head)
    model.save(tmp_path / "ours")
    theirs, loading = transformers.AutoModelForSequenceClassification.from_pretrained(
        tmp_path / "ours", output_loading_info=True
    )
    assert not loading["missing_keys"]
    assert not loading["unexpected_keys"]
    requests = CLASSIFIED if head is HEAD else REGRESSED
    rows = [list(item.ids) for item in model.encode(requests)]
    longest = max(len(row) for row in rows)
    pad = theirs.config.pad_token_id
    padded = torch.tensor([row + [pad] * (longest - len(row)) for row in rows])
    logits = theirs(padded, attention_mask=(padded != pad).long()).logits
    expected = logits.softmax(-1) if head is HEAD else logits
    assert torch.allclose(numbers(model, requests), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("head", [HEAD, REGRESS])
def test_a_saved_head_loads_and_answers_the_same(
    architecture: Case, saved: Saved, opened: Opened, tmp_path: Path, head: Head
) -> None:
    saved(*architecture)
    model = prepared(opened(), head)
    model.save(tmp_path / "ours")
    again = load(name_of(tmp_path / "ours"), LoadSettings())
    requests = CLASSIFIED if head is HEAD else REGRESSED
    before, after = numbers(model, requests), numbers(again, requests)
    assert torch.allclose(before, after, rtol=0, atol=1e-6)
    assert torch.allclose(after, numbers(again, requests, 1), rtol=0, atol=1e-5)
    assert describe(name_of(tmp_path / "ours")).head == head


@torch.inference_mode()
def test_a_classifier_of_transformers_answers_as_there(
    architecture: Case, saved: Saved, opened: Opened
) -> None:
    labels = {"id2label": {0: "bad", 1: "fair", 2: "good"}}
    family, settings = architecture
    theirs = saved(family, settings | labels, "ForSequenceClassification")
    model = opened()
    for row, item in zip(
        numbers(model, CLASSIFIED), model.encode(CLASSIFIED), strict=True
    ):
        expected = theirs(torch.tensor([item.ids])).logits[0].softmax(-1)
        assert torch.allclose(row, expected, rtol=0, atol=1e-5)


@pytest.fixture
def gpt2(saved: Saved, cases: Any) -> Any:
    return saved(*cases["gpt2"])


def test_padding_that_ends_a_text_is_left_out(gpt2: Any, opened: Opened) -> None:
    # transformers takes the vector of the last token that is no padding
    model = prepared(opened(), HEAD)
    texts = ("abc", "abc<|pad|><|pad|>", "<|pad|>")
    rows = model.encode([Classify(text=text, labels=LABELS) for text in texts])
    assert [len(row.ids) for row in rows] == [4, 4, 1]


def test_a_language_model_is_described_without_its_weights(
    gpt2: Any, tmp_path: Path
) -> None:
    card = describe(name_of(tmp_path))
    assert card.abilities == {Score, Generate, Likelihood, Fill, Follow, Embed}
    assert card.trainable == {"classify", "regress", "tag", "language"}
    assert card.parameters == sum(p.numel() for p in gpt2.parameters())
    assert card.max_tokens == 64
    assert card.head is None


def test_the_card_tells_how_texts_are_read(gpt2: Any, tmp_path: Path) -> None:
    facts = describe(name_of(tmp_path)).facts
    assert facts == {
        "beginning of text": "token 2, once",
        "chat template": "none",
        "pooling": "mean",
        "tokenizer": "tokenizer.json",
    }
    without = describe(name_of(tmp_path, bos="off", pooling="last")).facts
    assert without["beginning of text"] == "none"
    assert without["pooling"] == "last"


def test_the_card_names_the_chat_template(gpt2: Any, tmp_path: Path) -> None:
    (tmp_path / "chat_template.jinja").write_text("{{ messages }}")
    facts = describe(name_of(tmp_path)).facts
    template, around = facts["chat template"].split(", around ")
    assert (template[:27], around) == ("chat_template.jinja, sha256", "messages")
    around_all = describe(name_of(tmp_path, chat="all")).facts["chat template"]
    assert around_all == f"{template}, around every prompt"
    assert describe(name_of(tmp_path, chat="off")).facts["chat template"] == "none"


def test_a_chat_model_prefers_an_instruction(gpt2: Any, tmp_path: Path) -> None:
    plain = ("rank", "generate", "lm-eval")
    assert describe(name_of(tmp_path)).prefers == plain
    (tmp_path / "chat_template.jinja").write_text("{{ messages }}")
    chat = describe(name_of(tmp_path)).prefers
    assert chat == ("rank", "generate", "chat", "lm-eval")
    assert describe(name_of(tmp_path, chat="all")).prefers == chat
    assert describe(name_of(tmp_path, chat="off")).prefers == plain


def test_options_and_files_change_the_fingerprint(gpt2: Any, tmp_path: Path) -> None:
    def fingerprint(**options: str) -> str:
        return describe(name_of(tmp_path, **options)).fingerprint

    told = [fingerprint(), fingerprint(bos="off"), fingerprint(length="32")]
    told += [fingerprint(pooling="last")]
    assert fingerprint(chat="off") == fingerprint()  # there is no template
    (tmp_path / "generation_config.json").write_text('{"eos_token_id": 7}')
    told += [fingerprint()]
    (tmp_path / "chat_template.jinja").write_text("{{ messages }}")
    told += [fingerprint(), fingerprint(chat="off"), fingerprint(chat="all")]
    assert len({*told}) == 8


def test_the_words_of_a_message_stand_in_the_chat_template(
    gpt2: Any, tmp_path: Path
) -> None:
    text, message = Generate(prompt="yes"), Generate(prompt="yes", is_message=True)
    assert worded(name_of(tmp_path), message) is None
    template = "{{ bos_token }}[{{ messages[0].content }}]"
    (tmp_path / "chat_template.jinja").write_text(template)
    assert worded(name_of(tmp_path), message) == "<|bos|>[yes]"
    assert worded(name_of(tmp_path), text) is None
    assert worded(name_of(tmp_path, chat="all"), text) == "<|bos|>[yes]"
    assert worded(name_of(tmp_path, chat="off"), message) is None
    (entry,) = harness_models()
    assert entry.worded is worded  # so that `harness show` tells it


def test_describing_loads_no_torch(gpt2: Any, tmp_path: Path) -> None:
    code = f"""
import sys
from harness import ModelName
from harness_gpt.plugin import describe
describe(ModelName(adapter="gpt", checkpoint={str(tmp_path)!r}))
assert "torch" not in sys.modules and "transformers" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("option", ["bos", "chat", "pooling"])
def test_an_option_of_another_value_is_refused(
    gpt2: Any, opened: Opened, option: str
) -> None:
    with pytest.raises(UsageError, match=f"has {option} 'maybe': expected"):
        opened(**{option: "maybe"})


def test_an_unknown_option_is_refused(gpt2: Any, opened: Opened) -> None:
    with pytest.raises(UsageError, match="unknown option 'window': expected length"):
        opened(window="3")


def ids_of(model: GptAdapter, text: str) -> list[int]:
    (encoded,) = model.encode([Embed(text=text)])
    return list(encoded.ids)


@pytest.mark.parametrize(
    ("bos", "text", "expected"),
    [
        ("auto", "a", [BOS, 101]),
        ("on", "a", [BOS, 101]),
        ("off", "a", [101]),
        ("on", "<|bos|>a", [BOS, 101]),
        ("on", "<|eos|>", [BOS, EOS]),
        ("off", "<|eos|>", [EOS]),
    ],
)
def test_there_is_one_beginning_or_none(
    gpt2: Any, opened: Opened, bos: str, text: str, expected: list[int]
) -> None:
    assert ids_of(opened(bos=bos), text) == expected


def test_a_base_model_without_output_layer_only_embeds(
    saved: Saved, opened: Opened, cases: Any, tmp_path: Path
) -> None:
    theirs = saved(*cases["llama"], "Model")
    assert describe(name_of(tmp_path)).abilities == {Embed}
    (encoded,) = opened().encode([Embed(text="ab")])
    ((_, answer),) = opened().session().answer([encoded], Budget(tokens=9))
    states = theirs(torch.tensor([list(encoded.ids)])).last_hidden_state[0]
    assert answer.vector == pytest.approx(states.mean(0).tolist(), abs=1e-5)  # type: ignore[attr-defined] # an EmbedAnswer


def test_old_names_and_buffers_are_understood(
    gpt2: Any, opened: Opened, tmp_path: Path
) -> None:
    file = tmp_path / "model.safetensors"
    tensors = load_file(file)
    before = opened().module.state_dict()
    old = {n.removeprefix("transformer."): t for n, t in tensors.items()}
    for layer in range(3):
        old[f"h.{layer}.attn.bias"] = torch.ones(1, 1, 64, 64)
        old[f"h.{layer}.attn.masked_bias"] = torch.tensor(-1e4)
    old["lm_head.weight"] = old["wte.weight"].clone()
    save_file(old, file, metadata={"format": "pt"})
    after = opened().module.state_dict()
    assert all(torch.equal(after[name], before[name]) for name in before)


def test_a_tensor_that_is_missing_is_named(
    gpt2: Any, opened: Opened, tmp_path: Path
) -> None:
    file = tmp_path / "model.safetensors"
    tensors = load_file(file)
    del tensors["transformer.h.1.mlp.c_fc.bias"]
    save_file(tensors, file, metadata={"format": "pt"})
    with pytest.raises(CheckpointError, match=r"1 missing \(transformer.h.1.mlp.c_fc"):
        opened()


def test_a_vocabulary_larger_than_the_embedding_is_refused(
    saved: Saved, opened: Opened, cases: Any
) -> None:
    family, settings = cases["gpt2"]
    saved(family, settings | {"vocab_size": 100})
    with pytest.raises(
        CheckpointError, match="has 260 ids, the model 100 word vectors"
    ):
        opened()


def test_rows_beyond_the_vocabulary_are_welcome(
    saved: Saved, opened: Opened, cases: Any
) -> None:
    family, settings = cases["gpt2"]
    saved(family, settings | {"vocab_size": 300})
    assert ids_of(opened(), "a") == [BOS, 101]


def test_a_tokenizer_without_beginning_and_end_is_told(
    gpt2: Any, opened: Opened, tmp_path: Path
) -> None:
    from harness_torch.tokenizers.byte_level import byte_tokenizer

    files = byte_tokenizer(length=64, bos=False, eos=False).files
    (tmp_path / "tokenizer.json").write_bytes(files["tokenizer.json"])
    (tmp_path / "tokenizer_config.json").write_text("{}")
    model = opened()
    for request in (Likelihood(text="a"), Score(context="", choices=("a",))):
        with pytest.raises(CheckpointError, match="has no beginning-of-text and no"):
            model.encode([request])


def test_a_name_without_checkpoint_is_refused() -> None:
    with pytest.raises(UsageError, match="write gpt:tiny, a Hub id such as gpt:openai"):
        describe(ModelName.parse("gpt:"))


def test_the_entry_names_all_options() -> None:
    (entry,) = harness_models()
    assert entry.name == "gpt"
    assert set(entry.options) == {"length", "revision", "bos", "chat", "pooling"}


def test_the_adapter_is_both_an_adapter_and_trainable() -> None:
    model = load(TINY, LoadSettings())
    assert isinstance(model, Adapter)
    assert isinstance(model, Trainable)


def test_the_loss_reaches_every_parameter(
    architecture: Case, saved: Saved, opened: Opened
) -> None:
    saved(*architecture)
    model = prepared(opened(), HEAD)
    right = ClassifyAnswer(probabilities=(0.0, 1.0, 0.0))
    examples = [TrainingExample(request=r, answer=right) for r in CLASSIFIED]
    loss = model.loss(model.encode_training(examples))
    loss.total.backward()
    without = [n for n, p in model.module.named_parameters() if p.grad is None]
    assert without == []
    assert loss.count == len(CLASSIFIED)
