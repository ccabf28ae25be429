"""How a checkpoint turns its queries and keys: the settings of rotary positions.

Su et al. 2021, https://arxiv.org/abs/2104.09864, and the ways to stretch it that
transformers' modeling_rope_utils.py knows. Light: no torch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import CheckpointError
from harness_torch.config import read_flag, read_number

KINDS = ("default", "linear", "dynamic", "llama3", "yarn")
_NEEDED = {
    "default": (),
    "linear": ("factor",),
    "dynamic": ("factor",),
    "llama3": ("factor", "low_freq_factor", "high_freq_factor"),
    "yarn": ("factor",),
}
_HUGE = 1e12
_ORIGINAL = "original_max_position_embeddings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rope:
    """The settings of rotary positions.

    ``dynamic`` differs from ``default`` only beyond the model's longest input, which
    is never read, so it needs no number.

    Attributes:
        kind: one of `KINDS`.
        theta: the longest wavelength is nearly this many radians.
        factor: by how much positions are stretched.
        original_length: the longest input before stretching.
        low_frequency: of ``llama3``, where stretching is whole.
        high_frequency: of ``llama3``, where there is none.
        beta_fast: of ``yarn``, turns over the original length that aren't stretched.
        beta_slow: of ``yarn``, turns that are stretched wholly.
        truncate: of ``yarn``, whether the ramp's ends are rounded outwards.
        attention_scale: what cosines and sines are multiplied by.
    """

    kind: str
    theta: float
    factor: float = 1.0
    original_length: float = 1.0
    low_frequency: float = 1.0
    high_frequency: float = 1.0
    beta_fast: float = 32.0
    beta_slow: float = 1.0
    truncate: bool = True
    attention_scale: float = 1.0


def read_rope(raw: Mapping[str, Any], origin: Path, *, length: int) -> Rope:
    """Read ``rope_parameters``, or ``rope_theta`` and ``rope_scaling`` of older files.

    Args:
        raw: the object of config.json.
        origin: the file, for messages.
        length: ``max_position_embeddings``.

    Raises:
        CheckpointError: the type is unknown, or a number is missing or none.
    """
    given = raw.get("rope_scaling") or raw.get("rope_parameters") or {}
    where = origin / "rope_parameters"
    if not isinstance(given, Mapping):
        raise CheckpointError(
            f"{origin} has rope_parameters {given!r}, expected an object: correct it"
        )
    kind = str(given.get("rope_type", given.get("type", "default")))
    _check_kind(kind, given, origin)
    own = {"rope_theta": raw.get("rope_theta"), **given}
    if _ORIGINAL in raw:  # which the reference puts first
        own[_ORIGINAL] = raw[_ORIGINAL]

    def number(key: str, default: float) -> float:
        kept = {} if own.get(key) is None else {key: own[key]}
        return read_number(kept, key, where, default=default, highest=_HUGE)

    for key in ("rope_theta", "factor"):
        if not number(key, 1.0):
            raise CheckpointError(
                f"{where} has {key} 0.0, expected more than 0: correct it"
            )
    return Rope(
        kind=kind,
        theta=number("rope_theta", 10_000.0),
        factor=number("factor", 1.0),
        original_length=number(_ORIGINAL, length),
        low_frequency=number("low_freq_factor", 1.0),
        high_frequency=number("high_freq_factor", 1.0),
        beta_fast=number("beta_fast", 32.0) or 32.0,
        beta_slow=number("beta_slow", 1.0) or 1.0,
        truncate=read_flag(given, "truncate", where, default=True),
        attention_scale=_attention_scale(given, number) if kind == "yarn" else 1.0,
    )


def _check_kind(kind: str, given: Mapping[str, Any], origin: Path) -> None:
    if kind not in KINDS:
        raise CheckpointError(
            f"{origin} has the rope type {kind!r}, expected {' or '.join(KINDS)}: use "
            "another checkpoint, or name this one hub:..."
        )
    missing = [key for key in _NEEDED[kind] if given.get(key) is None]
    if missing:
        raise CheckpointError(
            f"{origin} has the rope type {kind!r} without {' and '.join(missing)}: "
            "correct it"
        )
    if given.get("partial_rotary_factor", 1.0) != 1.0:
        raise CheckpointError(
            f"{origin} has partial_rotary_factor {given['partial_rotary_factor']!r}, "
            "expected 1.0: use another checkpoint, or name this one hub:..."
        )


def _attention_scale(
    given: Mapping[str, Any], number: Callable[[str, float], float]
) -> float:
    """Return YaRN's scale (Peng et al. 2023, section 3.4), by the reference's rules."""
    if given.get("attention_factor") is not None:
        return number("attention_factor", 1.0)
    factor = number("factor", 1.0)
    scale, scale_all = number("mscale", 0.0), number("mscale_all_dim", 0.0)
    if scale and scale_all:
        return _temperature(factor, scale) / _temperature(factor, scale_all)
    return _temperature(factor, 1.0)


def _temperature(factor: float, scale: float) -> float:
    return 1.0 if factor <= 1 else 0.1 * scale * math.log(factor) + 1.0
