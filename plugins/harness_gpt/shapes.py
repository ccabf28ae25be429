"""The shape of every parameter, from the configuration alone.

So a checkpoint is known to be whole before torch is imported; a test holds this table
against the modules.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness_gpt.config import DecoderConfig
from harness_gpt.gpt2_config import Gpt2Config
from harness_gpt.llama_config import LlamaConfig
from harness_gpt.names import HEAD_WEIGHT, OUTPUT_WEIGHT, tagger_layer

Shape = tuple[int, ...]
Shapes = Iterator[tuple[str, Shape]]


def parameter_shapes(
    config: DecoderConfig,
    *,
    outputs: int | None = None,
    is_tagger: bool = False,
    has_output: bool = True,
) -> dict[str, Shape]:
    """Return the shape of each parameter by its name, as our modules have it.

    Args:
        config: the configuration.
        outputs: outputs of a trained head, None for a model without one.
        is_tagger: whether that head labels every token.
        has_output: whether there is an output layer, where it is not tied.
    """
    body = _gpt2(config) if isinstance(config, Gpt2Config) else _llama(config)
    shapes = dict(body)
    if outputs is not None and is_tagger:
        shapes |= dict(_linear(tagger_layer(config), config.width, outputs))
    elif outputs is not None:
        shapes[HEAD_WEIGHT] = (outputs, config.width)
    elif has_output and not config.tie_word_embeddings:
        shapes[OUTPUT_WEIGHT] = (config.vocab_size, config.width)
    return shapes


def _gpt2(config: Gpt2Config) -> Shapes:
    width = config.n_embd
    yield "transformer.wte.weight", (config.vocab_size, width)
    yield "transformer.wpe.weight", (config.n_positions, width)
    for layer in range(config.n_layer):
        prefix = f"transformer.h.{layer}"
        for norm in ("ln_1", "ln_2"):
            yield f"{prefix}.{norm}.weight", (width,)
            yield f"{prefix}.{norm}.bias", (width,)
        yield from _linear(f"{prefix}.attn.c_attn", width, 3 * width)
        yield from _linear(f"{prefix}.attn.c_proj", width, width)
        yield from _linear(f"{prefix}.mlp.c_fc", width, config.n_inner)
        yield from _linear(f"{prefix}.mlp.c_proj", config.n_inner, width)
    yield "transformer.ln_f.weight", (width,)
    yield "transformer.ln_f.bias", (width,)


def _llama(config: LlamaConfig) -> Shapes:
    width, inner = config.hidden_size, config.intermediate_size
    queries = config.num_attention_heads * config.head_dim
    keys = config.num_key_value_heads * config.head_dim
    yield "model.embed_tokens.weight", (config.vocab_size, width)
    for layer in range(config.num_hidden_layers):
        prefix = f"model.layers.{layer}"
        for name, rows in (("q", queries), ("k", keys), ("v", keys)):
            path = f"{prefix}.self_attn.{name}_proj"
            yield from _linear(path, width, rows, has_bias=config.has_query_bias)
        path = f"{prefix}.self_attn.o_proj"
        yield from _linear(path, queries, width, has_bias=config.has_output_bias)
        if config.has_head_norms:
            yield f"{prefix}.self_attn.q_norm.weight", (config.head_dim,)
            yield f"{prefix}.self_attn.k_norm.weight", (config.head_dim,)
        for name, columns, rows in (
            ("gate", width, inner),
            ("up", width, inner),
            ("down", inner, width),
        ):
            path = f"{prefix}.mlp.{name}_proj"
            yield from _linear(path, columns, rows, has_bias=config.mlp_bias)
        yield f"{prefix}.input_layernorm.weight", (width,)
        yield f"{prefix}.post_attention_layernorm.weight", (width,)
    yield "model.norm.weight", (width,)


def _linear(
    name: str, width_in: int, width_out: int, *, has_bias: bool = True
) -> Shapes:
    yield f"{name}.weight", (width_out, width_in)
    if has_bias:
        yield f"{name}.bias", (width_out,)
