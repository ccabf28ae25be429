"""Adapters cross over: peft loads ours, and we load peft's, with equal outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import peft
import pytest
import torch
import transformers
from torch import Tensor

from harness.requests import (
    Classify,
    ClassifyAnswer,
    Generate,
    GenerateAnswer,
    Score,
    ScoreAnswer,
)
from harness_torch.tokenizers.byte_level import BYTE_VOCABULARY
from tests.plugins.finetune.tiny_recipes import (
    LABELS,
    SHALLOW,
    TEXTS,
    Model,
    answers,
    load_model,
    train_by,
)

pytestmark = pytest.mark.filterwarnings(
    "ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"
)  # peft asks transformers for it
TUNERS: dict[str, dict[str, Any]] = {
    "lora": {"r": 4, "lora_alpha": 8, "init_lora_weights": False},
    "rslora": {"r": 4, "lora_alpha": 8, "use_rslora": True, "init_lora_weights": False},
    "prompt": {"num_virtual_tokens": 3},
}
CHOICES = (" world", " you there", "!")


def adapted(model: Any, kind: str, task: str, folder: Path) -> Any:
    """Return a model with a random adapter of peft, which it has written."""
    settings = dict(TUNERS[kind])
    if kind != "prompt":
        settings["fan_in_fan_out"] = model.config.model_type == "gpt2"
    cls: Any = peft.PromptTuningConfig if kind == "prompt" else peft.LoraConfig
    torch.manual_seed(5)
    made: Any = peft.get_peft_model(model, cls(task_type=task, **settings))
    made.save_pretrained(folder)
    return made.eval()


def classifier(base: Path) -> Any:
    torch.manual_seed(4)
    cls: Any = transformers.BertForSequenceClassification
    return cls.from_pretrained(base, num_labels=2)


def their_probabilities(model: Any, base: Path) -> Tensor:
    """Return what peft's model says of the texts, each read alone."""
    rows = load_model(f"bert:{base}").tokenizer.encode([(t, None) for t in TEXTS])
    told = []
    for row in rows:
        given = {
            "input_ids": torch.tensor([row.ids]),
            "token_type_ids": torch.tensor([row.segments]),
            "attention_mask": torch.ones(1, len(row.ids)),
        }
        with torch.no_grad():
            told.append(model(**given).logits.softmax(dim=-1))
    return torch.cat(told)


def our_probabilities(model: Model, labels: tuple[str, ...] = LABELS) -> Tensor:
    told = answers(model, [Classify(text=text, labels=labels) for text in TEXTS])
    return torch.tensor(
        [a.probabilities for a in told if isinstance(a, ClassifyAnswer)]
    )


def assert_close(ours: Tensor, theirs: Tensor) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("recipe", ["lora", SHALLOW])
def test_peft_loads_what_a_recipe_wrote(
    recipe: str, bert_base: Path, tmp_path: Path
) -> None:
    made = train_by(recipe, f"bert:{bert_base}", tmp_path, learning_rate=0.05)
    theirs = peft.PeftModel.from_pretrained(classifier(bert_base), tmp_path).eval()
    ours = our_probabilities(load_model(made.name))
    assert_close(ours, their_probabilities(theirs, bert_base))


@pytest.mark.parametrize("kind", sorted(TUNERS))
def test_we_load_a_classifier_that_peft_wrote(
    kind: str, bert_base: Path, tmp_path: Path
) -> None:
    theirs = adapted(classifier(bert_base), kind, "SEQ_CLS", tmp_path)
    model = load_model(f"bert:{bert_base}+{tmp_path}")
    ours = our_probabilities(model, ("LABEL_0", "LABEL_1"))
    assert_close(ours, their_probabilities(theirs, bert_base))


