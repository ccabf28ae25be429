"""Tokenizers of BERT checkpoints: whatever their folder has, or hashed words."""

from __future__ import annotations

from harness_bert.checkpoint import BertCheckpoint
from harness_torch.tokenizers import loading
from harness_torch.tokenizers.protocol import TextTokenizer
from harness_torch.tokenizers.word_hash import WordHashTokenizer


def load_tokenizer(checkpoint: BertCheckpoint) -> TextTokenizer:
    """Make a checkpoint's tokenizer.

    Raises:
        CheckpointError: its files can't be used, or it has more ids than the model
            has word vectors.
    """
    rows, length = checkpoint.config.vocab_size, checkpoint.length
    if checkpoint.folder is None:
        return WordHashTokenizer(size=rows, length=length)
    tokenizer = loading.load_tokenizer(checkpoint.folder, length=length)
    loading.check_vocabulary(tokenizer, rows=rows, title=checkpoint.title)
    return tokenizer
