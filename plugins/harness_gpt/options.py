"""The options that a `gpt:` model's name may have."""

from __future__ import annotations

OPTIONS = {
    "length": "the longest input in tokens (default: the model's own)",
    "revision": "the Hub revision to fetch (default: the repository's main branch)",
    "bos": "a beginning-of-text token: auto (as the tokenizer does), on or off",
    "chat": "the chat template around Generate prompts: auto (if there is one), on, off",
    "pooling": "what Embed makes of the last hidden states: their mean, or the last",
}
