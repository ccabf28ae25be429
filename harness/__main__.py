"""``python -m harness``: the command line, also where a launcher wants a module."""

from __future__ import annotations

from harness.cli import main

if __name__ == "__main__":
    main()
