"""`prompt-tuning`: train vectors of virtual tokens that stand before every input.

Lester et al. 2021, https://arxiv.org/abs/2104.08691.
"""

from __future__ import annotations

import random

from torch import nn

from harness import Encoded, TrainJob
from harness_finetune.model import TorchModel, torch_model
from harness_finetune.settings import PromptSettings
from harness_torch.adapters.folder import PROMPT
from harness_torch.adapters.prompts import first_vectors, put_prompt
from harness_torch.adapters.saving import save_adapter
from harness_torch.adapters.surgery import freeze

_READ = 200


class PromptTuning:
    """Trains virtual tokens and the head."""

    def apply(self, job: TrainJob, module: nn.Module) -> None:
        """Put virtual tokens before every input, and freeze the rest.

        They begin as tokens of the training examples, the first as the one that texts
        begin with, as a head may look at that place.
        """
        settings: PromptSettings = job.settings
        model = torch_model(job)
        ids = _first_ids(job, settings.tokens)
        words = model.words()
        put_prompt(module, words, first_vectors(words, ids))
        model.prompt(settings.tokens)
        prompts = {n for n, _ in module.named_parameters() if n.endswith(".prompt")}
        freeze(module, but=model.head_names | prompts)

    def save(self, job: TrainJob) -> None:
        """Write the virtual tokens and the head."""
        model, settings = torch_model(job), job.settings
        save_adapter(
            job,
            model,
            config=_config(model, settings.tokens),
            tensors={PROMPT: model.words().get_parameter("prompt")},
        )


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
