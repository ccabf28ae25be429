"""Trained heads: what they say, how they are asked and what they are trained on."""
