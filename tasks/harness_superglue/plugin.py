"""The SuperGLUE benchmark."""

from __future__ import annotations
