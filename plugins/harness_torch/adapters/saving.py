"""Writing what a recipe trained as an adapter's folder, in peft's files and ours."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from safetensors.torch import save_file
from torch import Tensor

from harness import Head, ModelName, TrainJob
from harness_torch.adapters.folder import PROMPT, SIDECAR, TENSORS
from harness_torch.adapters.naming import CONFIG
from harness_torch.checkpoint import write_file
from harness_torch.heads.labels import OWN_LAYERS
from harness_torch.trainable import TrainableAdapter

_TASKS = {
    "classify": "SEQ_CLS",
    "regress": "SEQ_CLS",
    "tag": "TOKEN_CLS",
    "extract": "QUESTION_ANS",
}
"""What peft calls the kinds of heads."""


def save_adapter(
    job: TrainJob,
    model: TrainableAdapter[Any, Any, Any],
    *,
    config: Mapping[str, Any],
    tensors: Mapping[str, Tensor],
) -> None:
    """Write an adapter into the job's folder, its config last.

    Args:
        job: what was trained.
        model: the prepared model.
        config: ``peft_type`` and what belongs to that.
        tensors: what was trained but for the head, by name in our module, or
            `PROMPT`.
    """
    head = {
        name: parameter
        for name, parameter in model.module.named_parameters()
        if name in model.fresh or (name in model.head_names and parameter.requires_grad)
    }
    prefix = "base_model." if PROMPT in tensors else "base_model.model."
    files = {
        name if name == PROMPT else prefix + model.stored_name(name): (
            model.stored(name, tensor).detach().cpu().float().contiguous()
        )
        for name, tensor in {**tensors, **head}.items()
    }
    base = ModelName.parse(model.title)
    told = {
        "base_model_name_or_path": base.checkpoint,
        "inference_mode": True,
        "task_type": _task_type(job.head, model),
        "modules_to_save": _modules(model, head) or None,
        **config,
    }
    sidecar = {
        "base": {
            "name": str(base),
            "identity": model.base.identity,
            "seed": None if model.base.folder else job.load.seed,
        },
        "head": _head(job.head),
    }
    write_file(
        job.folder / TENSORS,
        lambda path: save_file(files, path, metadata={"format": "pt"}),
    )
    for name, content in {SIDECAR: sidecar, CONFIG: told}.items():
        text = json.dumps(content, indent=2, sort_keys=True) + "\n"
        write_file(job.folder / name, lambda p, t=text: p.write_text(t))  # type: ignore[misc] # t is a str


def _task_type(head: Head, model: TrainableAdapter[Any, Any, Any]) -> str | None:
    if head.kind == "language":
        return "SEQ_2_SEQ_LM" if model.reads_sources else "CAUSAL_LM"
    return _TASKS.get(head.kind)


def _head(head: Head) -> dict[str, Any] | None:
    if head.kind in OWN_LAYERS:
        return None
    return {"kind": head.kind, "labels": list(head.labels)}


def _modules(
    model: TrainableAdapter[Any, Any, Any], head: Collection[str]
) -> list[str]:
    """Return the largest modules that wholly are the head, as peft wants to know them."""
    names = [name for name, _ in model.module.named_parameters()]
    found = set()
    for name in head:
        parts = name.split(".")
        prefixes = (".".join(parts[:end]) for end in range(1, len(parts)))
        found.add(
            next(
                prefix
                for prefix in prefixes
                if all(n in head for n in names if n.startswith(f"{prefix}."))
            )
        )
    return sorted(found)
