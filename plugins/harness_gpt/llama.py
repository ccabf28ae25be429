"""Llama-style decoders (Llama, Mistral, Qwen2, Qwen3), read top to bottom.

Touvron et al. 2023, https://arxiv.org/abs/2302.13971: RMS norms before each sublayer,
rotary positions, a gated feed-forward layer; keys shared by groups of heads. Over
packed tokens. Parameters have the names of Hugging Face's `LlamaForCausalLM`. Shapes:
T tokens in a batch, C width, H heads, K key heads, D size of a head.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from harness_gpt.decoder import TAGGER_DROPOUT
from harness_gpt.llama_config import LlamaConfig
from harness_gpt.rotary import Rotation, rotation
from harness_torch.activations import ACTIVATIONS
from harness_torch.cache import Asked, Attending
from harness_torch.linear import linear
from harness_torch.prefix import Prefix


class RmsNorm(nn.Module):
    """Divide by the root mean square, in fp32 or better.

    Zhang and Sennrich 2019, https://arxiv.org/abs/1910.07467.
    """

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, hidden: Tensor) -> Tensor:
        """Return the shape that was given."""
        wide = hidden.to(torch.promote_types(hidden.dtype, torch.float32))
        wide = wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + self.eps)
        return self.weight * wide.to(hidden.dtype)


class Attention(nn.Module):
    """Causal attention with shared keys; the layer calls its output projection."""

    def __init__(self, config: LlamaConfig, layer: int) -> None:
        super().__init__()
        width, size = config.hidden_size, config.head_dim
        heads, key_heads = config.num_attention_heads, config.num_key_value_heads
        has_bias = config.has_query_bias
        self.layer = layer
        self.size = size
        self.window = config.windows[layer]
        self.q_proj = nn.Linear(width, heads * size, bias=has_bias)
        self.k_proj = nn.Linear(width, key_heads * size, bias=has_bias)
        self.v_proj = nn.Linear(width, key_heads * size, bias=has_bias)
        self.o_proj = nn.Linear(heads * size, width, bias=config.has_output_bias)
        self.q_norm = self.k_norm = None
        if config.has_head_norms:
            self.q_norm = RmsNorm(size, config.rms_norm_eps)
            self.k_norm = RmsNorm(size, config.rms_norm_eps)
        self.dropout = nn.Dropout(config.attention_dropout)
        self.prefix = Prefix(key_heads, size)

    def forward(self, hidden: Tensor, turned: Rotation, attending: Attending) -> Tensor:
        """Return ``(T, H * D)``, not yet projected."""
        q = self.q_proj(hidden).view(len(hidden), -1, self.size)  # (T, H, D)
        k = self.k_proj(hidden).view(len(hidden), -1, self.size)  # (T, K, D)
        v = self.v_proj(hidden).view(len(hidden), -1, self.size)  # (T, K, D)
        if self.q_norm is not None and self.k_norm is not None:
            q, k = self.q_norm(q), self.k_norm(k)
        dropout = self.dropout.p if self.training else 0.0
        asked = Asked(
            self.layer,
            turned.apply(q),
            turned.apply(k),
            v,
            window=self.window,
            dropout=dropout,
            prefix=self.prefix,
        )
        return attending(asked)


class FeedForward(nn.Module):
    """The gated feed-forward sublayer; Shazeer 2020, https://arxiv.org/abs/2002.05202."""

    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        width, inner = config.hidden_size, config.intermediate_size
        self.gate_proj = nn.Linear(width, inner, bias=config.mlp_bias)
        self.up_proj = nn.Linear(width, inner, bias=config.mlp_bias)
        self.down_proj = nn.Linear(inner, width, bias=config.mlp_bias)
        self.activation = ACTIVATIONS[config.hidden_act]

    def forward(self, hidden: Tensor) -> Tensor:
        """Return ``(T, C)``."""
        inner = self.activation(self.gate_proj(hidden)) * self.up_proj(hidden)
        projected: Tensor = self.down_proj(inner)
        return projected


