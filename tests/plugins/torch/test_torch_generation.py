"""Texts are written token by token as transformers' `generate` writes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
import transformers
from torch import Tensor

from harness import Encoded, UsageError
from harness.requests import Generate
from harness_torch.generation.loop import Written
from tests.plugins.torch.writing import write

VOCABULARY = 40
END = 1
FULL_STOP = "c"  # of the alphabet below


class Rereading:
    """Steps any decoder of transformers by reading all of every row anew."""

    def __init__(self, model: transformers.PreTrainedModel) -> None:
        self.model = model
        self.rows: list[list[int]] = []
        self.widths = list[int]()

    def go_on(self, tokens: Sequence[int], newcomers: Sequence[Encoded]) -> Tensor:
        for row, token in zip(self.rows, tokens, strict=True):
            row.append(token)
        self.rows += [list(item.ids) for item in newcomers]
        self.widths.append(len(self.rows))
        padded = torch.zeros(len(self.rows), max(map(len, self.rows)), dtype=torch.long)
        for place, row in enumerate(self.rows):
            padded[place, : len(row)] = torch.tensor(row)
        last = torch.tensor([len(row) - 1 for row in self.rows])
        logits: Tensor = self.model(padded).logits  # whose tokens see only back
        return logits[torch.arange(len(self.rows)), last]

    def select(self, rows: Sequence[int]) -> None:
        self.rows = [list(self.rows[row]) for row in rows]


def spell(ids: Sequence[int]) -> str:
    """Write each id as a letter; the end token is silent."""
    return "".join(chr(ord("a") + i) for i in ids if i != END)


@pytest.fixture(scope="module")
def model() -> transformers.GPT2LMHeadModel:
    torch.manual_seed(7)  # its texts end in all ways
    config = transformers.GPT2Config(
        vocab_size=VOCABULARY,
        n_embd=16,
        n_layer=2,
        n_head=2,
        bos_token_id=0,
        eos_token_id=END,
        tie_word_embeddings=False,  # so that not every token repeats itself
    )
    made: transformers.GPT2LMHeadModel = transformers.GPT2LMHeadModel(config).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.3)
    made.generation_config.pad_token_id = END
    return made


@pytest.fixture(scope="module")
def prompts() -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(2, VOCABULARY, (50, 4), generator=generator)


@torch.inference_mode()
def ours(
    model: transformers.GPT2LMHeadModel,
    prompts: Tensor,
    asked: Sequence[Generate],
    at_once: int = 99,
) -> list[Written]:
    return write(
        Rereading(model),
        prompts.tolist(),
        asked,
        decode=spell,
        end=frozenset({END}),
        at_once=at_once,
    )


def theirs(
    model: transformers.GPT2LMHeadModel, prompts: Tensor, **settings: Any
) -> list[list[int]]:
    untyped: Any = model  # generate has the type of a mixin
    mask = torch.ones_like(prompts)
    out = untyped.generate(prompts, attention_mask=mask, do_sample=False, **settings)
    texts = [row[prompts.shape[1] :].tolist() for row in out]
    return [ids[: ids.index(END)] if END in ids else ids for ids in texts]


def asking(**settings: Any) -> list[Generate]:
    return [Generate(prompt=str(n), **settings) for n in range(50)]


def test_greedy_texts_equal_transformers(
    model: transformers.GPT2LMHeadModel, prompts: Tensor
) -> None:
    written = ours(model, prompts, asking(max_tokens=12))
    expected = theirs(model, prompts, max_new_tokens=12)
    assert [one.ids for one in written] == expected
    assert {one.finish_reason for one in written} == {"end", "length"}


@pytest.mark.parametrize("beams", [2, 4])
@pytest.mark.parametrize("penalty", [0.0, 1.0, 2.5])
def test_beam_searches_equal_transformers(
    model: transformers.GPT2LMHeadModel, prompts: Tensor, beams: int, penalty: float
) -> None:
    asked = asking(max_tokens=10, beams=beams, length_penalty=penalty)
    expected = theirs(
        model, prompts, max_new_tokens=10, num_beams=beams, length_penalty=penalty
    )
    assert [one.ids for one in ours(model, prompts, asked)] == expected


def test_rows_of_one_batch_may_differ_in_everything(
    model: transformers.GPT2LMHeadModel, prompts: Tensor
) -> None:
    kinds: list[dict[str, Any]] = [
        {"beams": 3, "max_tokens": 9},
        {"max_tokens": 5},
        {"beams": 2, "length_penalty": 0.5, "stop": (FULL_STOP,)},
        {"temperature": 1.0, "top_p": 0.8, "max_tokens": 20},
        {"max_tokens": 0},
    ]
    asked = [Generate(prompt=str(n), **kinds[n % len(kinds)]) for n in range(50)]
    together = ours(model, prompts, asked)
    assert ours(model, prompts, asked, at_once=7) == together
    alone = [ours(model, prompts[n : n + 1], [asked[n]])[0] for n in range(50)]
    assert together == alone


@torch.inference_mode()
def test_finished_rows_leave_and_others_take_their_place(
    model: transformers.GPT2LMHeadModel, prompts: Tensor
) -> None:
    asked = [Generate(prompt="", max_tokens=n) for n in (3, 1, 2, 2)]
    decoding = Rereading(model)
    ends = frozenset[int]()
    ids = prompts[:4].tolist()
    write(decoding, ids, asked, decode=spell, end=ends, at_once=2)
    assert decoding.widths == [2, 2, 2, 1, 1]


@torch.inference_mode()
def test_no_row_is_begun_where_nothing_is_to_be_written(
    model: transformers.GPT2LMHeadModel, prompts: Tensor
) -> None:
    asked = [Generate(prompt="", max_tokens=0)]
    decoding = Rereading(model)
    (one,) = write(decoding, [[3]], asked, decode=spell, end=frozenset())
    assert (one, decoding.widths) == (Written([], "", "length"), [])


class Reciting:
    """Says what it was told to say, whatever is written."""

    def __init__(self, lines: Sequence[Sequence[int]]) -> None:
        self.lines = [list(line) for line in lines]
        self.at = -1

    def go_on(self, tokens: Sequence[int], newcomers: Sequence[Encoded]) -> Tensor:
        self.at += 1
        said = torch.tensor([line[self.at] for line in self.lines])
        return torch.nn.functional.one_hot(said, 256).float()

    def select(self, rows: Sequence[int]) -> None:
        self.lines = [self.lines[row] for row in rows]


def recite(text: str, **settings: Any) -> Written:
    """Write a text byte by byte, as a byte-level tokenizer would."""
    decoding = Reciting([[*text.encode(), 0, 0]])
    asked = [Generate(prompt="", **settings)]

    def decode(ids: Sequence[int]) -> str:
        return bytes(ids).decode(errors="replace")

    (written,) = write(decoding, [[0]], asked, decode=decode, end=frozenset({0}))
    return written


def test_a_stop_text_across_tokens_ends_the_text_before_it() -> None:
    written = recite("one\n\ntwo", stop=("\n\n",))
    assert (written.text, written.finish_reason) == ("one", "stop")
    assert bytes(written.ids) == b"one\n\n"


def test_the_first_of_several_stop_texts_counts() -> None:
    assert recite("a;b.c", stop=(".", ";", "")).text == "a"


def test_a_stop_text_of_many_bytes_is_found_far_into_a_text() -> None:
    written = recite("é" * 30 + "→終わり" + "!", stop=("→終わり",), max_tokens=99)
    assert written.text == "é" * 30
    assert bytes(written.ids).decode().endswith("り")


def test_characters_that_are_not_whole_yet_break_nothing() -> None:
    assert recite("naïv…é", stop=("é",))[1:] == ("naïv…", "stop")
    assert recite("naïve", stop=("x",), max_tokens=3)[1:] == ("na\ufffd", "length")


def test_the_end_token_is_no_part_of_the_text() -> None:
    assert recite("done")[1:] == ("done", "end")


def test_what_is_cut_by_length_says_so() -> None:
    assert recite("endless", max_tokens=3)[1:] == ("end", "length")


def test_beams_that_meet_a_stop_text_are_finished(
    model: transformers.GPT2LMHeadModel, prompts: Tensor
) -> None:
    asked = asking(max_tokens=10, beams=3, stop=(FULL_STOP, "f"))
    written = ours(model, prompts, asked)
    reasons = {one.finish_reason for one in written}
    assert reasons == {"stop", "end", "length"}
    assert not any(FULL_STOP in one.text or "f" in one.text for one in written)


def test_beams_with_stop_texts_equal_transformers(
    model: transformers.GPT2LMHeadModel, prompts: Tensor
) -> None:
    ends = [END, ord(FULL_STOP) - ord("a")]
    asked = asking(max_tokens=10, beams=3, stop=(FULL_STOP,))
    expected = theirs(model, prompts, max_new_tokens=10, num_beams=3, eos_token_id=ends)
    texts = [spell(ids).partition(FULL_STOP)[0] for ids in expected]
    assert [one.text for one in ours(model, prompts, asked)] == texts


def draw(logits: Tensor, **settings: Any) -> int:
    class Still(Reciting):
        def go_on(self, tokens: Sequence[int], newcomers: Sequence[Encoded]) -> Tensor:
            return logits[None]

    asked = [Generate(max_tokens=1, **settings)]
    (written,) = write(Still([[]]), [[0]], asked, decode=spell, end=frozenset())
    return written.ids[0]


def test_draws_have_the_frequencies_of_the_softmax() -> None:
    logits = torch.tensor([0.0, 1.0, 2.0])
    drawn = [draw(logits, prompt="p", temperature=2.0, sample=n) for n in range(2000)]
    counts = torch.bincount(torch.tensor(drawn), minlength=3) / 2000
    expected = (logits / 2).softmax(dim=0)
    assert torch.allclose(counts, expected, rtol=0, atol=0.035)  # three errors


def test_top_p_draws_from_the_likeliest_alone() -> None:
    logits = torch.tensor([0.1, 0.5, 0.25, 0.15]).log()
    for share, kept in ((0.5, {1}), (0.51, {1, 2}), (0.0, {1}), (0.8, {1, 2, 3})):
        drawn = {
            draw(logits, prompt="", temperature=1.0, top_p=share, sample=n)
            for n in range(200)
        }
        assert drawn == kept


def test_a_draw_depends_on_prompt_and_sample_alone(
    model: transformers.GPT2LMHeadModel, prompts: Tensor
) -> None:
    one, other = (
        Generate(prompt="x", temperature=1.0, sample=n, max_tokens=8) for n in (0, 1)
    )
    alone = ours(model, prompts[:1], [one])[0]
    assert ours(model, prompts[[0, 3, 0]], [one, one, other])[0] == alone
    assert ours(model, prompts[:1], [other])[0].ids != alone.ids


@pytest.mark.parametrize("settings", [{"beams": 0}, {"beams": 2, "temperature": 1.0}])
def test_beams_that_make_no_sense_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="one beam or more, and temperature 0"):
        recite("a", **settings)
