"""What trains tiny models by every recipe, in a second each, and asks them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import torch

from harness import Budget, Head, LoadSettings, ModelEntry, ModelName, RecipeEntry
from harness.model import Adapter, TrainingExample
from harness.recipe import TrainJob, TrainReport
from harness.requests import Answer, Classify, ClassifyAnswer, Request
from harness_bert.plugin import harness_models as bert
from harness_finetune.plugin import harness_recipes
from harness_gpt.plugin import harness_models as gpt
from harness_hub.plugin import harness_models as hub
from harness_t5.plugin import harness_models as t5
from harness_torch.tokenizers.byte_level import BYTE_VOCABULARY, byte_tokenizer
from harness_torch.trainable import TrainableAdapter

ENTRIES: dict[str, ModelEntry] = {
    entry.name: entry for made in (bert(), gpt(), t5(), hub()) for entry in made
}
RECIPES: dict[str, RecipeEntry] = {entry.name: entry for entry in harness_recipes()}
LABELS = ("bad", "good")
CLASSIFIER = Head(kind="classify", labels=LABELS)
SHALLOW = "prompt-tuning,depth=input"
TEXTS = ("a good film", "a bad film", "good", "bad", "so very good", "how bad it was")

Model = TrainableAdapter[Any, Any, Any]


class Trained(NamedTuple):
    """A trained model as it stands, what was reported, and what was written."""

    model: Model
    report: TrainReport
    folder: Path
    name: ModelName


def examples(texts: Sequence[str] = TEXTS) -> list[TrainingExample]:
    """Return texts with the one label or the other."""
    return [
        TrainingExample(
            request=Classify(text=text, labels=LABELS),
            answer=ClassifyAnswer(
                probabilities=(float("bad" in text), float("bad" not in text))
            ),
        )
        for text in texts
    ]


def load_model(name: ModelName | str, *, seed: int = 1) -> Model:
    """Load a model, which is one of the torch shelf."""
    name = ModelName.parse(name) if isinstance(name, str) else name
    model = ENTRIES[name.adapter].load(name, LoadSettings(seed=seed))
    assert isinstance(model, TrainableAdapter)
    return model


def train_by(
    recipe: str,
    base: str,
    folder: Path,
    *,
    head: Head = CLASSIFIER,
    learn: Sequence[TrainingExample] = (),
    seed: int = 1,
    job: Mapping[str, Any] | None = None,
    **changes: object,
) -> Trained:
    """Train a model by a recipe, for a few steps unless the settings say otherwise.

    Settings that are words may stand behind the recipe, as in ``name,key=word``.
    """
    recipe, *words = recipe.split(",")
    told = dict(word.split("=") for word in words)
    entry, name = RECIPES[recipe], ModelName.parse(base)
    settings = entry.settings(**{"epochs": 2.0, "batch_size": 4, **told, **changes})
    card = ENTRIES[name.adapter].describe(name)
    model = load_model(name, seed=seed)
    folder.mkdir(exist_ok=True)
    work = TrainJob(
        model=model,
        head=head,
        examples=list(learn) or examples(),
        settings=entry.resolve(settings, card),
        seed=seed,
        load=LoadSettings(seed=seed),
        folder=folder,
        on_step=lambda _: None,
    )
    report = entry.run(replace(work, **(job or {})))
    saved = f"{name.checkpoint}+{folder}" if entry.saves == "adapter" else str(folder)
    return Trained(model, report, folder, replace(name, checkpoint=saved))


def answers(model: Adapter, asked: Sequence[Request]) -> list[Answer]:
    """Return a model's answers, in order."""
    encoded = model.encode(asked)
    found = dict(model.session().answer(iter(encoded), Budget(tokens=4096)))
    return [found[item.key] for item in encoded]


def probabilities(model: Adapter, texts: Sequence[str] = TEXTS) -> torch.Tensor:
    """Return a classifier's probabilities, ``(texts, labels)``."""
    told = answers(model, [Classify(text=text, labels=LABELS) for text in texts])
    return torch.tensor(
        [a.probabilities for a in told if isinstance(a, ClassifyAnswer)]
    )


def save_words(folder: Path, size: int) -> Path:
    """Put a tokenizer that needs no vocabulary beside a BERT model."""
    (folder / "word_hash.json").write_text(f'{{"vocab_size": {size}}}')
    return folder


def save_bytes(folder: Path, *, eos: bool) -> Path:
    """Put a tokenizer of bytes beside a model that writes."""
    made = byte_tokenizer(length=64, bos=False, eos=eos)
    for name, content in made.files.items():
        (folder / name).write_bytes(content)
    return folder


def noisy(model: Any) -> Any:
    """Move every parameter, so that none could be left out unseen."""
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.1)
    return model.eval()


BERT: dict[str, Any] = {
    "vocab_size": 90,
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 36,
    "max_position_embeddings": 40,
}
GPT2: dict[str, Any] = {
    "vocab_size": BYTE_VOCABULARY,
    "n_embd": 24,
    "n_layer": 2,
    "n_head": 4,
}
LLAMA: dict[str, Any] = {
    **BERT,
    "vocab_size": BYTE_VOCABULARY,
    "num_key_value_heads": 2,
    "pad_token_id": 0,
    "bos_token_id": 2,
    "eos_token_id": 1,
}
T5: dict[str, Any] = {
    "vocab_size": BYTE_VOCABULARY,
    "d_model": 24,
    "d_kv": 6,
    "d_ff": 36,
    "num_layers": 2,
    "num_heads": 4,
    "decoder_start_token_id": 0,
    "initializer_factor": 0.3,
}