class Layer(nn.Module):
    """One transformer layer, normalised before each sublayer."""

    def __init__(self, config: LlamaConfig, layer: int) -> None:
        super().__init__()
        width, eps = config.hidden_size, config.rms_norm_eps
        self.input_layernorm = RmsNorm(width, eps)
        self.self_attn = Attention(config, layer)
        self.post_attention_layernorm = RmsNorm(width, eps)
        self.mlp = FeedForward(config)

    def forward(
        self,
        hidden: Tensor,
        turned: Rotation,
        attending: Attending,
        rows: Tensor | None,
    ) -> Tensor:
        """Return ``(T, C)``, or the rows alone."""
        attended = self.self_attn(self.input_layernorm(hidden), turned, attending)
        if rows is not None:
            hidden, attended = hidden[rows], attended[rows]
        hidden = hidden + self.self_attn.o_proj(attended)
        transformed: Tensor = hidden + self.mlp(self.post_attention_layernorm(hidden))
        return transformed


class Body(nn.Module):
    """Embeddings, layers and the last norm."""

    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        self.config = config
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(
            Layer(config, i) for i in range(config.num_hidden_layers)
        )
        self.norm = RmsNorm(config.hidden_size, config.rms_norm_eps)

    def forward(
        self,
        ids: Tensor,
        positions: Tensor,
        attending: Attending,
        rows: Tensor | None = None,
    ) -> Tensor:
        """Return last hidden states, ``(T, C)``, or those of some rows alone.

        Args:
            ids: token ids, ``(T,)``.
            positions: their places in their sequences, ``(T,)``.
            attending: lets them attend.
            rows: the tokens whose states are wanted, all by default; the last layer
                computes no other.
        """
        turned = rotation(self.config.rope, self.config.head_dim, positions)
        hidden = self.embed_tokens(ids)
        last = len(self.layers) - 1
        for index, layer in enumerate(self.layers):
            hidden = layer(hidden, turned, attending, rows if index == last else None)
        normed: Tensor = self.norm(hidden)
        return normed


class Llama(nn.Module):
    """The decoder with an output layer over the vocabulary, or a trained head.

    Attributes:
        lm_head: the output layer where it is not tied to the embeddings.
        score: a trained head over one hidden state, of a tagger over every one, if
            there is one; a tagger's has a bias.
    """

    def __init__(
        self,
        config: LlamaConfig,
        *,
        outputs: int | None = None,
        is_tagger: bool = False,
        has_output: bool = True,
    ) -> None:
        super().__init__()
        is_own = has_output and outputs is None and not config.tie_word_embeddings
        width, words = config.hidden_size, config.vocab_size
        self.model = Body(config)
        self.lm_head = nn.Linear(width, words, bias=False) if is_own else None
        self.dropout = nn.Dropout(TAGGER_DROPOUT)
        self.score = (
            None if outputs is None else nn.Linear(width, outputs, bias=is_tagger)
        )

    def forward(
        self,
        ids: Tensor,
        positions: Tensor,
        attending: Attending,
        rows: Tensor | None = None,
    ) -> Tensor:
        """Return last hidden states; see `Body.forward`."""
        hidden: Tensor = self.model(ids, positions, attending, rows)
        return hidden

    @property
    def sight(self) -> int | None:
        """See `harness_gpt.decoder.Decoder`."""
        windows = self.model.config.windows
        return min((window for window in windows if window is not None), default=None)

    def tags(self, hidden: Tensor) -> Tensor:
        """Return a tagger's logits, ``(rows, outputs)``, of hidden states."""
        if self.score is None:
            raise ValueError("a model without a tagger can't label tokens")
        logits: Tensor = self.score(self.dropout(hidden))
        return logits

    def logits(self, hidden: Tensor) -> Tensor:
        """Return ``(rows, vocabulary)`` of hidden states ``(rows, C)``."""
        tied = self.model.embed_tokens.weight
        return linear(hidden, tied if self.lm_head is None else self.lm_head.weight)
