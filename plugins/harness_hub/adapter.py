"""The `hub` adapter: any model of transformers, asked and trained."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import nn

from harness import Head, PluginError, UsageError
from harness.requests import (
    Embed,
    Fill,
    Follow,
    Generate,
    Likelihood,
    PseudoLikelihood,
    Score,
)
from harness_hub.batches import Batches, Padding
from harness_hub.checkpoint import HubCheckpoint
from harness_hub.follow import GreedyTokens
from harness_hub.generate import GenerateAbility
from harness_hub.head_rows import HeadRows
from harness_hub.lengths import longest_input
from harness_hub.lines import LineScorer
from harness_hub.loading import POOLER, load_config, load_model
from harness_hub.objectives import continuations, translations
from harness_hub.output_rows import OutputRows
from harness_hub.quiet import quiet
from harness_hub.score import FillAbility, LikelihoodAbility, ScoreAbility
from harness_hub.seq2seq import SourceScoreAbility
from harness_hub.token_rows import MaskedWords, SpanScores, TokenLabels, TokenVectors
from harness_hub.tokenizer import HubTokenizer
from harness_torch.abilities import Abilities, Ability, TorchSession
from harness_torch.adapters.folder import Adapter
from harness_torch.adapters.surgery import match
from harness_torch.blanks import BlankFiller
from harness_torch.chat import load_render
from harness_torch.follow import FollowAbility, Limits
from harness_torch.heads.choice import ChoiceHead
from harness_torch.heads.labels import (
    HEAD_OF,
    OWN_LAYERS,
    count_outputs,
    head_settings,
)
from harness_torch.heads.span import SpanHead, SpanSettings
from harness_torch.heads.tag import TagHead
from harness_torch.heads.vector import VectorHead, in_one
from harness_torch.pseudo import PseudoAbility
from harness_torch.text_vectors import TextVectors
from harness_torch.trainable import Objective, TrainableAdapter

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedModel

_LOADERS = {
    "choose": "AutoModelForMultipleChoice",
    "extract": "AutoModelForQuestionAnswering",
    "classify": "AutoModelForSequenceClassification",
    "regress": "AutoModelForSequenceClassification",
    "tag": "AutoModelForTokenClassification",
}
"""The classes of transformers with a head of each kind that can be trained."""

GENERATION = "generation_config.json"
_OUTPUTS = {"choose": 1, "extract": 2}


class HubAdapter(TrainableAdapter[HubCheckpoint, nn.Module, HubTokenizer]):
    """Answers with one module of transformers, and trains it.

    Args:
        checkpoint: where the module is from.
        module: what answers, in the precision that it answers in.
        tokenizer: makes ids of texts.
        dtype: that precision; weights that are trained stay fp32 all the same.
    """

    encodes_ahead = False  # what truncates sets it up, which nothing else may meanwhile
    module: PreTrainedModel

    def session(self) -> TorchSession:
        """Open a session over the module's weights as they stand."""
        return TorchSession(self.module, self._abilities, autocast=self._dtype)

    def prepare(self, head: Head, *, seed: int) -> nn.Module:
        """Load the bare model again with a freshly seeded head, all in fp32.

        Raises:
            PluginError: the head is of a kind that this model has not, or the model
                was trained before.
        """
        self._check_unused()
        if head.kind in OWN_LAYERS and self.module.dtype != torch.float32:
            self._load(self._checkpoint.kind.loader, load_config(self._checkpoint))
        self.take_head(head, seed=seed)
        self.refresh()
        self._is_prepared = True
        return self.module

    def _check_unused(self) -> None:
        # In whatever precision: a head is put on the weights as they are read again.
        if self._is_prepared or self._adapter is not None:
            raise PluginError(
                f"{self.title} was already trained: load it again, so that training "
                "starts from the checkpoint's own weights"
            )

    def take_head(self, head: Head, *, seed: int) -> None:
        """Attach a freshly seeded head, and note which parameters came with it.

        Raises:
            PluginError: the model has no such head.
        """
        super().take_head(head, seed=seed)
        if head.kind in OWN_LAYERS:
            return
        body, stored = f"{self.module.base_model_prefix}.", self._checkpoint.weights
        self.fresh = frozenset(
            name
            for name, _ in self.module.named_parameters()
            if not name.startswith(body)
            or (POOLER in name and match(name, stored.tensors) is None)
        )

    def carry(self, adapter: Adapter) -> None:
        """Note that an adapter is on the module, and cast both."""
        super().carry(adapter)
        nn.Module.to(self.module, dtype=self._dtype)

    def attach(self, head: Head, generator: torch.Generator) -> None:
        """Load the bare model with a head that is drawn as transformers draws it.

        Raises:
            PluginError: this model has no such head.
            CheckpointError: transformers has no such head for this architecture.
        """
        fixed = _OUTPUTS.get(head.kind)
        config = load_config(self._checkpoint)
        config.num_labels = fixed or count_outputs(head, self.title)
        config.update(self.saved_config(head))
        if config.get_text_config().pad_token_id is None:
            config.get_text_config().pad_token_id = self._padding.id
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(generator.initial_seed())
            self._load(_LOADERS[head.kind], config, has_fresh_head=True)

    def _load(
        self, loader: str, config: PretrainedConfig, *, has_fresh_head: bool = False
    ) -> None:
        """Load the weights again, in fp32."""
        device = self.device
        self.module = nn.Module()  # type: ignore[assignment] # lets the old weights go
        self._abilities = {}
        self.module = load_model(
            self._checkpoint,
            loader,
            config,
            dtype=torch.float32,
            device=device,
            has_fresh_head=has_fresh_head,
        )

    def language(self) -> Objective:
        """Return what trains the model's own output layer to say what comes next.

        Raises:
            PluginError: it has none.
        """
        module, tokenizer, title = self.module, self.tokenizer, self.title
        if self._checkpoint.kind.name == "causal":
            return continuations(
                module,
                tokenizer,
                self._padding,
                render=load_render(self._checkpoint.chat),
                title=title,
            )
        if self._checkpoint.kind.name != "seq2seq":
            return super().language()
        longest = longest_input(self._checkpoint.raw)
        return translations(
            module, tokenizer, self._padding, title=title, longest=longest
        )

    def prompt(self, tokens: int) -> None:
        """Read so many virtual tokens before every input; the longest stays as it was.

        Raises:
            UsageError: the model is a decoder that writes, whose prompts have none.
        """
        if self._checkpoint.kind.name == "causal" and not self._has_head:
            raise UsageError(
                f"{self.title} writes what follows a prompt, before which hub: puts no "
                "virtual tokens: choose another recipe, such as lora, or the adapter gpt"
            )
        super().prompt(tokens)

    def saved_config(self, head: Head) -> dict[str, Any]:
        """Return what config.json says of a head; labels by number."""
        settings = head_settings(head)
        labels = {int(place): label for place, label in settings["id2label"].items()}
        return {**settings, "id2label": labels}

    @property
    def reads_sources(self) -> bool:  # type: ignore[override] # known once it is loaded
        """Whether an encoder reads what its decoder writes about."""
        return bool(self.module.config.is_encoder_decoder)

    def words(self) -> nn.Embedding:
        """Return the module that makes vectors of token ids."""
        return cast(nn.Embedding, self.module.get_input_embeddings())

    def make_tokenizer(self, length: int, virtual: Sequence[int]) -> HubTokenizer:
        """Make the checkpoint's tokenizer again, with virtual tokens before all else."""
        return HubTokenizer(
            self.tokenizer.library,
            length=length,
            bos=self._checkpoint.bos,
            title=self.title,
            virtual=virtual,
        )

    def save(self, folder: Path) -> None:
        """Write a checkpoint with its head, as transformers does.

        Raises:
            UsageError: the model has an adapter that can't be merged.
        """
        self.check_merged()
        with quiet():
            self.module.save_pretrained(folder)
            self.tokenizer.library.save_pretrained(folder)
        own = self._checkpoint.folder / GENERATION
        if own.is_file() and not self._has_head:
            shutil.copyfile(own, folder / GENERATION)

    def abilities(self, head: Head | None) -> Abilities:
        """Return what the module answers: what its head does, or what its kind does."""
        self._padding = Padding(self.module, self.tokenizer)
        if head is not None:
            return {HEAD_OF[head.kind]: self._head_ability(head)}
        embed = TextVectors(
            tokenizer=self.tokenizer,
            vectors=TokenVectors(
                self.module, self._padding, self._checkpoint.pooling.mode
            ),
            is_normalised=self._checkpoint.pooling.is_normalised,
            title=self.title,
        )
        others: dict[str, Callable[[], Abilities]] = {
            "causal": self._decoder,
            "seq2seq": self._encoder_decoder,
            "masked": self._masked,
        }
        kind = self._checkpoint.kind.name
        return {Embed: embed, **(others[kind]() if kind in others else {})}

    def _head_ability(self, head: Head) -> Ability:
        if head.kind == "extract":
            return SpanHead(
                tokenizer=self.tokenizer,
                settings=SpanSettings(self._checkpoint.window, self._checkpoint.stride),
                scores=SpanScores(self.module, self._padding),
                title=self.title,
            )
        if head.kind == "tag":
            return TagHead(
                head,
                tokenizer=self.tokenizer,
                length=self._checkpoint.length,
                logits=TokenLabels(self.module, self._padding),
                title=self.title,
            )
        rows = HeadRows(
            self.module,
            self._padding,
            title=self.title,
            is_choosing=head.kind == "choose",
        )
        if head.kind == "choose":
            return ChoiceHead(
                tokenizer=self.tokenizer, scores=rows.choices, title=self.title
            )
        return VectorHead(
            head,
            encode=in_one(self.tokenizer),
            logits=rows.classes,
            title=self.title,
        )

    def _masked(self) -> Abilities:
        words = MaskedWords(self.module, self._padding)
        length, title = self._checkpoint.length, self.title
        fill = BlankFiller(
            tokenizer=self.tokenizer, length=length, logits=words, title=title
        )
        pseudo = PseudoAbility(
            tokenizer=self.tokenizer, length=length, logits=words, title=title
        )
        return {Fill: fill, PseudoLikelihood: pseudo}

    def _decoder(self) -> Abilities:
        rows, batches = OutputRows(self.module), Batches(self.module)
        scorer = LineScorer(rows, self._padding, batches, title=self.title)
        greedy = GreedyTokens(rows, self._padding, batches, title=self.title)
        return {
            Score: ScoreAbility(scorer, self.tokenizer, title=self.title),
            Likelihood: LikelihoodAbility(scorer, self.tokenizer, title=self.title),
            Fill: FillAbility(scorer, self.tokenizer, title=self.title),
            Follow: FollowAbility(
                tokenizer=self.tokenizer,
                limits=Limits(self.tokenizer.prefix, self._checkpoint.length),
                greedy=greedy,
                title=self.title,
            ),
            Generate: self._generate(),
        }

    def _encoder_decoder(self) -> Abilities:
        score = SourceScoreAbility(
            self.module, self.tokenizer, self._padding, title=self.title
        )
        return {Score: score, Generate: self._generate()}

    def _generate(self) -> GenerateAbility:
        return GenerateAbility(
            self.module,
            self.tokenizer,
            self._padding,
            render=load_render(self._checkpoint.chat),
            title=self.title,
        )
