"""The objectives: how text becomes lessons, for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from random import Random

from harness import CheckpointError, PretrainJob, PretrainReport
from harness_pretrain.blocks import SPECIAL, Block, cut, join, read_blocks
from harness_pretrain.learner import Course
from harness_pretrain.masks import Masking, has_words, masked_lesson
from harness_pretrain.orders import ordered_lesson
from harness_pretrain.pairs import make_pairs, pair_lesson
from harness_pretrain.run import learn, speaker_of
from harness_pretrain.settings import (
    MaskedSettings,
    OrderSettings,
    PairSettings,
    SpanSettings,
    TextSettings,
)
from harness_pretrain.spans import corrupt, room_for
from harness_pretrain.texts import divide, sentences
from harness_torch.lessons import Lesson, Speaker
from harness_torch.scoring import need_prefix

_SENTINELS = 100
Draw = Callable[[Block, Random], Lesson]


def learn_masked(job: PretrainJob) -> PretrainReport:
    """Train on masked words."""
    settings: MaskedSettings = job.settings
    speaker = speaker_of(job)
    draw = partial(
        masked_lesson,
        masking=masking_of(speaker, settings),
        wrap=speaker.tokenizer.wrap,
    )
    return _learn_blocks(job, draw, "masked", is_static=settings.masks == "static")


def learn_pairs(job: PretrainJob) -> PretrainReport:
    """Train on masked words of pairs, and on whether the second text follows."""
    settings: PairSettings = job.settings
    speaker = speaker_of(job)
    tokenizer = speaker.tokenizer
    read = (read_blocks(sentences(document), tokenizer) for document in _documents(job))
    kept = [[one for one in document if has_words(one)] for document in read]
    documents = [document for document in kept if document]
    pairs = make_pairs(
        documents,
        room=_length(settings) - len(tokenizer.wrap([], []).ids),
        short_rate=settings.short_rate,
        draw=Random(f"{job.seed} pairs"),
    )
    masking = masking_of(speaker, settings)
    course = Course(
        items=pairs,
        draw=partial(pair_lesson, masking=masking, wrap=tokenizer.wrap),
        is_static=settings.masks == "static",
        averages_parts=True,
        seed=job.seed,
    )
    tokens = sum(len(one.ids) for document in documents for one in document)
    return learn(job, course, "pairs", text_tokens=tokens)


def learn_orders(job: PretrainJob) -> PretrainReport:
    """Train on words in any order."""
    settings: OrderSettings = job.settings
    speaker = speaker_of(job)
    draw = partial(
        ordered_lesson,
        rate=settings.asked_rate,
        mask=_mask(speaker),
        wrap=speaker.tokenizer.wrap,
    )
    return _learn_blocks(job, draw, "orders", is_static=settings.draws == "static")


def learn_causal(job: PretrainJob) -> PretrainReport:
    """Train on every next word; blocks share a token, so each is asked once."""
    settings: TextSettings = job.settings
    speaker = speaker_of(job)
    text = _framed(read_blocks(_documents(job), speaker.tokenizer), speaker)
    course = Course(
        items=cut(text, _length(settings) + 1, overlap=1),
        draw=_next_words,
        is_static=True,
        averages_parts=False,
        seed=job.seed,
    )
    return learn(job, course, "causal", text_tokens=len(text.ids))


def learn_spans(job: PretrainJob) -> PretrainReport:
    """Train on corrupted spans."""
    settings: SpanSettings = job.settings
    speaker = speaker_of(job)
    rates = {"noise_rate": settings.noise_rate, "mean_span": settings.mean_span}
    end = speaker.tokenizer.wrap([]).ids[-1]
    text = join(list(read_blocks(_documents(job), speaker.tokenizer)), end)
    sentinels = _sentinels(speaker)
    blocks = cut(text, room_for(_length(settings), **rates))

    def draw(block: Block, chance: Random) -> Lesson:
        return corrupt(block.ids, chance, **rates, sentinels=sentinels, end=end)

    course = Course(
        items=[block for block in blocks if len(block.ids) > 1],
        draw=draw,
        is_static=settings.draws == "static",
        averages_parts=False,
        seed=job.seed,
    )
    return learn(job, course, "rewritten", text_tokens=len(text.ids))


def masking_of(speaker: Speaker, settings: MaskedSettings) -> Masking:
    """Return how a model's words are masked.

    Raises:
        CheckpointError: its tokenizer has no mask.
    """
    return Masking(
        rate=settings.mask_rate,
        mask=_mask(speaker),
        vocabulary=speaker.tokenizer.vocabulary_size,
        whole_words=settings.whole_words,
    )


def _learn_blocks(
    job: PretrainJob, draw: Draw, needs: str, *, is_static: bool
) -> PretrainReport:
    """Train on blocks with special tokens around; they may hold several documents."""
    tokenizer = speaker_of(job).tokenizer
    around = tokenizer.wrap([]).ids
    documents = list(read_blocks(_documents(job), tokenizer))
    text = join(documents, around[-1] if around else None)
    blocks = cut(text, _length(job.settings) - len(around))
    course = Course(
        items=[block for block in blocks if has_words(block)],
        draw=draw,
        is_static=is_static,
        averages_parts=False,
        seed=job.seed,
    )
    return learn(job, course, needs, text_tokens=len(text.ids))


def _framed(documents: Iterable[Block], speaker: Speaker) -> Block:
    """Lay documents end to end, each between the tokens of its beginning and end.

    Where these are one, as in GPT-2, it stands once between documents.
    """
    special = speaker.tokenizer.special
    begin = need_prefix(special.prefix, speaker.title)
    end = begin if special.eos is None else special.eos
    text = Block([], bytearray())
    for document in documents:
        text.ids.extend([begin, *document.ids, *([end] if end != begin else ())])
    text.ids.extend([end] if end == begin else ())
    text.marks.extend([SPECIAL] * len(text.ids))  # nothing is masked
    return text


def _next_words(block: Block, draw: Random) -> Lesson:
    del draw  # nothing is drawn
    read = block.ids[:-1]
    return Lesson(ids=read, targets=block.ids[1:], places=range(len(read)))


def _documents(job: PretrainJob) -> list[str]:
    """Return the documents, shuffled, so that what is held out is of all parts."""
    documents = list(divide(job.texts, job.settings.documents))
    Random(f"{job.seed} documents").shuffle(documents)
    return documents


def _length(settings: TextSettings) -> int:
    return settings.length or 0  # resolved before


def _mask(speaker: Speaker) -> int:
    mask = speaker.tokenizer.special.mask
    if mask is None:
        raise CheckpointError(
            f"the tokenizer of {speaker.title} has no mask token, which this objective "
            "covers words with: name it in tokenizer_config.json, or choose another "
            "model"
        )
    return mask


def _sentinels(speaker: Speaker) -> list[int]:
    names = [f"<extra_id_{index}>" for index in range(_SENTINELS)]
    pieces = speaker.tokenizer.pieces(names)
    found = []
    for one in pieces:
        if len(one.ids) != 1 or one.ids[0] == speaker.tokenizer.special.unknown:
            break
        found.append(one.ids[0])
    if not found:
        raise CheckpointError(
            f"the tokenizer of {speaker.title} has no <extra_id_0>, which stands for a "
            "span: add it to the special tokens, or choose another model"
        )
    return found