@pytest.mark.parametrize("kind", ["lora", "prompt"])
@pytest.mark.parametrize("base", ["gpt2", "llama"])
def test_we_load_a_decoder_that_peft_wrote(
    base: str, kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    folder = request.getfixturevalue(f"{base}_base")
    whole: Any = transformers.AutoModelForCausalLM
    theirs = adapted(whole.from_pretrained(folder), kind, "CAUSAL_LM", tmp_path)
    model = load_model(f"gpt:{folder}+{tmp_path}")
    (told,) = answers(model, [Score(context="hello", choices=CHOICES)])
    assert isinstance(told, ScoreAnswer)
    expected = [score(theirs, model, "hello", choice) for choice in CHOICES]
    assert_close(torch.tensor(told.log_probabilities), torch.tensor(expected))


def score(theirs: Any, model: Model, context: str, choice: str) -> float:
    """Return a continuation's log-probability by peft's model."""
    before, after = (one.ids for one in model.tokenizer.pieces([context, choice]))
    ids = torch.tensor([before + after])
    with torch.no_grad():
        logits = theirs(input_ids=ids, attention_mask=torch.ones_like(ids)).logits
    told = logits[0, -len(after) - 1 : -1].log_softmax(dim=-1)
    return float(told[range(len(after)), after].sum())


@pytest.mark.parametrize("kind", ["lora", "prompt"])
def test_we_write_on_as_a_decoder_that_peft_wrote(
    kind: str, llama_base: Path, tmp_path: Path
) -> None:
    whole: Any = transformers.AutoModelForCausalLM
    theirs = adapted(whole.from_pretrained(llama_base), kind, "CAUSAL_LM", tmp_path)
    model = load_model(f"gpt:{llama_base}+{tmp_path}")
    (told,) = answers(model, [Generate(prompt="hello", max_tokens=6)])
    assert isinstance(told, GenerateAnswer)
    ids = torch.tensor([model.tokenizer.pieces(["hello"])[0].ids])
    for _ in range(6):
        with torch.no_grad():
            said = theirs(input_ids=ids, attention_mask=torch.ones_like(ids)).logits
        ids = torch.cat([ids, said[:, -1:].argmax(dim=-1)], dim=1)
    assert told.text == model.tokenizer.decode(ids[0, 5:].tolist())


@pytest.mark.parametrize("kind", ["lora", "prompt"])
def test_we_load_an_encoder_decoder_that_peft_wrote(
    kind: str, t5_base: Path, tmp_path: Path
) -> None:
    whole: Any = transformers.T5ForConditionalGeneration
    theirs = adapted(whole.from_pretrained(t5_base), kind, "SEQ_2_SEQ_LM", tmp_path)
    model = load_model(f"t5:{t5_base}+{tmp_path}")
    (told,) = answers(model, [Score(context="hello", choices=("world",))])
    assert isinstance(told, ScoreAnswer)
    source, target = (one.ids for one in model.tokenizer.pieces(["hello", "world"]))
    ids = torch.tensor([[*source, 1]])
    with torch.no_grad():
        logits = theirs(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            decoder_input_ids=torch.tensor([[0, *target[:-1]]]),
        ).logits
    expected = logits[0].log_softmax(dim=-1)[range(len(target)), target].sum()
    assert_close(torch.tensor(told.log_probabilities[0]), expected)


@pytest.mark.parametrize("base", ["gpt2", "llama"])
def test_a_decoder_merged_with_an_adapter_of_peft_loads_in_transformers(
    base: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    folder = request.getfixturevalue(f"{base}_base")
    whole: Any = transformers.AutoModelForCausalLM
    place = tmp_path / "adapter"
    theirs = adapted(whole.from_pretrained(folder), "lora", "CAUSAL_LM", place)
    load_model(f"gpt:{folder}+{place}").save(tmp_path / "merged")
    merged = whole.from_pretrained(tmp_path / "merged").eval()
    ids = torch.tensor([[5, 80, 120, 33]])
    with torch.no_grad():
        assert_close(merged(input_ids=ids).logits, theirs(input_ids=ids).logits)


@pytest.mark.parametrize(
    "asked",
    [
        Generate(prompt="x" * 200, max_tokens=4),
        Score(context="x" * 200, choices=("yes", "nay")),
    ],
)
def test_a_long_text_is_cut_behind_the_virtual_tokens(
    asked: Generate | Score, gpt2_base: Path, tmp_path: Path
) -> None:
    whole: Any = transformers.AutoModelForCausalLM
    adapted(whole.from_pretrained(gpt2_base), "prompt", "CAUSAL_LM", tmp_path)
    (encoded,) = load_model(f"gpt:{gpt2_base}+{tmp_path}").encode([asked])
    assert list(encoded.ids[:3]) == [BYTE_VOCABULARY + place for place in range(3)]
    assert encoded.truncated_tokens > 0
    assert len(encoded.ids) <= 64 + 2  # what branches from one context


@pytest.mark.parametrize("kind", ["lora", "prompt"])
def test_hub_reads_an_encoder_decoder_that_peft_wrote_as_t5_does(
    kind: str, t5_base: Path, tmp_path: Path
) -> None:
    whole: Any = transformers.T5ForConditionalGeneration
    adapted(whole.from_pretrained(t5_base), kind, "SEQ_2_SEQ_LM", tmp_path)
    asked = [Score(context="hello", choices=CHOICES)]
    told = []
    for family in ("t5", "hub"):
        (answer,) = answers(load_model(f"{family}:{t5_base}+{tmp_path}"), asked)
        assert isinstance(answer, ScoreAnswer)
        told.append(torch.tensor(answer.log_probabilities))
    torch.testing.assert_close(*told, rtol=1e-4, atol=1e-4)
