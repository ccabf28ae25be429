"""Tokenizers of every kind that checkpoints have, behind one protocol."""
