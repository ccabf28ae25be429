"""Metrics of code: what CodeXGLUE's official scorers compute, oddities included."""
