"""The options that a `hub:` model's name may have."""

from __future__ import annotations

from harness_hub.kinds import KINDS

OPTIONS = {
    "task": f"what the model is for, where config.json does not say it: "
    f"{', '.join(KINDS)} (with it, the model can't be fine-tuned)",
    "length": "the longest input in tokens (default: the model's own)",
    "stride": "tokens that neighbouring windows over a long context share (default: 128)",
    "revision": "the Hub revision to fetch (default: the repository's main branch)",
    "chat": "what the chat template goes around: auto (Generate prompts that are "
    "messages), all (every Generate prompt) or off",
    "bos": "auto, on or off: whether what a decoder scores or continues begins with "
    "the beginning-of-text token (auto: as the tokenizer does)",
    "pooling": "auto, mean, cls or last: how Embed makes one vector of all tokens' "
    "(auto: as a sentence-transformers folder says, else mean)",
    "remote_code": "yes runs the Python code that comes with the checkpoint: only "
    "for code that you have read (default: no)",
}
