"""The CodeXGLUE benchmark."""

from __future__ import annotations
