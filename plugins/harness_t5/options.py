"""The options that a `t5:` model's name may have."""

from __future__ import annotations

OPTIONS = {
    "length": "the longest input in tokens (default: 512, as T5 was trained)",
    "revision": "the Hub revision to fetch (default: the repository's main branch)",
}
