"""Metrics that no library has, or that must equal an official scorer."""
