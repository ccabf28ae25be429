"""Problems: the kinds of question a task can ask, each with its formulations."""

from harness.problems.blank import Blank
from harness.problems.classification import Classification
from harness.problems.following import Following
from harness.problems.language_modelling import LanguageModelling
from harness.problems.last_word import LastWord
from harness.problems.multiple_choice import MultipleChoice
from harness.problems.regression import Regression
from harness.problems.retrieval import Retrieval
from harness.problems.span_answer import SpanAnswer
from harness.problems.tagging import Tagging
from harness.problems.text_to_text import TextToText

__all__ = [
    "Blank",
    "Classification",
    "Following",
    "LanguageModelling",
    "LastWord",
    "MultipleChoice",
    "Regression",
    "Retrieval",
    "SpanAnswer",
    "Tagging",
    "TextToText",
]
