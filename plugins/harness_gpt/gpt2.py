"""GPT-2, read top to bottom, over packed tokens.

Radford et al. 2019, "Language Models are Unsupervised Multitask Learners". Parameters
have the names of Hugging Face's `GPT2LMHeadModel`; its Conv1D layers, which hold
(in, out), are plain `nn.Linear` here. Shapes: T tokens in a batch, C width, H heads.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from harness_gpt.decoder import TAGGER_DROPOUT
from harness_gpt.gpt2_config import Gpt2Config
from harness_torch.activations import ACTIVATIONS
from harness_torch.cache import Asked, Attending
from harness_torch.linear import linear
from harness_torch.prefix import Prefix


class Attention(nn.Module):
    """Causal multi-head attention; the layer calls its output projection."""

    def __init__(self, config: Gpt2Config, layer: int) -> None:
        super().__init__()
        width = config.n_embd
        self.layer = layer
        self.heads = config.n_head
        self.scale = (
            (width // config.n_head) ** -0.5 if config.scale_attn_weights else 1.0
        )
        if config.scale_attn_by_inverse_layer_idx:
            self.scale /= layer + 1
        self.c_attn = nn.Linear(width, 3 * width)
        self.c_proj = nn.Linear(width, width)
        self.dropout = nn.Dropout(config.attn_pdrop)
        self.resid_dropout = nn.Dropout(config.resid_pdrop)
        self.prefix = Prefix(self.heads, width // self.heads)

    def forward(self, hidden: Tensor, attending: Attending) -> Tensor:
        """Return ``(T, C)``, not yet projected."""
        q, k, v = self.c_attn(hidden).chunk(3, dim=-1)
        q, k, v = (x.view(len(x), self.heads, -1) for x in (q, k, v))  # (T, H, C / H)
        dropout = self.dropout.p if self.training else 0.0
        asked = Asked(
            self.layer, q, k, v, self.scale, dropout=dropout, prefix=self.prefix
        )
        return attending(asked)

    def project(self, attended: Tensor) -> Tensor:
        """Return ``(T, C)``."""
        projected: Tensor = self.resid_dropout(self.c_proj(attended))
        return projected


class FeedForward(nn.Module):
    """The feed-forward sublayer."""

    def __init__(self, config: Gpt2Config) -> None:
        super().__init__()
        self.c_fc = nn.Linear(config.n_embd, config.n_inner)
        self.c_proj = nn.Linear(config.n_inner, config.n_embd)
        self.activation = ACTIVATIONS[config.activation_function]
        self.dropout = nn.Dropout(config.resid_pdrop)

    def forward(self, hidden: Tensor) -> Tensor:
        """Return ``(T, C)``."""
        inner: Tensor = self.dropout(self.c_proj(self.activation(self.c_fc(hidden))))
        return inner


class Layer(nn.Module):
    """One transformer layer, normalised before each sublayer."""

    def __init__(self, config: Gpt2Config, layer: int) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.attn = Attention(config, layer)
        self.ln_2 = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.mlp = FeedForward(config)

    def forward(
        self, hidden: Tensor, attending: Attending, rows: Tensor | None
    ) -> Tensor:
        """Return ``(T, C)``, or the rows alone."""
        attended = self.attn(self.ln_1(hidden), attending)
        if rows is not None:
            hidden, attended = hidden[rows], attended[rows]
        hidden = hidden + self.attn.project(attended)
        transformed: Tensor = hidden + self.mlp(self.ln_2(hidden))
        return transformed


class Body(nn.Module):
    """Embeddings, layers and the last norm."""

    def __init__(self, config: Gpt2Config) -> None:
        super().__init__()
        self.wte = nn.Embedding(config.vocab_size, config.n_embd)
        self.wpe = nn.Embedding(config.n_positions, config.n_embd)
        self.drop = nn.Dropout(config.embd_pdrop)
        self.h = nn.ModuleList(Layer(config, i) for i in range(config.n_layer))
        self.ln_f = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)

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
        hidden = self.drop(self.wte(ids) + self.wpe(positions))
        last = len(self.h) - 1
        for index, layer in enumerate(self.h):
            hidden = layer(hidden, attending, rows if index == last else None)
        normed: Tensor = self.ln_f(hidden)
        return normed


class Gpt2(nn.Module):
    """The decoder with an output layer over the vocabulary, or a trained head.

    Attributes:
        lm_head: the output layer where it is not tied to the embeddings.
        score: a trained head over one hidden state, if there is one.
        classifier: a trained head over every hidden state, if there is one.
    """

    def __init__(
        self,
        config: Gpt2Config,
        *,
        outputs: int | None = None,
        is_tagger: bool = False,
        has_output: bool = True,
    ) -> None:
        super().__init__()
        is_own = has_output and outputs is None and not config.tie_word_embeddings
        width, words = config.n_embd, config.vocab_size
        self.transformer = Body(config)
        self.lm_head = nn.Linear(width, words, bias=False) if is_own else None
        self.score: nn.Linear | None = None
        self.classifier: nn.Linear | None = None
        self.dropout = nn.Dropout(TAGGER_DROPOUT)
        if outputs is not None and is_tagger:
            self.classifier = nn.Linear(width, outputs)
        elif outputs is not None:
            self.score = nn.Linear(width, outputs, bias=False)

    def forward(
        self,
        ids: Tensor,
        positions: Tensor,
        attending: Attending,
        rows: Tensor | None = None,
    ) -> Tensor:
        """Return last hidden states; see `Body.forward`."""
        hidden: Tensor = self.transformer(ids, positions, attending, rows)
        return hidden

    @property
    def sight(self) -> int | None:
        """See `harness_gpt.decoder.Decoder`: every token sees all before it."""
        return None

    def tags(self, hidden: Tensor) -> Tensor:
        """Return a tagger's logits, ``(rows, outputs)``, of hidden states."""
        if self.classifier is None:
            raise ValueError("a model without a tagger can't label tokens")
        logits: Tensor = self.classifier(self.dropout(hidden))
        return logits

    def logits(self, hidden: Tensor) -> Tensor:
        """Return ``(rows, vocabulary)`` of hidden states ``(rows, C)``."""
        tied = self.transformer.wte.weight
        return linear(hidden, tied if self.lm_head is None else self.lm_head.weight)


def initialise(module: nn.Module, *, std: float, generator: torch.Generator) -> None:
    """Draw fresh weights as GPT-2 does: normal matrices, zero biases, unit norms."""
    for part in module.modules():
        if isinstance(part, nn.Linear | nn.Embedding):
            nn.init.normal_(part.weight, std=std, generator=generator)
        if isinstance(part, nn.LayerNorm):
            nn.init.ones_(part.weight)
        if isinstance(part, nn.Linear | nn.LayerNorm) and part.bias is not None:
            nn.init.zeros_(part.bias)
