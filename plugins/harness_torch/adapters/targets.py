"""Which layers of a model adapters change, by the names that architectures give them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from torch import nn

QUERY_VALUE = frozenset(
    {
        *("query", "value"),  # BERT, RoBERTa, ALBERT, ELECTRA
        *("q_lin", "v_lin"),  # DistilBERT
        *("query_proj", "value_proj"),  # DeBERTa-v2
        *("q_proj", "v_proj"),  # Llama, Mistral, Qwen, BART, OPT
        *("q", "v"),  # T5
        *("c_attn", "Wqkv", "in_proj", "query_key_value", "qkv_proj"),  # all in one
    }
)
"""The layers that make queries and values (or keys too, where they are one layer)."""

OUTPUTS = (
    "output.dense",  # BERT, RoBERTa, DeBERTa, ELECTRA: of attention and feed-forward
    *("attention.dense", "ffn_output"),  # ALBERT
    *("out_lin", "ffn.lin2"),  # DistilBERT
    "c_proj",  # GPT-2
    *("o_proj", "down_proj"),  # Llama, Mistral, Qwen
    *("SelfAttention.o", "EncDecAttention.o", "DenseReluDense.wo"),  # T5
    *("attn.Wo", "mlp.Wo"),  # ModernBERT
    *("out_proj", "fc2"),  # BART, OPT
    *("self_attention.dense", "dense_4h_to_h"),  # BLOOM, Falcon, GPT-NeoX
)
"""How the paths end of the last layer of every attention and feed-forward."""

_LINEAR = ("Linear", "Conv1D")
_OUTPUT_LAYERS = ("lm_head", "cls", "embed_out")


def is_turned(layer: nn.Module) -> bool:
    """Tell whether a layer holds its matrix as (in, out): transformers' Conv1D."""
    return type(layer).__name__ == "Conv1D"


def find_targets(module: nn.Module, fresh: Iterable[str], wanted: str) -> list[str]:
    """Return the paths of the layers to adapt, none of them in a fresh head.

    Args:
        module: the model.
        fresh: names of the parameters of its head.
        wanted: ``query-value``, ``all-linear`` (but output layers over words) or
            ``outputs``, the last of every attention and feed-forward.
    """
    heads = {name.rpartition(".")[0] for name in fresh}
    linear = [
        path
        for path, part in module.named_modules()
        if type(part).__name__ in _LINEAR
        and path not in heads
        and path.partition(".")[0] not in _OUTPUT_LAYERS
    ]
    if wanted == "query-value":
        return [path for path in linear if path.rpartition(".")[2] in QUERY_VALUE]
    if wanted == "outputs":
        return [path for path in linear if f".{path}".endswith(_ENDINGS)]
    return linear


def shorten(paths: Sequence[str], module: nn.Module) -> list[str]:
    """Return the last names of paths, where these mean the same layers as the paths."""
    names = sorted({path.rpartition(".")[2] for path in paths})
    meant = [
        path for path, _ in module.named_modules() if path.rpartition(".")[2] in names
    ]
    return names if set(meant) == set(paths) else sorted(paths)


_ENDINGS = tuple(f".{ending}" for ending in OUTPUTS)


def find_norms(module: nn.Module) -> set[str]:
    """Return the names of the parameters of norms: vectors of modules called so."""
    return {
        f"{path}.{name}"
        for path, part in module.named_modules()
        if "norm" in type(part).__name__.lower()
        for name, parameter in part.named_parameters(recurse=False)
        if parameter.ndim == 1
    }
