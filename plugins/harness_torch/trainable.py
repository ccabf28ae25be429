"""An adapter that can be given a head and trained."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor, nn

from harness import Encoded, Head, Loss, PluginError, TrainingExample, UsageError
from harness_torch.abilities import Abilities, TorchAdapter, TorchSession
from harness_torch.adapters.folder import PROMPTED, Adapter
from harness_torch.checkpoint import own_weights, save_checkpoint
from harness_torch.heads.labels import HEAD_OF, OWN_LAYERS
from harness_torch.heads.probe import Probing
from harness_torch.text_vectors import TextVectors, find_vectors
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

    @property
    def length(self) -> int:
        """The longest input in tokens."""

    @property
    def folder(self) -> Path | None:
        """Where its files are, None for the built-in ones."""

    @property
    def identity(self) -> str:
        """What tells its weights from all others."""


OpenedT = TypeVar("OpenedT", bound=Opened)
ModuleT = TypeVar("ModuleT", bound=nn.Module)
TokenizerT = TypeVar("TokenizerT", bound=TextTokenizer)


@runtime_checkable
class Objective(Protocol):
    """An ability that can be trained."""

    def encode_training(self, examples: Sequence[TrainingExample]) -> list[Encoded]:
        """Tokenise training examples in one batch; `extra` holds what is right."""

    def loss(self, batch: Sequence[Encoded], *, label_smoothing: float = 0.0) -> Loss:
        """Return the summed loss of a micro-batch."""


class TrainableAdapter(TorchAdapter, ABC, Generic[OpenedT, ModuleT, TokenizerT]):
    """Answers with one module, and trains it.

    Once prepared for training the weights stay fp32 and lower precision is autocast.
    A family says what abilities the module has with a head (`abilities`), puts a fresh
    head on it (`attach`) and what config.json then says of it (`saved_config`). One
    that writes says what it is trained to write (`language`).

    Attributes:
        reads_sources: whether an encoder reads what its decoder writes about.
        fresh: names of the parameters that came with the head, not with the base.
        virtual: ids of the virtual tokens that stand before every input.
    """

    module: ModuleT
    reads_sources = False
    fresh: frozenset[str] = frozenset()
    virtual: Sequence[int] = ()

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
        self._trained: Objective | None = None
        self._is_prepared = False
        self._adapter: Adapter | None = None
        self._probing: Probing | None = None
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

        ``architectures`` and what `harness_torch.heads.labels.head_settings` returns;
        of a layer of its own the former alone.
        """

    def language(self) -> Objective:
        """Return what trains the module's own output layer to say what comes next.

        Raises:
            PluginError: it has none.
        """
        raise PluginError(
            f"{self.title} has no output layer that says what comes next: train a head, "
            "or choose a model that writes"
        )

    @abstractmethod
    def words(self) -> nn.Embedding:
        """Return the module that makes vectors of token ids."""

    @abstractmethod
    def make_tokenizer(self, length: int, virtual: Sequence[int]) -> TokenizerT:
        """Make the checkpoint's tokenizer again, with virtual tokens before all else.

        Args:
            length: the longest input in tokens, virtual ones not counted.
            virtual: their ids.
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

    def prepare_words(self, needs: str, *, seed: int) -> nn.Module:
        """Return the module with the output layers that pre-training needs.

        Args:
            needs: one of the card's `pretrains`.
            seed: seeds what the checkpoint lacks.

        Raises:
            PluginError: the model was trained or cast before.
        """
        self._check_unused()
        own_weights(self.module)
        self.attach_words(needs, torch.Generator().manual_seed(seed))
        self._head = Head(kind="language")
        self.refresh()
        self._is_prepared = True
        return self.module

    def prepare(self, head: Head, *, seed: int) -> nn.Module:
        """Attach a freshly seeded head and return the module that holds all weights.

        For a layer of its own nothing is attached, and it answers what it did before.

        Raises:
            PluginError: the head is of a kind that this model has not, or the model
                was trained or cast before, so that it no longer is the base model.
        """
        self._check_unused()
        own_weights(self.module)
        self.take_head(head, seed=seed)
        self.refresh()
        self._is_prepared = True
        return self.module

    @property
    def base(self) -> OpenedT:
        """The checkpoint that the model was loaded from, without any adapter."""
        return self._checkpoint

    @property
    def head_names(self) -> frozenset[str]:
        """Names of the parameters behind the body: of a fresh head, and of a pooler."""
        if not self.fresh:
            return self.fresh
        names = (name for name, _ in self.module.named_parameters())
        return self.fresh | {name for name in names if "pooler." in name}

    def take_head(self, head: Head, *, seed: int) -> None:
        """Attach a freshly seeded head, and note which parameters came with it.

        For a layer of its own there is nothing to attach.

        Raises:
            PluginError: the model has no such head.
        """
        # Kept until the new ones are there, so that no address is used again.
        before = {p.data_ptr(): p for p in self.module.parameters()}
        if head.kind not in OWN_LAYERS:
            self.attach(head, torch.Generator().manual_seed(seed))
        self._head = head
        self.fresh = frozenset(
            name
            for name, parameter in self.module.named_parameters()
            if parameter.data_ptr() not in before
        )

    def prepare_vectors(self) -> TextVectors:
        """Return what answers `Embed`, of a module that stays as it is from now on.

        It is cast to the precision that it answers in.

        Raises:
            PluginError: there is nothing, or the model was trained or cast before.
        """
        self._check_unused()
        vectors = find_vectors(self.abilities(None), self.title)
        self._is_prepared = True
        self.module.to(self._dtype)
        return vectors

    def take_probe(self, head: Head, probing: Probing) -> None:
        """Answer for a head by a linear layer over vectors of texts."""
        self._head = head
        self._probing = probing
        self.module.probe = probing.layer
        names = (f"probe.{name}" for name, _ in probing.layer.named_parameters())
        self.fresh = frozenset(names)
        self.refresh()

    def prompt(self, tokens: int) -> None:
        """Read so many virtual tokens before every input; the longest stays as it was."""
        rows = self.words().num_embeddings
        virtual = range(rows, rows + tokens)
        length = self._checkpoint.length - tokens
        if length < 1:
            raise UsageError(
                f"{self.title} reads {self._checkpoint.length} tokens at most, which "
                f"leaves no room behind {tokens} virtual ones: take fewer"
            )
        self.virtual = virtual
        self.tokenizer = self.make_tokenizer(length, virtual)
        self.refresh()

    def carry(self, adapter: Adapter) -> None:
        """Note that the module is no longer the base: an adapter is on it."""
        self._adapter = adapter

    def refresh(self) -> None:
        """Make the abilities anew, as the title, tokenizer or head has changed."""
        is_within = self._has_head and self._probing is None
        able = self.abilities(self._head if is_within else None)
        if self._probing is not None:
            vectors = find_vectors(able, self.title)
            able = self._probing.abilities(self._prepared_head(), vectors, self.title)
        if self.virtual and not self._has_head:
            able = {asked: able[asked] for asked in able if asked in PROMPTED}
        self._abilities = able
        self._trained = None

    def encode_training(self, examples: Sequence[TrainingExample]) -> list[Encoded]:
        """Tokenise training examples in one batch; `extra` holds what is right."""
        return self._objective().encode_training(examples)

    def loss(self, batch: Sequence[Encoded], *, label_smoothing: float = 0.0) -> Loss:
        """Return the summed loss of a micro-batch."""
        return self._objective().loss(batch, label_smoothing=label_smoothing)

    def save(self, folder: Path) -> None:
        """Write a checkpoint with its head if there is one, in Hugging Face format.

        A merged adapter is part of it.

        Raises:
            UsageError: the model has an adapter that can't be merged.
        """
        self.check_merged()
        kept = {k: v for k, v in self._checkpoint.raw.items() if k not in _DROPPED}
        save_checkpoint(
            folder,
            module=self.module,
            stored=self.stored,
            stored_name=self.stored_name,
            config={
                **kept,
                **({} if self._head is None else self.saved_config(self._head)),
                "dtype": "float32",
            },
            files=self.tokenizer.files,
        )

    def check_merged(self) -> None:
        """Refuse to write a model whose adapter is no part of its own weights.

        Raises:
            UsageError: it has such an adapter.
        """
        if self._probing is not None:
            raise UsageError(
                f"the head of {self.title} (linear-probe) reads vectors of single texts, "
                "as no class of transformers does, so it can't be merged into the "
                "base's weights: keep it beside its base, or train with lora"
            )
        if self._adapter is not None and not self._adapter.is_merged:
            raise UsageError(
                f"the adapter of {self.title} ({self._adapter.method}) adds layers or "
                "tokens, which can't be merged into the base's weights: keep it beside "
                "its base, or train with lora"
            )

    @property
    def _has_head(self) -> bool:
        """Whether it answers by a head, not by layers of its own."""
        return self._head is not None and self._head.kind not in OWN_LAYERS

    def _check_unused(self) -> None:
        """Refuse to train what is no longer the base.

        Raises:
            PluginError: there is an adapter on it, or it was trained or cast before.
        """
        if self._adapter is not None:
            raise PluginError(
                f"{self.title} is a base with an adapter, which is not trained further: "
                "write it merged with 'harness export checkpoint' and name that"
            )
        is_cast = next(self.module.parameters()).dtype != torch.float32
        if self._is_prepared or is_cast:
            raise PluginError(
                f"{self.title} was already used: load it again, so that training "
                "starts from the checkpoint's own weights"
            )

    def _objective(self) -> Objective:
        if self._trained is None:
            self._trained = self._find_objective(self._prepared_head())
        return self._trained

    def _find_objective(self, head: Head) -> Objective:
        if head.kind == "language":
            return self.language()
        objective = self._ability(HEAD_OF[head.kind])
        if not isinstance(objective, Objective):
            raise PluginError(f"{self.title} can't train its {head} yet")
        return objective

    def _prepared_head(self) -> Head:
        if self._head is None:
            raise PluginError(f"{self.title} has no head yet: call prepare first")
        return self._head
