"""Models behind servers that speak the completions dialect of OpenAI."""
