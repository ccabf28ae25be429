"""The store: runs, cells, examples, answers and scores in one database."""

from harness.store.database import RunRecord, Store, TrainingRecord

__all__ = ["RunRecord", "Store", "TrainingRecord"]
