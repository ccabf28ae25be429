"""vLLM itself, started in this process. Never run: there was no vLLM to run it with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vllm import LLM, SamplingParams

from harness import LoadSettings
from harness_torch.chat import load_render
from harness_torch.tokenizers.loading import load_tokenizer
from harness_vllm.adapter import VllmAdapter
from harness_vllm.checkpoint import VllmCheckpoint
from harness_vllm.mapping import Asked, Output

_DTYPES = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}


def load_vllm(checkpoint: VllmCheckpoint, settings: LoadSettings) -> VllmAdapter:
    """Load a checkpoint into vLLM.

    Prefixes are not cached, so that an answer never depends on what was asked before;
    weights are read from safetensors alone, and no code of the checkpoint runs.
    """
    model = LLM(
        model=str(checkpoint.folder),
        tokenizer=str(checkpoint.folder),
        dtype=_DTYPES[settings.dtype],
        max_model_len=checkpoint.length,
        gpu_memory_utilization=checkpoint.gpu_memory,
        seed=settings.seed,
        load_format="safetensors",
        trust_remote_code=False,
        enable_prefix_caching=False,
    )
    folder = checkpoint.folder
    return VllmAdapter(
        title=checkpoint.title,
        tokenizer=load_tokenizer(folder, length=checkpoint.length, bos=checkpoint.bos),
        length=checkpoint.length,
        render=load_render(checkpoint.chat),
        run=_Engine(model),
    )


class _Engine:
    """Has vLLM answer prompts, in order."""

    def __init__(self, model: Any) -> None:  # noqa: ANN401 # vLLM is not typed here
        self._model = model

    def __call__(self, prompts: Sequence[Asked]) -> Sequence[Output]:
        outputs: Sequence[Output] = self._model.generate(
            [{"prompt_token_ids": asked.ids} for asked in prompts],
            [SamplingParams(**asked.parameters) for asked in prompts],
            use_tqdm=False,
        )
        return outputs
