"""The architectures of the family, by the ``model_type`` of config.json. Light."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

_SIZES = {  # Hugging Face's defaults, which its config.json files may leave out
    "vocab_size": 30522,
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "max_position_embeddings": 512,
    "type_vocab_size": 2,
}
_NUMBERS = {
    "hidden_dropout_prob": 0.1,
    "attention_probs_dropout_prob": 0.1,
    "initializer_range": 0.02,
    "layer_norm_eps": 1e-12,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What tells one architecture from another before torch is imported.

    Attributes:
        architecture: which of our modules it is: ``bert``, ``roberta``, ``albert`` or
            ``distilbert``; its body's parameters have this before their names.
        title: what Hugging Face's class names begin with.
        sizes: whole numbers of config.json by our names, with their defaults.
        numbers: other numbers, likewise.
        keys: how config.json names what we name otherwise.
        activation: the default activation function.
        dropout: where config.json says what is dropped before a classifier, and the
            default; that of the hidden states where it is None.
        fewest_segments: the smallest ``type_vocab_size`` that can be used.
        pad: the default padding token, None where positions start at 0 whatever it is.
        words: what the names of the masked-language head begin with.
        decoder: the layer of that head which maps to the vocabulary.
        word_bias: that layer's bias.
        heads: what the names of all heads begin with.
        dropped: what the names of heads that answer nothing begin with.
        head_weight: the weight that maps to the outputs of a classifier.
        pooled: the head kinds that go through a pooler.
        pretrains: what its own output layers can be trained to say of plain text.
    """

    architecture: str
    title: str
    sizes: Mapping[str, int] = field(default_factory=lambda: _SIZES)
    numbers: Mapping[str, float] = field(default_factory=lambda: _NUMBERS)
    keys: Mapping[str, str] = field(default_factory=dict)
    activation: str = "gelu"
    dropout: tuple[str, float | None] = ("classifier_dropout", None)
    fewest_segments: int = 2
    pad: int | None = None
    words: str
    decoder: str
    word_bias: str
    heads: tuple[str, ...]
    dropped: tuple[str, ...] = ()
    head_weight: str = "classifier.weight"
    pooled: frozenset[str] = frozenset({"classify", "regress", "choose"})
    pretrains: frozenset[str] = frozenset({"masked", "orders"})


_BERT = Family(
    architecture="bert",
    title="Bert",
    words="cls.predictions.",
    decoder="cls.predictions.decoder",
    word_bias="cls.predictions.bias",
    heads=("classifier.", "cls.", "qa_outputs."),
    dropped=("cls.seq_relationship.",),
    pretrains=frozenset({"masked", "orders", "pairs"}),
)
_ROBERTA = Family(
    architecture="roberta",
    title="Roberta",
    sizes=_SIZES | {"vocab_size": 50265},
    fewest_segments=1,
    pad=1,
    words="lm_head.",
    decoder="lm_head.decoder",
    word_bias="lm_head.bias",
    heads=("classifier.", "lm_head.", "qa_outputs."),
    head_weight="classifier.out_proj.weight",
    pooled=frozenset({"choose"}),
    pretrains=frozenset({"masked"}),  # its positions are counted, not given
)
_ALBERT = Family(
    architecture="albert",
    title="Albert",
    sizes={
        "vocab_size": 30000,
        "embedding_size": 128,
        "hidden_size": 4096,
        "num_hidden_layers": 12,
        "num_hidden_groups": 1,
        "inner_group_num": 1,
        "num_attention_heads": 64,
        "intermediate_size": 16384,
        "max_position_embeddings": 512,
        "type_vocab_size": 2,
    },
    numbers=_NUMBERS
    | {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0},
    activation="gelu_new",
    dropout=("classifier_dropout_prob", 0.1),
    words="predictions.",
    decoder="predictions.decoder",
    word_bias="predictions.bias",
    heads=("classifier.", "predictions.", "sop_classifier.", "qa_outputs."),
    dropped=("sop_classifier.",),
)
_DISTILBERT = Family(
    architecture="distilbert",
    title="DistilBert",
    sizes={
        "vocab_size": 30522,
        "hidden_size": 768,
        "num_hidden_layers": 6,
        "num_attention_heads": 12,
        "intermediate_size": 3072,
        "max_position_embeddings": 512,
    },
    numbers={
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "initializer_range": 0.02,
        "qa_dropout": 0.1,
    },
    keys={
        "hidden_size": "dim",
        "num_hidden_layers": "n_layers",
        "num_attention_heads": "n_heads",
        "intermediate_size": "hidden_dim",
        "hidden_dropout_prob": "dropout",
        "attention_probs_dropout_prob": "attention_dropout",
        "hidden_act": "activation",
    },
    dropout=("seq_classif_dropout", 0.2),
    fewest_segments=0,
    words="vocab_",
    decoder="vocab_projector",
    word_bias="vocab_projector.bias",
    heads=("pre_classifier.", "classifier.", "qa_outputs.", "vocab_"),
    pooled=frozenset(),
)
_XLM_ROBERTA = replace(_ROBERTA, title="XLMRoberta", sizes=_SIZES)

FAMILIES: Mapping[str, Family] = {
    "bert": _BERT,
    "roberta": _ROBERTA,
    "xlm-roberta": _XLM_ROBERTA,
    "camembert": replace(_XLM_ROBERTA, title="Camembert"),
    "albert": _ALBERT,
    "distilbert": _DISTILBERT,
}
"""By ``model_type``; XLM-R and CamemBERT are RoBERTa with vocabularies of their own."""
