"""The shape of every parameter, from the configuration alone.

So a checkpoint is known to be whole before torch is imported; a test holds this table
against the modules of `harness_bert.model`.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness_bert.config import BertConfig

Shape = tuple[int, ...]


def parameter_shapes(
    config: BertConfig, outputs: int | None = None
) -> dict[str, Shape]:
    """Return the shape of each parameter by its name.

    Args:
        config: the configuration.
        outputs: outputs of the classifier layer, None for a model without one.
    """
    width = config.hidden_size
    shapes: dict[str, Shape] = {}
    for name, rows in (
        ("word_embeddings", config.vocab_size),
        ("position_embeddings", config.max_position_embeddings),
        ("token_type_embeddings", config.type_vocab_size),
    ):
        shapes[f"bert.embeddings.{name}.weight"] = (rows, width)
    shapes |= _norm("bert.embeddings.LayerNorm", width)
    for layer in range(config.num_hidden_layers):
        shapes |= dict(_layer(f"bert.encoder.layer.{layer}", config))
    shapes |= _linear("bert.pooler.dense", width, width)
    if outputs is not None:
        shapes |= _linear("classifier", width, outputs)
    return shapes


def _layer(prefix: str, config: BertConfig) -> Iterator[tuple[str, Shape]]:
    width, inner = config.hidden_size, config.intermediate_size
    for name in ("query", "key", "value"):
        yield from _linear(f"{prefix}.attention.self.{name}", width, width).items()
    yield from _linear(f"{prefix}.attention.output.dense", width, width).items()
    yield from _norm(f"{prefix}.attention.output.LayerNorm", width).items()
    yield from _linear(f"{prefix}.intermediate.dense", width, inner).items()
    yield from _linear(f"{prefix}.output.dense", inner, width).items()
    yield from _norm(f"{prefix}.output.LayerNorm", width).items()


def _linear(name: str, width_in: int, width_out: int) -> dict[str, Shape]:
    return {f"{name}.weight": (width_out, width_in), f"{name}.bias": (width_out,)}


def _norm(name: str, width: int) -> dict[str, Shape]:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}
