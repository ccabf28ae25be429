"""The GPT family, GPT-2 and Llama-style decoders, in our own torch modules."""
