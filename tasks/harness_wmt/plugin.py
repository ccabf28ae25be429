"""The WMT news translation test sets."""

from __future__ import annotations
