"""Problems: the kinds of question a task can ask, each with its formulations."""

from harness.problems.classification import Classification
from harness.problems.regression import Regression
from harness.problems.text_to_text import TextToText

__all__ = ["Classification", "Regression", "TextToText"]
