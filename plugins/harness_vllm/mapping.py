"""Between our requests and vLLM's parameters and outputs. Pure: vLLM is not imported.

What vLLM gives is read by attribute, so that tests can give objects of the same shape:
`RequestOutput.prompt_logprobs` (for each prompt token but the first, log-probabilities
by token id: those of the most probable token and of the prompt's own), and
`RequestOutput.outputs[0]` with ``text``, ``token_ids``, ``finish_reason`` and
``stop_reason`` (`vllm/outputs.py`). Never run against vLLM itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from harness import PluginError
from harness.requests import Generate, GenerateAnswer

SCORING: Mapping[str, Any] = {
    "max_tokens": 1,  # vLLM writes one at least
    "temperature": 0.0,
    "prompt_logprobs": 1,
    "detokenize": False,
}
"""Parameters that ask for the log-probabilities of a prompt."""


class LogProbability(Protocol):
    """One of vLLM's log-probabilities."""

    @property
    def logprob(self) -> float:
        """The natural logarithm."""


class Completion(Protocol):
    """What vLLM wrote after a prompt."""

    @property
    def text(self) -> str:
        """Without the stop text."""

    @property
    def token_ids(self) -> Sequence[int]:
        """The tokens written."""

    @property
    def finish_reason(self) -> str | None:
        """``stop`` or ``length`` where all went well."""

    @property
    def stop_reason(self) -> int | str | None:
        """The stop text, or the stop token unless it is the model's usual end."""


class Output(Protocol):
    """What vLLM answers to one prompt."""

    @property
    def prompt_logprobs(
        self,
    ) -> Sequence[Mapping[int, LogProbability] | None] | None:
        """For each prompt token but the first, log-probabilities by token id."""

    @property
    def outputs(self) -> Sequence[Completion]:
        """One text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One prompt for vLLM.

    Attributes:
        ids: the prompt's token ids.
        scored: how many of the last are scored; 0 where text is written.
        parameters: for `vllm.SamplingParams`.
        cut: tokens that did not fit.
    """

    ids: list[int]
    scored: int = 0
    parameters: Mapping[str, Any]
    cut: int = 0


class Summed(NamedTuple):
    """What scored tokens add up to."""

    log_probability: float
    is_greedy: bool


def ask_to_score(
    context: Sequence[int], continuation: Sequence[int], *, length: int
) -> Asked:
    """Ask for the log-probability of a continuation, the context cut on the left.

    vLLM wants room for the token that it writes: a prompt of ``length - 1`` fits.
    """
    whole = [*context, *continuation]
    kept = whole[-(length - 1) :]
    scored = min(len(continuation), len(kept) - 1)
    cut = len(whole) - len(kept)
    return Asked(ids=kept, scored=scored, parameters=SCORING, cut=cut)


def ask_to_write(ids: Sequence[int], request: Generate, *, length: int) -> Asked:
    """Ask for a text, the prompt cut on the left so that what is written fits.

    A prompt keeps half of the length in any case; then less is written.
    """
    room = max(length - request.max_tokens, length // 2, 1)
    kept = list(ids[-room:])
    parameters: dict[str, Any] = {
        "max_tokens": min(request.max_tokens, length - len(kept)),
        "temperature": request.temperature,
    }
    stops = [stop for stop in request.stop if stop]
    if stops:
        parameters["stop"] = stops
    if request.temperature > 0:
        parameters |= {"top_p": request.top_p, "seed": seed(request)}
    return Asked(ids=kept, parameters=parameters, cut=len(ids) - len(kept))


def seed(request: Generate) -> int:
    """Return what seeds a draw: the prompt and the sample's number alone."""
    text = f"{request.sample}\n{request.prompt}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1


def read_score(output: Output, asked: Asked) -> Summed:
    """Add up the log-probabilities of the tokens that are asked.

    Raises:
        PluginError: vLLM gave none for one of them.
    """
    given = output.prompt_logprobs or ()
    if len(given) != len(asked.ids):
        raise PluginError(
            f"vLLM gave {len(given)} log-probabilities for a prompt of "
            f"{len(asked.ids)} tokens, expected one each: use another version of vLLM"
        )
    total, is_greedy = 0.0, True
    first = len(asked.ids) - asked.scored
    for place in range(first, len(asked.ids)):
        own, best = _at(given[place], asked.ids[place], place)
        total += own
        is_greedy = is_greedy and own >= best
    return Summed(total, is_greedy)


def read_text(output: Output, asked: Asked) -> GenerateAnswer:
    """Read what was written.

    Raises:
        PluginError: vLLM gave the request up.
    """
    completion = output.outputs[0]
    reasons = {"length": "length", "stop": _why_stopped(completion)}
    reason = reasons.get(str(completion.finish_reason))
    if reason is None:
        raise PluginError(
            f"vLLM ended a text for the reason {completion.finish_reason!r}, expected "
            "stop or length: look into its log"
        )
    return GenerateAnswer(
        text=completion.text,
        finish_reason=reason,
        tokens=len(asked.ids),
        written_tokens=len(completion.token_ids),
        truncated_tokens=asked.cut,
        truncated_side="left" if asked.cut else None,
    )


def _why_stopped(completion: Completion) -> str:
    """Tell a stop text, which vLLM names, from a token that ends texts."""
    return "stop" if isinstance(completion.stop_reason, str) else "end"


def _at(
    given: Mapping[int, LogProbability] | None, token: int, place: int
) -> tuple[float, float]:
    if given is None or token not in given:
        raise PluginError(
            f"vLLM gave no log-probability of prompt token {place}: use another "
            "version of vLLM"
        )
    return given[token].logprob, max(one.logprob for one in given.values())
