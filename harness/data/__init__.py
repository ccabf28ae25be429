"""Data sources: the Hub, a folder, the built-in sample; all checked, all hashed."""

from harness.data.draw import SplitOff, draw_exemplars, split_off
from harness.data.exemplars import draw_for_each
from harness.data.resolve import open_source
from harness.data.source import DataSource, DataSourceEntry, Table
from harness.data.split import Split, load_split

__all__ = [
    "DataSource",
    "DataSourceEntry",
    "Split",
    "SplitOff",
    "Table",
    "draw_exemplars",
    "draw_for_each",
    "load_split",
    "open_source",
    "split_off",
]
