"""An adapter's folder, opened and checked before any weights load. Light: no torch.

The files are peft's: ``adapter_config.json`` and ``adapter_model.safetensors``. Beside
them lies one of ours, which says what the head is and which base it belongs to; peft's
own folders have none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import CheckpointError, Head
from harness.requests import Generate, Request, Score
from harness_torch.adapters.naming import CONFIG
from harness_torch.adapters.peft_config import METHODS, check_config
from harness_torch.config import head_of, tagger_of
from harness_torch.heads.labels import PROBED, VECTOR_HEADS
from harness_torch.source import find_checkpoint, read_json
from harness_torch.weights import StoredTensor, fingerprint, read_header

TENSORS = "adapter_model.safetensors"
SIDECAR = "harness_adapter.json"
PROMPT = "prompt_embeddings"
"""What peft calls the vectors of virtual tokens."""

PROMPTED: frozenset[type[Request]] = frozenset({Generate, Score})
"""What a model that writes is asked behind virtual tokens."""

CODE_REVISION = 1
"""Raised whenever the code that puts adapters on models changes an answer."""

_PREFIXES = ("base_model.model.", "base_model.")  # the latter around virtual tokens
_METHOD_PARTS = (
    *(".lora_A.", ".lora_B.", ".adapter_down.", ".adapter_up."),
    *(".prefix.keys", ".prefix.values"),
)
_LAYERS = (
    *("classifier.weight", "score.weight", "classifier.out_proj.weight"),
    "qa_outputs.weight",
)
"""The last layers of heads, by which a head without a sidecar is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The base model that an adapter was trained on.

    Attributes:
        name: its name, as it was written.
        identity: see `harness_torch.weights.identity`.
        seed: what drew it, None where it has files.
    """

    name: str
    identity: str
    seed: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """An adapter, opened but not loaded.

    Attributes:
        folder: where its files are.
        method: the recipe that makes such adapters.
        config: its adapter_config.json.
        tensors: what it holds, by the name without peft's prefix.
        stored: what its file calls each of these.
        head: the trained head that it carries, if any.
        base: what it was trained on, None where nobody says.
    """

    folder: Path
    method: str
    config: Mapping[str, Any]
    tensors: Mapping[str, StoredTensor]
    stored: Mapping[str, str]
    head: Head | None
    base: Base | None

    @property
    def parameters(self) -> int:
        """How many parameters it holds."""
        return sum(tensor.size for tensor in self.tensors.values())

    @property
    def is_merged(self) -> bool:
        """Whether it becomes a part of the model's own weights."""
        return self.method in ("lora", "linear-probe")

    @property
    def reads(self) -> str | None:
        """What a linear probe reads, ``text`` or ``pair``; None for other heads."""
        return self.config.get("reads")

    @property
    def virtual_tokens(self) -> int:
        """How many it puts before every input."""
        return int(self.config.get("num_virtual_tokens") or 0)

    @property
    def added(self) -> tuple[str, ...]:
        """Names of whole parameters: of the head, and others trained in place."""
        return tuple(
            name
            for name in self.tensors
            if name != PROMPT and not any(part in name for part in _METHOD_PARTS)
        )

    def fingerprint(self) -> str:
        """Hash its files and the revision of the code that reads them."""
        files = (self.folder / file for file in (CONFIG, TENSORS, SIDECAR))
        there = [path for path in files if path.is_file()]
        return fingerprint(there, {"code": f"adapters {CODE_REVISION}"})


def read_adapter(place: str) -> Adapter:
    """Open an adapter.

    Args:
        place: its folder, or a Hub id.

    Raises:
        CheckpointError: it is none, or of a kind that can't be read.
    """
    folder = find_checkpoint(place, needed=(CONFIG, TENSORS, SIDECAR))
    if not (folder / CONFIG).is_file():
        raise CheckpointError(
            f"{folder} has no {CONFIG}: expected an adapter's folder after the plus "
            "sign, such as a recipe or peft writes"
        )
    config = read_json(folder / CONFIG)
    check_config(config, folder / CONFIG)
    header = read_header(folder / TENSORS)
    stored = {_bare(name): name for name in header}
    tensors = {ours: header[name] for ours, name in stored.items()}
    has_sidecar = (folder / SIDECAR).is_file()
    sidecar = read_json(folder / SIDECAR) if has_sidecar else None
    adapter = Adapter(
        folder=folder,
        method=METHODS[config["peft_type"]],
        config=config,
        tensors=tensors,
        stored=stored,
        head=(
            _guess_head(config, tensors, folder)
            if sidecar is None
            else _head(sidecar, folder / SIDECAR)
        ),
        base=None if sidecar is None else _base(sidecar, folder / SIDECAR),
    )
    _check_reads(adapter)
    return adapter


def _bare(name: str) -> str:
    prefix = next((p for p in _PREFIXES if name.startswith(p)), "")
    return name.removeprefix(prefix)


def _check_reads(adapter: Adapter) -> None:
    head = adapter.head
    is_probe = adapter.method == "linear-probe" and head and head.kind in VECTOR_HEADS
    if adapter.reads not in (PROBED if is_probe else (None,)):
        expected = " or ".join(PROBED) if is_probe else "none"
        raise CheckpointError(
            f"{adapter.folder / CONFIG} has reads {adapter.reads!r}, expected {expected}: "
            "train the adapter again"
        )


def _head(sidecar: Mapping[str, Any], origin: Path) -> Head | None:
    told = sidecar.get("head")
    if told is None:
        return None
    try:
        return Head(kind=str(told["kind"]), labels=tuple(map(str, told["labels"])))
    except (KeyError, TypeError) as error:
        raise _broken(origin, "head", told) from error


def _base(sidecar: Mapping[str, Any], origin: Path) -> Base:
    told = sidecar.get("base")
    try:
        seed = told["seed"]  # type: ignore[index] # what is no mapping is refused below
        return Base(
            name=str(told["name"]),  # type: ignore[index] # likewise
            identity=str(told["identity"]),  # type: ignore[index] # likewise
            seed=None if seed is None else int(seed),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _broken(origin, "base", told) from error


def _broken(origin: Path, key: str, value: object) -> CheckpointError:
    return CheckpointError(
        f"{origin} has {key} {value!r}, expected what a recipe writes there: train the "
        "adapter again"
    )


def _guess_head(
    config: Mapping[str, Any], tensors: Mapping[str, StoredTensor], folder: Path
) -> Head | None:
    """Return the head of an adapter that peft wrote, which names no label."""
    task = config.get("task_type")
    if task not in ("SEQ_CLS", "TOKEN_CLS", "QUESTION_ANS"):
        return None
    layers = (tensors[name] for name in tensors if name.endswith(_LAYERS))
    outputs = next((layer.shape[0] for layer in layers), None)
    if outputs is None:
        raise CheckpointError(
            f"{folder} is an adapter for {task} and holds no head, expected one of "
            f"{', '.join(_LAYERS)} beside it: save it with modules_to_save"
        )
    if task == "QUESTION_ANS":
        return Head(kind="extract")
    return head_of(None, (), outputs) if task == "SEQ_CLS" else tagger_of((), outputs)
