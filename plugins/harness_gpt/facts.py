"""What a reader of a decoder's scores should know. Light: no torch."""

from __future__ import annotations

from collections.abc import Mapping

from harness_gpt.checkpoint import GptCheckpoint
from harness_torch.chat import chat_fact


def facts_of(checkpoint: GptCheckpoint) -> Mapping[str, str]:
    """Return how texts become tokens and vectors.

    Raises:
        CheckpointError: the tokenizer's files can't be used.
        UsageError: BOS is wanted, and the tokenizer has none.
    """
    from harness_gpt.tokenizer import load_tokenizer  # tokenizers

    tokenizer = load_tokenizer(checkpoint)
    files = (path.name for path in checkpoint.tokenizer_files)
    return {
        "beginning of text": f"token {tokenizer.special.bos}, once"
        if tokenizer.adds_bos
        else "none",
        "chat template": chat_fact(checkpoint.chat),
        "pooling": checkpoint.pooling,
        "tokenizer": next(files, "bytes"),
    }
