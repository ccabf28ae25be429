"""`linear-probe`: train one linear layer on what a frozen base makes of the texts.

A head over whole texts reads the vectors that the model answers to `Embed`, made of each
text alone and once; see `harness_torch.heads.probe`. A head over choices, spans or tags
is the architecture's own, over the body's states.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import cast

from torch import Tensor, nn

from harness import Encoded, TrainJob, TrainReport
from harness.requests import Classify, Regress
from harness_finetune.method import fine_tune, train_and_save
from harness_finetune.model import torch_model
from harness_torch.adapters.saving import save_adapter
from harness_torch.adapters.surgery import freeze, hold_still
from harness_torch.heads.labels import (
    VECTOR_HEADS,
    count_outputs,
    training_target,
)
from harness_torch.heads.probe import (
    Probing,
    common_form,
    features,
    fit_bias,
    fit_layer,
    texts_of,
)
from harness_torch.remembered import RememberedVectors
from harness_torch.rows import rows_of
from harness_torch.training.loop import check_examples

_AT_ONCE = 2048


class StateProbe:
    """Trains what came with the head, over states; nothing is dropped below it.

    A pooler of the base's own stays as it is: with it, the probe would not be linear.
    """

    def apply(self, job: TrainJob, module: nn.Module) -> None:
        """Freeze the body and keep it in evaluation mode."""
        freeze(module, but=torch_model(job).fresh)
        hold_still(module)

    def save(self, job: TrainJob) -> None:
        """Write the head."""
        config = {"peft_type": "HARNESS_HEAD"}
        save_adapter(job, torch_model(job), config=config, tensors={})


class VectorProbe:
    """Trains a layer over vectors of texts.

    They are made here, before the first step, as the layer standardises by all of them.

    Attributes:
        seconds: what that took.
        tokens: most tokens in one forward, after what memory allowed.
    """

    def __init__(self, job: TrainJob) -> None:
        started = time.perf_counter()
        check_examples(job.examples)
        model = torch_model(job)
        targets = [
            training_target(example, job.head, model.title) for example in job.examples
        ]
        asked = [cast(Classify | Regress, example.request) for example in job.examples]
        self._reads = common_form(asked)
        vectors = RememberedVectors(
            model.prepare_vectors(), tokens=job.settings.micro_batch_tokens
        )
        texts = vectors.encode(texts_of(asked))
        vectors.read(texts)
        layer = fit_layer(
            (features(part, self._reads) for part in _parts(vectors, texts)),
            count_outputs(job.head, model.title),
        )
        fit_bias(layer, targets)
        probing = Probing(layer.to(model.device), self._reads, vectors)
        model.take_probe(job.head, probing)
        self.tokens = vectors.tokens
        self.seconds = time.perf_counter() - started

    def apply(self, job: TrainJob, module: nn.Module) -> None:
        """Freeze all but the layer's matrix and bias."""
        freeze(module, but={"probe.weight", "probe.bias"})
        hold_still(module)

    def save(self, job: TrainJob) -> None:
        """Write the layer, and what it reads."""
        config = {"peft_type": "HARNESS_HEAD", "reads": self._reads}
        save_adapter(job, torch_model(job), config=config, tensors={})


def probe(job: TrainJob) -> TrainReport:
    """Train and save.

    Raises:
        PluginError: the model is not one of the torch shelf, or makes no vectors.
        TrainingError: there is nothing to train on, texts and pairs are mixed, or the
            loss stops being a number.
        OutOfMemoryError: one text alone does not fit.
    """
    if job.head.kind not in VECTOR_HEADS:
        return fine_tune(job, StateProbe())
    method = VectorProbe(job)
    report = train_and_save(job, torch_model(job).module, method)
    return replace(
        report,
        seconds=report.seconds + method.seconds,
        micro_batch_tokens=min(
            method.tokens, report.micro_batch_tokens or method.tokens
        ),
    )


def _parts(vectors: RememberedVectors, texts: Sequence[Encoded]) -> Iterator[Tensor]:
    """Return the vectors of all texts, an even number at a time."""
    for start in range(0, len(texts), _AT_ONCE):
        yield vectors.run(rows_of(texts[start : start + _AT_ONCE]))
