"""`prompt-tuning`: train virtual tokens, before every layer or before every input.

Liu et al. 2022 (P-Tuning v2), https://arxiv.org/abs/2110.07602; Lester et al. 2021,
https://arxiv.org/abs/2104.08691.
"""

from __future__ import annotations

import random

import torch
from torch import Tensor, nn

from harness import Encoded, PluginError, TrainJob
from harness_finetune.model import TorchModel, torch_model
from harness_finetune.settings import PromptSettings
from harness_torch.adapters.folder import PROMPT
from harness_torch.adapters.prompts import first_vectors, put_prompt
from harness_torch.adapters.saving import save_adapter
from harness_torch.adapters.surgery import freeze
from harness_torch.prefix import find_prefixes

_READ = 200


class PromptTuning:
    """Trains virtual tokens and the head."""

    def apply(self, job: TrainJob, module: nn.Module) -> None:
        """Put virtual tokens in place, and freeze the rest.

        Raises:
            PluginError: they are to stand before every layer, and none can have any.
        """
        if _is_deep(job):
            trained = _put_prefixes(job, module)
        else:
            trained = _put_tokens(job, module)
        freeze(module, but=torch_model(job).head_names | trained)

    def save(self, job: TrainJob) -> None:
        """Write the virtual tokens and the head."""
        model, settings = torch_model(job), job.settings
        if _is_deep(job):
            config: dict[str, object] = {"peft_type": "HARNESS_PREFIX"}
            tensors = _prefix_tensors(model.module)
        else:
            config = _config(model, settings.tokens)
            tensors = {PROMPT: model.words().get_parameter("prompt")}
        save_adapter(job, model, config=config, tensors=tensors)


def _is_deep(job: TrainJob) -> bool:
    settings: PromptSettings = job.settings
    model = torch_model(job)
    can_be = bool(find_prefixes(model.module))
    if settings.depth == "all" and not can_be:
        raise PluginError(
            f"{model.title} has no layer that takes virtual tokens of its own: set "
            "depth=input, or load it by bert, gpt or t5"
        )
    return can_be and settings.depth != "input"


def _put_prefixes(job: TrainJob, module: nn.Module) -> set[str]:
    """Begin a prefix in every layer; return the names of what it is made of."""
    generator = torch.Generator().manual_seed(job.seed)
    device = torch_model(job).device
    prefixes = find_prefixes(module)
    for prefix in prefixes.values():
        prefix.draw(job.settings.tokens, generator, device)
    return {f"{path}.{part}" for path in prefixes for part in ("keys", "values")}


def _prefix_tensors(module: nn.Module) -> dict[str, Tensor]:
    """Return keys and values as they are used, by name."""
    return {
        f"{path}.{part}": vectors
        for path, prefix in find_prefixes(module).items()
        for part, vectors in zip(("keys", "values"), prefix.vectors, strict=True)
    }


def _put_tokens(job: TrainJob, module: nn.Module) -> set[str]:
    """Put virtual tokens before every input; return the name of their vectors.

    They begin as tokens of the training examples, the first as the one that texts
    begin with, as a head may look at that place.
    """
    settings: PromptSettings = job.settings
    model = torch_model(job)
    ids = _first_ids(job, settings.tokens)
    words = model.words()
    put_prompt(module, words, first_vectors(words, ids))
    model.prompt(settings.tokens)
    return {n for n, _ in module.named_parameters() if n.endswith(".prompt")}


def _config(model: TorchModel, tokens: int) -> dict[str, object]:
    raw = model.base.raw
    heads = ("num_attention_heads", "n_head", "num_heads", "n_heads")
    layers = ("num_hidden_layers", "n_layer", "num_layers", "n_layers")
    return {
        "peft_type": "PROMPT_TUNING",
        "num_virtual_tokens": tokens,
        "token_dim": model.words().embedding_dim,
        "num_transformer_submodules": 1,
        "num_attention_heads": next((raw[key] for key in heads if key in raw), None),
        "num_layers": next((raw[key] for key in layers if key in raw), None),
    }


def _first_ids(job: TrainJob, count: int) -> list[int]:
    """Return the token that texts begin with, then a draw of those they hold."""
    draw = random.Random(f"prompt {job.seed}")
    read = [_ids(e) for e in job.model.encode_training(job.examples[:_READ])]
    first = next((ids[0] for ids in read if ids), 0)
    pool = sorted({token for ids in read for token in ids}) or [first]
    return [first, *draw.choices(pool, k=count - 1)]


def _ids(encoded: Encoded) -> list[int]:
    """Return what is read of an example; of one with choices, the first of them."""
    rows = encoded.extra.get("rows")
    return list(rows[0].ids if rows else encoded.ids)
