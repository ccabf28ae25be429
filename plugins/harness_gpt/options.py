"""The options that a `gpt:` model's name may have."""

from __future__ import annotations

OPTIONS = {
    "length": "the longest input in tokens (default: the model's own)",
    "revision": "the Hub revision to fetch (default: the repository's main branch)",
    "bos": "a beginning-of-text token: auto (as the tokenizer does), on or off",
    "chat": "what the chat template goes around: auto (Generate prompts that are "
    "messages), all (every Generate prompt) or off",
    "pooling": "what Embed makes of the last hidden states: their mean, or the last",
}
