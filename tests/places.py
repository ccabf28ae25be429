"""Where tests find what lies outside the repository."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("HARNESS_SHARED", ROOT.parent / "shared"))
"""Real data, golden numbers and tokenizers; tests skip with a reason without them."""
