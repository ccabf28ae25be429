"""General tasks: reviews, summaries, named entities, perplexity of any text."""
