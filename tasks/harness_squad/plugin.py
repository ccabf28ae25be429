"""The SQuAD benchmark."""

from __future__ import annotations
