"""The T5 family, in our own torch modules."""
