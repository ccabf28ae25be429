"""The engine: order, de-duplication, batches by token budget, cache, recovery."""

from harness.engine.batches import cut_batches
from harness.engine.budget import first_budget
from harness.engine.engine import AnswerCache, Engine

__all__ = ["AnswerCache", "Engine", "cut_batches", "first_budget"]
