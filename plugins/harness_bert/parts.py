"""What a model has on top of its body: heads and a pooler. Light: no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from harness import Head
from harness_bert.config import BertConfig
from harness_bert.families import Family
from harness_torch.config import TAGGER, head_of, is_tagger, tagger_of
from harness_torch.weights import Weights

SUFFIXES = {
    "classify": "ForSequenceClassification",
    "regress": "ForSequenceClassification",
    "choose": "ForMultipleChoice",
    "extract": "ForQuestionAnswering",
    "tag": TAGGER,
}
"""What Hugging Face's class names end with, by the kind of head."""

MASKED, PRETRAINING = "ForMaskedLM", "ForPreTraining"
"""What Hugging Face's class names end with that say words, and words and pairs."""

PAIR_WEIGHTS = ("cls.seq_relationship.weight", "cls.seq_relationship.bias")
"""What tells if a text follows another; it answers nothing, so it is read to go on
with its training alone."""

_SPAN_WEIGHT = "qa_outputs.weight"
_PLAIN_WEIGHT = "classifier.weight"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a model has on top of its body.

    Attributes:
        kind: of its trained head: ``classify``, ``regress``, ``choose``, ``extract``,
            ``tag`` or None.
        outputs: how many the head has.
        has_pooler: whether the body has a pooler, needed or not.
        has_words: whether it has a masked-language head.
        has_own_decoder: whether that maps to words with a matrix of its own, not with
            the word vectors.
        has_pairs: whether it tells if a text's second segment follows the first.
    """

    kind: str | None = None
    outputs: int = 0
    has_pooler: bool = False
    has_words: bool = False
    has_own_decoder: bool = False
    has_pairs: bool = False


def parts_for(head: Head, outputs: int, family: Family) -> Parts:
    """Return what a model has that is trained for a head, and nothing else."""
    return Parts(kind=head.kind, outputs=outputs, has_pooler=head.kind in family.pooled)


def parts_to_pretrain(parts: Parts, needs: str) -> Parts:
    """Return what a model has that learns from plain text: no trained head."""
    has_pairs = needs == "pairs"
    return replace(
        parts,
        kind=None,
        outputs=0,
        has_words=True,
        has_pairs=has_pairs,
        has_pooler=parts.has_pooler or has_pairs,
    )


def find_parts(
    config: BertConfig, weights: Weights, names: Mapping[str, str]
) -> tuple[Parts, Head | None]:
    """Tell from its weights what a checkpoint has.

    Raises:
        CheckpointError: its head has other labels than config.json.
    """
    family, ours = config.family, set(names.values())
    head, outputs = _find_head(config, weights, names)
    has_words = any(name.startswith(family.words) for name in ours)
    has_decoder = f"{family.decoder}.weight" in ours or not config.is_tied
    is_pooled = head is not None and head.kind in family.pooled
    parts = Parts(
        kind=None if head is None else head.kind,
        outputs=outputs,
        has_pooler=is_pooled or any(".pooler." in name for name in ours),
        has_words=has_words,
        has_own_decoder=has_words and has_decoder,
    )
    return parts, head


def _find_head(
    config: BertConfig, weights: Weights, names: Mapping[str, str]
) -> tuple[Head | None, int]:
    rows = {
        ours: weights.tensors[stored].shape[:1] for stored, ours in names.items()
    }  # an empty shape is refused with all others, later
    said = config.architectures[0] if config.architectures else ""
    if is_tagger(config.architectures) and rows.get(_PLAIN_WEIGHT):
        (outputs,) = rows[_PLAIN_WEIGHT]
        return tagger_of(config.labels, outputs), outputs
    if _SPAN_WEIGHT in rows:
        return Head(kind="extract"), 2
    is_choice = said.endswith(SUFFIXES["choose"])
    if _PLAIN_WEIGHT in rows and (
        is_choice or config.family.head_weight != _PLAIN_WEIGHT
    ):
        return Head(kind="choose"), 1
    if not rows.get(config.family.head_weight):
        return None, 0
    (outputs,) = rows[config.family.head_weight]
    return head_of(config.problem_type, config.labels, outputs), outputs
