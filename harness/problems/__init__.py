"""Problems: the kinds of question a task can ask, each with its formulations."""

from harness.problems.classification import Classification
from harness.problems.language_modelling import LanguageModelling
from harness.problems.last_word import LastWord
from harness.problems.regression import Regression
from harness.problems.tagging import Tagging
from harness.problems.text_to_text import TextToText

__all__ = [
    "Classification",
    "LanguageModelling",
    "LastWord",
    "Regression",
    "Tagging",
    "TextToText",
]
