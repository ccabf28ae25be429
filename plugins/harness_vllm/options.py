"""The options that a `vllm:` model's name may have."""

from __future__ import annotations

OPTIONS = {
    "length": "the longest input in tokens, with what is written (default: the model's)",
    "revision": "the Hub revision to fetch (default: the repository's main branch)",
    "bos": "a beginning-of-text token: auto (as the tokenizer does), on or off",
    "chat": "what the chat template goes around: auto (Generate prompts that are "
    "messages), all (every Generate prompt) or off",
    "gpu_memory": "the share of the GPU's memory that vLLM may take (default: 0.9)",
}
