"""An adapter that can be given a head and trained."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor, nn

from harness import Encoded, Head, Loss, PluginError, TrainingExample
from harness_torch.abilities import Abilities, TorchAdapter, TorchSession
from harness_torch.checkpoint import save_checkpoint
from harness_torch.heads.labels import HEAD_OF
from harness_torch.tokenizers.protocol import TextTokenizer

_DROPPED = ("_name_or_path", "torch_dtype", "transformers_version")


class Opened(Protocol):
    """What an adapter needs to know of the checkpoint behind it."""

    @property
    def title(self) -> str:
        """How messages name it."""

    @property
    def raw(self) -> Mapping[str, Any]:
        """Its config.json, written back when a checkpoint is saved."""

    @property
    def head(self) -> Head | None:
        """The trained head that it carries, if any."""


OpenedT = TypeVar("OpenedT", bound=Opened)
ModuleT = TypeVar("ModuleT", bound=nn.Module)
TokenizerT = TypeVar("TokenizerT", bound=TextTokenizer)


@runtime_checkable
class Objective(Protocol):
    """An ability that can be trained."""

    def encode_training(self, examples: Sequence[TrainingExample]) -> list[Encoded]:
        """Tokenise training examples in one batch; `extra` holds what is right."""

    def loss(self, batch: Sequence[Encoded]) -> Loss:
        """Return the summed loss of a micro-batch."""


class TrainableAdapter(TorchAdapter, ABC, Generic[OpenedT, ModuleT, TokenizerT]):
    """Answers with one module, and trains it.

    Once prepared for training the weights stay fp32 and lower precision is autocast.
    A family says what abilities the module has with a head (`abilities`), puts a fresh
    head on it (`attach`) and names the architecture that it then has (`architecture`).
    """

    module: ModuleT

    def __init__(
        self,
        *,
        checkpoint: OpenedT,
        module: ModuleT,
        tokenizer: TokenizerT,
        dtype: torch.dtype,
    ) -> None:
        self.title = checkpoint.title
        self.module = module
        self.tokenizer = tokenizer
        self._checkpoint = checkpoint
        self._head = checkpoint.head
        self._is_prepared = False
        super().__init__(
            title=checkpoint.title,
            module=module,
            dtype=dtype,
            abilities=self.abilities(checkpoint.head),
        )

    @abstractmethod
    def abilities(self, head: Head | None) -> Abilities:
        """Return what the module answers, with the head if there is one."""

    @abstractmethod
    def attach(self, head: Head, generator: torch.Generator) -> None:
        """Put a freshly drawn head on the module.

        Raises:
            PluginError: this model has no such head.
        """

    @abstractmethod
    def saved_config(self, head: Head) -> dict[str, Any]:
        """Return what config.json says of the module with its head, on top of the rest.

        ``architectures`` and what `harness_torch.heads.labels.head_settings` returns.
        """

    def stored(self, name: str, tensor: Tensor) -> Tensor:
        """Return a parameter as a checkpoint's files hold it: as it is, by default."""
        return tensor

    def stored_name(self, name: str) -> str:
        """Return what a checkpoint's files call a parameter: as we do, by default."""
        return name

    def session(self) -> TorchSession:
        """Open a session over the module's weights as they stand."""
        if not self._is_prepared:
            return super().session()
        return TorchSession(self.module, self._abilities, autocast=self._dtype)

    def attach_words(self, needs: str, generator: torch.Generator) -> None:
        """Give the module the output layers that pre-training needs; none by default.

        Args:
            needs: one of the card's `pretrains`.
            generator: draws what the checkpoint lacks.
        """

    def words_config(self) -> dict[str, Any]:
        """Return what config.json says of the module with its own output layers.

        Raises:
            PluginError: the family has none.
        """
        raise PluginError(f"{self.title} can't be pre-trained: choose another model")

    def prepare_words(self, needs: str, *, seed: int) -> nn.Module:
        """Return the module with the output layers that pre-training needs.

        Raises:
            PluginError: the model was trained or cast before.
        """
        self._check_unused()
        self.attach_words(needs, torch.Generator().manual_seed(seed))
        self._head = None
        self._abilities = self.abilities(None)
        self._is_prepared = True
        return self.module

    def save_words(self, folder: Path) -> None:
        """Write a checkpoint with its own output layers, in Hugging Face format."""
        self._save(folder, self.words_config())

    def prepare(self, head: Head, *, seed: int) -> nn.Module:
        """Attach a freshly seeded head and return the module that holds all weights.

        Raises:
            PluginError: the head is of a kind that this model has not, or the model
                was trained or cast before, so that it no longer is the base model.
        """
        self._check_unused()
        self.attach(head, torch.Generator().manual_seed(seed))
        self._head = head
        self._abilities = self.abilities(head)
        self._is_prepared = True
        return self.module

    def encode_training(self, examples: Sequence[TrainingExample]) -> list[Encoded]:
        """Tokenise training examples in one batch; `extra` holds what is right."""
        return self._objective().encode_training(examples)

    def loss(self, batch: Sequence[Encoded]) -> Loss:
        """Return the summed loss of a micro-batch."""
        return self._objective().loss(batch)

    def save(self, folder: Path) -> None:
        """Write a checkpoint with its head, in Hugging Face format."""
        self._save(folder, self.saved_config(self._prepared_head()))

    def _save(self, folder: Path, said: Mapping[str, Any]) -> None:
        kept = {k: v for k, v in self._checkpoint.raw.items() if k not in _DROPPED}
        save_checkpoint(
            folder,
            module=self.module,
            stored=self.stored,
            stored_name=self.stored_name,
            config={**kept, **said, "dtype": "float32"},
            files=self.tokenizer.files,
        )

    def _check_unused(self) -> None:
        is_cast = next(self.module.parameters()).dtype != torch.float32
        if self._is_prepared or is_cast:
            raise PluginError(
                f"{self.title} was already used: load it again, so that training "
                "starts from the checkpoint's own weights"
            )

    def _objective(self) -> Objective:
        objective = self._ability(HEAD_OF[self._prepared_head().kind])
        if not isinstance(objective, Objective):
            raise PluginError(f"{self.title} can't train its {self._head} yet")
        return objective

    def _prepared_head(self) -> Head:
        if self._head is None:
            raise PluginError(f"{self.title} has no head yet: call prepare first")
        return self._head
