"""Problems: the kinds of question a task can ask, each with its formulations."""

from harness.problems.blank import Blank
from harness.problems.classification import Classification
from harness.problems.following import Following
from harness.problems.multiple_choice import MultipleChoice
from harness.problems.regression import Regression
from harness.problems.retrieval import Retrieval
from harness.problems.text_to_text import TextToText

__all__ = [
    "Blank",
    "Classification",
    "Following",
    "MultipleChoice",
    "Regression",
    "Retrieval",
    "TextToText",
]
