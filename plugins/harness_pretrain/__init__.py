"""Pre-training objectives over plain text."""
