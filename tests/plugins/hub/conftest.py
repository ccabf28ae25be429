"""Fixtures for the hub adapter's tests: tiny random models of many architectures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
)
from transformers.utils import logging

from harness import LoadSettings, ModelName
from harness_hub.adapter import HubAdapter
from harness_hub.plugin import load

LEARNT = (
    "The cat sat on the mat. A man is playing a guitar while two women listen.",
    "yes no of course it is; prices rose in 1969 and fell again.",
)
SPECIAL = {
    "bos_token": "<s>",
    "eos_token": "</s>",
    "pad_token": "<pad>",
    "mask_token": "<mask>",
}
IDS = {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 2}
SMALL = {
    **IDS,
    "vocab_size": 330,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 64,
}
TWO_STACKS = {
    **IDS,
    "vocab_size": 330,
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 48,
    "decoder_ffn_dim": 48,
    "max_position_embeddings": 64,
    "decoder_start_token_id": 1,
    "forced_eos_token_id": 1,
}
T5 = {
    "vocab_size": 330,
    "d_model": 32,
    "d_kv": 8,
    "d_ff": 48,
    "num_layers": 2,
    "num_heads": 4,
    "pad_token_id": 2,
    "eos_token_id": 1,
    "decoder_start_token_id": 2,
}
GPT2 = {
    "vocab_size": 330,
    "n_embd": 32,
    "n_layer": 2,
    "n_head": 4,
    "n_positions": 64,
    "bos_token_id": 0,
    "eos_token_id": 0,
}
SETTINGS: dict[str, dict[str, Any]] = {
    "OPT": {**SMALL, "ffn_dim": 48, "word_embed_proj_dim": 16},
    "GPTNeoX": SMALL,
    "Gemma2": {
        **SMALL,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "final_logit_softcapping": 3.0,
        "sliding_window": 8,
    },
    "XLNet": {**IDS, "vocab_size": 330, "d_model": 32, "n_layer": 2, "n_head": 4},
    "GPT2": GPT2,
    "Bart": TWO_STACKS,
    "Marian": TWO_STACKS,
    "MT": TWO_STACKS,
    "T5": T5,
    "DebertaV2": {
        **SMALL,
        "relative_attention": True,
        "position_buckets": 8,
        "pos_att_type": ["p2c", "c2p"],
    },
    "Electra": {**SMALL, "embedding_size": 16, "type_vocab_size": 2},
    "ModernBert": {**SMALL, "local_attention": 16, "cls_token_id": 0},
    "Bert": SMALL,
}


class Made(NamedTuple):
    """A model on disk, and what transformers itself loads from there."""

    folder: Path
    module: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase


Make = Callable[..., Made]


def train_tokenizer(*, frames: bool) -> PreTrainedTokenizerFast:
    """Return a byte-level tokenizer; one that frames texts in <s> and </s> or not."""
    library = Tokenizer(models.BPE())
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    library.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=list(SPECIAL.values()),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    library.train_from_iterator(LEARNT, trainer)
    if frames:
        library.post_processor = processors.TemplateProcessing(
            single="<s> $A </s>",
            pair="<s> $A </s> $B:1 </s>:1",
            special_tokens=[("<s>", 0), ("</s>", 1)],
        )
    return PreTrainedTokenizerFast(tokenizer_object=library, **SPECIAL)


def perturb(module: PreTrainedModel) -> None:
    """Move every parameter, so that none is 0 or 1 and could be left out unseen."""
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.1)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)
    logging.disable_progress_bar()


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Return what makes a tiny random model of a class of transformers, once each."""
    made: dict[str, Made] = {}

    def make(architecture: str, **settings: Any) -> Made:
        key = f"{architecture} {sorted(settings.items())}"
        if key not in made:
            family = next(f for f in SETTINGS if architecture.startswith(f))
            frames = not architecture.endswith(("ForCausalLM", "LMHeadModel"))
            folder = tmp_path_factory.mktemp(architecture)
            cls = getattr(transformers, architecture)
            config = cls.config_class(**SETTINGS[family], **settings)
            torch.manual_seed(1)
            module = cls(config).eval()
            perturb(module)
            module.save_pretrained(folder)
            tokenizer = train_tokenizer(frames=frames)
            tokenizer.save_pretrained(folder)
            # Marian's positions are computed again, so what was written counts.
            loaded = cls.from_pretrained(folder).eval()
            made[key] = Made(folder, loaded, AutoTokenizer.from_pretrained(folder))
        return made[key]

    return make


@pytest.fixture(scope="session")
def open_model() -> Callable[..., HubAdapter]:
    """Return what loads a folder through the adapter."""

    def open_model(folder: Path, **options: str) -> HubAdapter:
        name = ModelName(adapter="hub", checkpoint=str(folder), options=options)
        return load(name, LoadSettings())

    return open_model
