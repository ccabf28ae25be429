"""The options that a `bert:` model's name may have."""

from __future__ import annotations

OPTIONS = {
    "length": "the longest input in tokens (default: the model's own, at most 512 or "
    "what its sentence-transformers files say; a question with its part of the "
    "context 384)",
    "pooling": "how a text's vector is made: mean or cls (default: as its "
    "sentence-transformers files say, else mean)",
    "revision": "the Hub revision to fetch (default: the repository's main branch)",
    "stride": "tokens that neighbouring windows over a long context share (default: 128)",
}
