"""The engine: order, de-duplication, batches by token budget, cache, recovery."""
