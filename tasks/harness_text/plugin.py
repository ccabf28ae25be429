"""General tasks: reviews, summaries, named entities, perplexity of any text."""

from __future__ import annotations
