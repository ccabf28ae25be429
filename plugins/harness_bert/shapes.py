"""The shape of every parameter, from the configuration alone. Light: no torch.

So a checkpoint is known to be whole before torch is imported; a test holds these tables
against the modules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness_bert.config import BertConfig
from harness_bert.parts import Parts

Shape = tuple[int, ...]
Shapes = dict[str, Shape]


def parameter_shapes(config: BertConfig, parts: Parts) -> Shapes:
    """Return the shape of each parameter by its name."""
    architecture = config.family.architecture
    body = _BODIES[architecture](config)
    if parts.has_pooler:
        pooler = "pooler" if architecture == "albert" else "pooler.dense"
        body |= _linear(pooler, config.hidden_size, config.hidden_size)
    shapes = {f"{architecture}.{name}": shape for name, shape in body.items()}
    if parts.kind is not None:
        shapes |= _head(config, parts)
    if parts.has_words:
        shapes |= _words(config)
        if parts.has_own_decoder:
            decoder = (config.vocab_size, config.embedding_size)
            shapes[f"{config.family.decoder}.weight"] = decoder
    if parts.has_pairs:
        shapes |= _linear("cls.seq_relationship", config.hidden_size, 2)
    return shapes


def _bert(config: BertConfig) -> Shapes:
    width, inner = config.hidden_size, config.intermediate_size
    shapes = _embeddings(config)
    for layer in range(config.num_hidden_layers):
        prefix = f"encoder.layer.{layer}"
        for name in ("query", "key", "value"):
            shapes |= _linear(f"{prefix}.attention.self.{name}", width, width)
        shapes |= _linear(f"{prefix}.attention.output.dense", width, width)
        shapes |= _norm(f"{prefix}.attention.output.LayerNorm", width)
        shapes |= _linear(f"{prefix}.intermediate.dense", width, inner)
        shapes |= _linear(f"{prefix}.output.dense", inner, width)
        shapes |= _norm(f"{prefix}.output.LayerNorm", width)
    return shapes


def _albert(config: BertConfig) -> Shapes:
    width, inner = config.hidden_size, config.intermediate_size
    narrow = config.embedding_size
    shapes = _embeddings(config)
    shapes |= _linear("encoder.embedding_hidden_mapping_in", narrow, width)
    for group in range(config.num_hidden_groups):
        for layer in range(config.inner_group_num):
            prefix = f"encoder.albert_layer_groups.{group}.albert_layers.{layer}"
            for name in ("query", "key", "value", "dense"):
                shapes |= _linear(f"{prefix}.attention.{name}", width, width)
            shapes |= _norm(f"{prefix}.attention.LayerNorm", width)
            shapes |= _linear(f"{prefix}.ffn", width, inner)
            shapes |= _linear(f"{prefix}.ffn_output", inner, width)
            shapes |= _norm(f"{prefix}.full_layer_layer_norm", width)
    return shapes


def _distilbert(config: BertConfig) -> Shapes:
    width, inner = config.hidden_size, config.intermediate_size
    shapes = _embeddings(config)
    for layer in range(config.num_hidden_layers):
        prefix = f"transformer.layer.{layer}"
        for name in ("q_lin", "k_lin", "v_lin", "out_lin"):
            shapes |= _linear(f"{prefix}.attention.{name}", width, width)
        shapes |= _norm(f"{prefix}.sa_layer_norm", width)
        shapes |= _linear(f"{prefix}.ffn.lin1", width, inner)
        shapes |= _linear(f"{prefix}.ffn.lin2", inner, width)
        shapes |= _norm(f"{prefix}.output_layer_norm", width)
    return shapes


_BODIES: Mapping[str, Callable[[BertConfig], Shapes]] = {
    "bert": _bert,
    "roberta": _bert,
    "albert": _albert,
    "distilbert": _distilbert,
}


def _head(config: BertConfig, parts: Parts) -> Shapes:
    width = config.hidden_size
    if parts.kind == "extract":
        return _linear("qa_outputs", width, parts.outputs)
    if parts.kind == "tag":
        return _linear("classifier", width, parts.outputs)
    if config.family.architecture == "distilbert":
        inner = _linear("pre_classifier", width, width)
        return inner | _linear("classifier", width, parts.outputs)
    if config.family.architecture == "roberta" and parts.kind != "choose":
        inner = _linear("classifier.dense", width, width)
        return inner | _linear("classifier.out_proj", width, parts.outputs)
    return _linear("classifier", width, parts.outputs)


def _words(config: BertConfig) -> Shapes:
    width, narrow = config.hidden_size, config.embedding_size
    dense, norm = {
        "bert": (
            "cls.predictions.transform.dense",
            "cls.predictions.transform.LayerNorm",
        ),
        "roberta": ("lm_head.dense", "lm_head.layer_norm"),
        "albert": ("predictions.dense", "predictions.LayerNorm"),
        "distilbert": ("vocab_transform", "vocab_layer_norm"),
    }[config.family.architecture]
    shapes = _linear(dense, width, narrow) | _norm(norm, narrow)
    return {**shapes, config.family.word_bias: (config.vocab_size,)}


def _embeddings(config: BertConfig) -> Shapes:
    width = config.embedding_size
    rows = {
        "word": config.vocab_size,
        "position": config.max_position_embeddings,
        "token_type": config.type_vocab_size,
    }
    tables = {
        f"embeddings.{name}_embeddings.weight": (count, width)
        for name, count in rows.items()
        if count
    }
    return {**tables, **_norm("embeddings.LayerNorm", width)}


def _linear(name: str, width_in: int, width_out: int) -> Shapes:
    return {f"{name}.weight": (width_out, width_in), f"{name}.bias": (width_out,)}


def _norm(name: str, width: int) -> Shapes:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}
