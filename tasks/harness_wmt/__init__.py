"""The WMT news translation test sets."""
