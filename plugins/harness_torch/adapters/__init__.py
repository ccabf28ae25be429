"""Adapters: small folders of what was trained on top of a base model."""
