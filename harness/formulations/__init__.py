"""Formulations: the ways to ask a task, each with its inverse.

A formulation turns an example into requests and the answers back into a prediction.
It also knows the right answers (`answer_for`: for the oracle, for the gold-reachable
lint, for tests) and what a model is trained to say (`target`).
"""

from harness.formulations.base import (
    Exemplars,
    ExemplarsOf,
    Formulation,
    no_exemplars,
    takes_exemplars,
)
from harness.formulations.cloze import FillBlank
from harness.formulations.embed import Retrieve
from harness.formulations.extract import ExtractHead
from harness.formulations.follow import FollowWords
from harness.formulations.generate import GenerateText
from harness.formulations.heads import ChooseHead, ClassifyHead, RegressHead
from harness.formulations.likelihood import (
    Continuation,
    TextAsTarget,
    TextLikelihood,
)
from harness.formulations.pseudo_likelihood import TextPseudoLikelihood
from harness.formulations.rank import Candidates, Rank
from harness.formulations.tags import TagHead

__all__ = [
    "Candidates",
    "ChooseHead",
    "ClassifyHead",
    "Continuation",
    "Exemplars",
    "ExemplarsOf",
    "ExtractHead",
    "FillBlank",
    "FollowWords",
    "Formulation",
    "GenerateText",
    "Rank",
    "RegressHead",
    "Retrieve",
    "TagHead",
    "TextAsTarget",
    "TextLikelihood",
    "TextPseudoLikelihood",
    "no_exemplars",
    "takes_exemplars",
]
