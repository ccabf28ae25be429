"""Data sources: the Hub, a folder, the built-in sample; all checked, all hashed."""

from harness.data.source import DataSource, DataSourceEntry, Table
from harness.data.split import Split, load_split

__all__ = ["DataSource", "DataSourceEntry", "Split", "Table", "load_split"]
