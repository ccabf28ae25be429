"""The shape of every parameter, from the configuration alone.

So a checkpoint is known to be whole before torch is imported; a test holds this table
against the modules of `harness_t5.model`.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness_t5.config import T5Config

Shape = tuple[int, ...]


def parameter_shapes(
    config: T5Config,
    *,
    has_decoder: bool = True,
    has_output: bool = False,
    outputs: int | None = None,
) -> dict[str, Shape]:
    """Return the shape of each parameter by its name.

    Args:
        config: the configuration.
        has_decoder: whether there is a decoder.
        has_output: whether there is an output layer apart from the embeddings.
        outputs: outputs of the trained head, None for a model without one.
    """
    width = config.d_model
    shapes: dict[str, Shape] = {"shared.weight": (config.vocab_size, width)}
    shapes |= dict(_stack("encoder", config, config.num_layers, is_decoder=False))
    if has_decoder:
        count = config.num_decoder_layers
        shapes |= dict(_stack("decoder", config, count, is_decoder=True))
    if has_output:
        shapes["lm_head.weight"] = (config.vocab_size, width)
    if outputs is not None:
        shapes |= {"classifier.weight": (outputs, width), "classifier.bias": (outputs,)}
    return shapes


def _stack(
    name: str, config: T5Config, count: int, *, is_decoder: bool
) -> Iterator[tuple[str, Shape]]:
    buckets = (config.relative_attention_num_buckets, config.num_heads)
    for block in range(count):
        prefix = f"{name}.block.{block}.layer"
        yield from _attention(f"{prefix}.0", "SelfAttention", config)
        if block == 0:
            bias = "SelfAttention.relative_attention_bias"
            yield f"{prefix}.0.{bias}.weight", buckets
        if is_decoder:
            yield from _attention(f"{prefix}.1", "EncDecAttention", config)
        yield from _feed_forward(f"{prefix}.{2 if is_decoder else 1}", config)
    yield f"{name}.final_layer_norm.weight", (config.d_model,)


def _attention(prefix: str, kind: str, config: T5Config) -> Iterator[tuple[str, Shape]]:
    width, inner = config.d_model, config.num_heads * config.d_kv
    for part in "qkv":
        yield f"{prefix}.{kind}.{part}.weight", (inner, width)
    yield f"{prefix}.{kind}.o.weight", (width, inner)
    yield f"{prefix}.layer_norm.weight", (width,)


def _feed_forward(prefix: str, config: T5Config) -> Iterator[tuple[str, Shape]]:
    width, inner = config.d_model, config.d_ff
    for part in ("wi_0", "wi_1") if config.is_gated else ("wi",):
        yield f"{prefix}.DenseReluDense.{part}.weight", (inner, width)
    yield f"{prefix}.DenseReluDense.wo.weight", (width, inner)
    yield f"{prefix}.layer_norm.weight", (width,)
