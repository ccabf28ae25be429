"""The special tokens that a tokenizer puts around texts."""

from __future__ import annotations

import json
from typing import Any

from tokenizers import Tokenizer, processors

from harness import CheckpointError


def token_id(tokenizer: Tokenizer, token: str) -> int:
    """Return the id of a special token.

    Raises:
        CheckpointError: the vocabulary lacks it.
    """
    found = tokenizer.token_to_id(token)
    if found is None:
        raise CheckpointError(
            f"a tokenizer's vocabulary lacks its special token {token!r}: use the files "
            "of one tokenizer"
        )
    return int(found)


def frame(tokenizer: Tokenizer, *, bos: str | None, eos: str | None) -> None:
    """Let a tokenizer put BOS before each text and EOS behind it.

    Args:
        tokenizer: is changed; both tokens must be in its vocabulary.
        bos: the token, None for none.
        eos: the token, None for none.
    """
    around = [*([bos] if bos else []), "$A", *([eos] if eos else [])]
    second = ["$B:1" if part == "$A" else f"{part}:1" for part in around]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=around,
        pair=[*around, *second],
        special_tokens=[
            (token, token_id(tokenizer, token)) for token in {bos, eos} if token
        ],
    )


def set_bos(tokenizer: Tokenizer, bos: str, *, wanted: bool) -> Tokenizer:
    """Return a tokenizer that puts BOS before each text, or does not.

    Args:
        tokenizer: is left as it is.
        bos: the token, in its vocabulary.
        wanted: whether it should be there.
    """
    state = json.loads(tokenizer.to_str())
    steps = _steps(state["post_processor"])
    templates = [step for step in steps if step["type"] == "TemplateProcessing"]
    eos = _last(templates[0]["single"]) if templates else None
    changed = Tokenizer.from_str(tokenizer.to_str())
    frame(changed, bos=bos if wanted else None, eos=eos)
    others = [step for step in steps if step not in templates]
    if others:  # ByteLevel, which trims offsets
        state["post_processor"] = {
            "type": "Sequence",
            "processors": [*others, json.loads(changed.to_str())["post_processor"]],
        }
        return Tokenizer.from_str(json.dumps(state))
    return changed


def _steps(processor: dict[str, Any] | None) -> list[dict[str, Any]]:
    if processor is None:
        return []
    if processor["type"] == "Sequence":
        return [step for part in processor["processors"] for step in _steps(part)]
    return [processor]


def _last(single: list[dict[str, Any]]) -> str | None:
    """Return the special token at the end of a template."""
    token: str | None = single[-1].get("SpecialToken", {}).get("id")
    return token
