"""Tokenizers of decoder checkpoints: those of their files, or bytes."""

from __future__ import annotations

from harness_gpt.checkpoint import GptCheckpoint
from harness_torch.tokenizers.byte_level import byte_tokenizer
from harness_torch.tokenizers.loading import check_vocabulary
from harness_torch.tokenizers.loading import load_tokenizer as load_from_folder
from harness_torch.tokenizers.protocol import TextTokenizer


def load_tokenizer(checkpoint: GptCheckpoint) -> TextTokenizer:
    """Make a checkpoint's tokenizer, with or without BOS as its options say.

    Raises:
        CheckpointError: its files can't be used, or it has more ids than the model
            has word vectors.
        UsageError: BOS is wanted, and there is none.
    """
    wanted = checkpoint.bos
    length, folder = checkpoint.length, checkpoint.folder
    if folder is None:
        return byte_tokenizer(length=length, bos=wanted is not False, eos=False)
    tokenizer = load_from_folder(folder, length=length, bos=wanted)
    check_vocabulary(
        tokenizer, rows=checkpoint.config.vocab_size, title=checkpoint.title
    )
    return tokenizer
