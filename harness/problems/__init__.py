"""Problems: the kinds of question a task can ask, each with its formulations."""

from harness.problems.classification import Classification
from harness.problems.regression import Regression

__all__ = ["Classification", "Regression"]
