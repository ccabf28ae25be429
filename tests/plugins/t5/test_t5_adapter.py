"""A T5 checkpoint of transformers is asked everything, and answers as it would."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import Any, cast

import pytest
import torch
import transformers
from tokenizers import AddedToken, Tokenizer
from torch import Tensor, nn

from harness import (
    Budget,
    CheckpointError,
    Head,
    LoadSettings,
    ModelName,
    PluginError,
    UsageError,
)
from harness.model import Adapter, Session, Trainable
from harness.requests import (
    Answer,
    Embed,
    EmbedAnswer,
    Fill,
    FillAnswer,
    Generate,
    GenerateAnswer,
    Regress,
    Request,
    Score,
    ScoreAnswer,
)
from harness_t5.adapter import T5Adapter
from harness_t5.plugin import describe, load
from harness_torch.tokenizers.byte_level import BYTE_VOCABULARY, byte_tokenizer

EOS = 1
OPEN, CLOSE = BYTE_VOCABULARY, BYTE_VOCABULARY + 1  # the sentinels
TEXTS = ("", "a", "hello world", "naïve café …", "x" * 30, "hello world")


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def model() -> Any:
    """Make a random T5 1.1 of transformers with noise on every parameter."""
    torch.manual_seed(2)
    values: dict[str, Any] = {
        "vocab_size": BYTE_VOCABULARY + 8,
        "d_model": 16,
        "d_kv": 6,
        "d_ff": 24,
        "num_layers": 2,
        "num_heads": 2,
        "decoder_start_token_id": 0,
        "feed_forward_proj": "gated-gelu",
        "tie_word_embeddings": False,
        "initializer_factor": 0.5,
    }
    config = transformers.T5Config(**values)
    made: Any = transformers.T5ForConditionalGeneration(config).eval()
    made.lm_head.weight = nn.Parameter(torch.randn(BYTE_VOCABULARY + 8, 16) * 0.5)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return made


@pytest.fixture(scope="module")
def base(model: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hold the model with a tokenizer of bytes that has sentinels."""
    folder = tmp_path_factory.mktemp("t5")
    model.save_pretrained(folder)
    files = byte_tokenizer(length=64, bos=False, eos=True).files
    tokenizer = Tokenizer.from_str(files["tokenizer.json"].decode())
    sentinels = ("<extra_id_0>", "<extra_id_1>")
    tokenizer.add_special_tokens([AddedToken(s, normalized=False) for s in sentinels])
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_bytes(files["tokenizer_config.json"])
    return folder


@pytest.fixture(scope="module")
def adapter(base: Path) -> T5Adapter:
    return loaded(base)


def loaded(folder: Path, options: str = "", dtype: Any = "fp32") -> T5Adapter:
    return load(ModelName.parse(f"t5:{folder}{options}"), LoadSettings(dtype=dtype))


def ask(adapter: Adapter, asked: Sequence[Request], *, tokens: int = 4096) -> list[Any]:
    encoded = adapter.encode(asked)
    answers = dict(adapter.session().answer(iter(encoded), Budget(tokens=tokens)))
    return [answers[item.key] for item in encoded]


def read(text: str) -> list[int]:
    """Return the ids of a text's bytes, as the decoder would write them."""
    return [BYTE_VOCABULARY - 256 + byte for byte in text.encode()]


@torch.inference_mode()
def told(model: Any, source: list[int], target: list[int]) -> Tensor:
    """Return transformers' log-probabilities of a target, ``(tokens, vocabulary)``."""
    logits = model(torch.tensor([source]), labels=torch.tensor([target])).logits
    rows: Tensor = logits[0].log_softmax(dim=-1)
    return rows


def test_the_adapter_is_both_an_adapter_and_trainable(adapter: T5Adapter) -> None:
    assert isinstance(adapter, Adapter)
    assert isinstance(adapter, Trainable)
    assert isinstance(adapter.session(), Session)


def test_a_checkpoint_says_what_it_answers(base: Path) -> None:
    card = describe(ModelName.parse(f"t5:{base}"))
    assert card.abilities == {Generate, Score, Embed, Fill}
    assert card.trainable == {"classify", "regress", "tag", "language"}
    assert card.prefers[:3] == ("generate", "t5", "t5-style")
    assert card.max_tokens == 512


def test_scores_are_those_of_transformers(model: Any, adapter: T5Adapter) -> None:
    choices = ("yes", "no way", "y", "yes")
    asked = [Score(context=text, choices=choices) for text in TEXTS]
    for text, answer in zip(TEXTS, ask(adapter, asked), strict=True):
        for choice, ours in zip(choices, answer.log_probabilities, strict=True):
            target = read(choice)
            rows = told(model, [*read(text), EOS], target)
            theirs = rows[range(len(target)), target].sum()
            assert ours == pytest.approx(float(theirs), abs=1e-4)


def test_spaces_that_end_the_context_are_the_choices_own(adapter: T5Adapter) -> None:
    moved, plain = ask(
        adapter,
        [
            Score(context="a b \n", choices=("c", "")),
            Score(context="a b", choices=(" \nc", " \n")),
        ],
    )
    assert moved.log_probabilities == pytest.approx(plain.log_probabilities, abs=1e-5)
    assert moved.token_counts == (3, 2)
    assert moved.byte_counts == (1, 0)


def test_greedy_flags_tell_what_would_be_written(adapter: T5Adapter) -> None:
    for text in TEXTS:
        (written,) = ask(adapter, [Generate(prompt=text, max_tokens=3)])
        other = "~" + written.text[1:]
        (answer,) = ask(adapter, [Score(context=text, choices=(written.text, other))])
        if written.text.isprintable() and "\ufffd" not in written.text:
            assert answer.is_greedy == (True, False)


def test_an_empty_choice_is_certain(adapter: T5Adapter) -> None:
    (answer,) = ask(adapter, [Score(context="a", choices=("", "b"))])
    assert (answer.log_probabilities[0], answer.is_greedy[0]) == (0.0, True)
    assert isinstance(answer.log_probabilities[0], float)
    assert answer.token_counts == (0, 1)


def test_the_source_is_read_once_for_all_choices(adapter: T5Adapter) -> None:
    seen: dict[str, int] = {}
    hooks = [
        part.register_forward_hook(
            lambda _, args, __, name=name: seen.update({name: len(args[0])})
        )
        for name, part in adapter.module.named_modules()
        if isinstance(part, nn.Linear)
    ]
    (item,) = adapter.encode([Score(context="abc", choices=("yes", "no", "yes"))])
    ask(adapter, [item.request])
    for hook in hooks:
        hook.remove()
    assert item.cost == 4 + 3 + 2
    assert seen["encoder.block.0.layer.0.SelfAttention.q"] == 4
    assert seen["decoder.block.1.layer.1.EncDecAttention.k"] == 4
    assert seen["decoder.block.1.layer.1.EncDecAttention.q"] == 1 + 2 + 1


def test_logits_are_held_a_few_rows_at_a_time(
    adapter: T5Adapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[int] = []
    project = adapter.module.project

    def counted(states: Tensor) -> Tensor:
        rows.append(len(states))
        return project(states)

    monkeypatch.setattr(adapter.module, "project", counted)
    choices = ("x" * 200, "y" * 300)
    ask(adapter, [Score(context="a", choices=choices) for _ in range(2)])
    assert sum(rows) == 2 * (1 + 199 + 299)
    assert max(rows) <= 256


def test_texts_are_written_as_transformers_writes_them(
    model: Any, adapter: T5Adapter
) -> None:
    asked = [Generate(prompt=text, max_tokens=8, beams=3) for text in TEXTS]
    for text, answer in zip(TEXTS, ask(adapter, asked), strict=True):
        source = torch.tensor([[*read(text), EOS]])
        out = model.generate(source, num_beams=3, max_new_tokens=8, do_sample=False)
        assert answer.text == adapter.tokenizer.decode(out[0].tolist())


def test_vectors_are_means_of_encoder_states(model: Any, adapter: T5Adapter) -> None:
    answers = ask(adapter, [Embed(text=text) for text in TEXTS])
    for text, answer in zip(TEXTS, answers, strict=True):
        source = torch.tensor([[*read(text), EOS]])
        with torch.inference_mode():
            expected = model.encoder(source).last_hidden_state[0].mean(dim=0)
        assert torch.allclose(torch.tensor(answer.vector), expected, rtol=0, atol=1e-5)


def test_blanks_are_sentinels(model: Any, adapter: T5Adapter) -> None:
    candidates = ("cat", " dog", "cat")
    asked = Fill(text="a {blank} b", candidates=candidates)
    (answer,) = ask(adapter, [asked])
    source = [*read("a "), OPEN, *read(" b"), EOS]
    summed = []
    for candidate in candidates:
        target = [OPEN, *read(f" {candidate.strip()} "), CLOSE]
        rows = told(model, source, target)
        summed.append(rows[range(len(target)), target].sum())
    expected = torch.stack(summed).softmax(dim=0).tolist()
    assert answer.probabilities == pytest.approx(expected, abs=1e-5)


def every_kind() -> list[Request]:
    asked: list[Request] = []
    for number, text in enumerate(TEXTS):
        choices = ("yes", "no")[: 1 + number % 2]
        asked += [
            Score(context=text, choices=choices),
            Embed(text=text),
            Fill(text=text + "{blank}", candidates=choices),
            Generate(prompt=text, max_tokens=6),
            Generate(prompt=text, max_tokens=6, beams=2),
            Generate(prompt=text, max_tokens=6, temperature=1.0, sample=number),
        ]
    return asked


def figures(answer: Answer) -> tuple[float, ...]:
    if isinstance(answer, ScoreAnswer):
        return answer.log_probabilities
    if isinstance(answer, FillAnswer):
        return answer.probabilities
    return answer.vector if isinstance(answer, EmbedAnswer) else ()


def test_no_answer_depends_on_its_batch(adapter: T5Adapter) -> None:
    together = ask(adapter, every_kind())
    alone = ask(adapter, every_kind(), tokens=1)
    for one, other in zip(together, alone, strict=True):
        assert figures(one) == pytest.approx(figures(other), rel=1e-5, abs=1e-5)
        if isinstance(one, GenerateAnswer):
            assert one == other


@pytest.mark.parametrize(
    "request_",
    [
        Score(context="abc" * 5, choices=("y",)),
        Embed(text="abc" * 5),
        Generate(prompt="abc" * 5),
    ],
)
def test_what_is_too_long_is_cut_at_the_end_and_counted(
    base: Path, request_: Request
) -> None:
    adapter = loaded(base, ",length=8")
    (item,) = adapter.encode([request_])
    assert item.ids == [*read("abcabca"), EOS]
    assert item.truncated_tokens == 8
    (answer,) = ask(adapter, [request_])
    assert answer.truncated_tokens == 8


def test_a_blank_is_never_cut(base: Path) -> None:
    adapter = loaded(base, ",length=8")
    texts = ("{blank}" + "a" * 9, "a" * 9 + "{blank}", "abcde{blank}fghij")
    asked = [Fill(text=text, candidates=("x",)) for text in texts]
    encoded = adapter.encode(asked)
    assert [item.ids[:-1] for item in encoded] == [
        [OPEN, *read("a" * 6)],
        [*read("a" * 6), OPEN],
        [*read("cde"), OPEN, *read("fgh")],
    ]
    assert {(item.ids[-1], item.truncated_tokens) for item in encoded} == {
        (EOS, 3),
        (EOS, 4),
    }


@pytest.mark.parametrize("text", ["no blank", "{blank} and {blank}"])
def test_a_text_without_one_blank_is_refused(adapter: T5Adapter, text: str) -> None:
    with pytest.raises(PluginError, match=r"has [02] times \{blank\} and 1 candidates"):
        adapter.encode([Fill(text=text, candidates=("x",))])


def test_special_tokens_alone_are_a_text(adapter: T5Adapter) -> None:
    text = "<|pad|><|eos|>"
    answers = ask(adapter, [Embed(text=text), Score(context=text, choices=("a",))])
    vector = torch.tensor(cast(EmbedAnswer, answers[0]).vector)
    assert vector.isfinite().all()
    assert answers[0].tokens == 3


def test_bf16_is_near_fp32(base: Path, adapter: T5Adapter) -> None:
    asked = [Embed(text=text) for text in TEXTS]
    rough, exact = (
        torch.tensor([a.vector for a in ask(one, asked)])
        for one in (loaded(base, dtype="bf16"), adapter)
    )
    assert torch.allclose(rough, exact, rtol=0, atol=0.1)
    assert rough.ne(exact).any()


def test_a_vector_of_bf16_states_is_their_mean_in_fp32(base: Path) -> None:
    (answer,) = ask(loaded(base, dtype="bf16"), [Embed(text="hello world")])
    vector = torch.tensor(answer.vector)
    assert vector.ne(vector.bfloat16().float()).any()


def test_a_head_reads_the_end_token_where_a_text_has_no_token(
    base: Path, tmp_path: Path
) -> None:
    shutil.copytree(base, tmp_path, dirs_exist_ok=True)
    for name, content in byte_tokenizer(length=64, bos=False, eos=False).files.items():
        (tmp_path / name).write_bytes(content)
    adapter = loaded(tmp_path)
    adapter.prepare(Head(kind="regress"), seed=1)
    (encoded,) = adapter.encode([Regress(text="")])
    assert encoded.ids == [EOS]
    assert isfinite(ask(adapter, [Regress(text="")])[0].value)


def test_fp16_is_refused_with_its_reason(base: Path) -> None:
    with pytest.raises(UsageError, match="can't run in fp16, whose largest number"):
        loaded(base, dtype="fp16")


def test_output_that_is_no_number_is_refused(base: Path) -> None:
    adapter = loaded(base)
    with torch.no_grad():
        adapter.module.shared.weight.fill_(torch.nan)
    requests = (
        Generate(prompt="a"),
        Embed(text="a"),
        Score(context="a", choices=("b", "c")),
        Fill(text="a {blank}", candidates=("b", "c")),
    )
    for request in requests:
        with pytest.raises(CheckpointError, match="values that are no numbers"):
            ask(adapter, [request])


def test_tiny_has_no_blank_and_says_so() -> None:
    name = ModelName.parse("t5:tiny")
    card = describe(name)
    assert Fill not in card.abilities
    assert "<extra_id_0>" in card.facts["Fill"]
    with pytest.raises(PluginError, match="was asked a Fill request"):
        load(name, LoadSettings()).encode([Fill(text="{blank}", candidates=("a",))])


def test_tiny_is_drawn_from_the_seed() -> None:
    def vector(seed: int) -> tuple[float, ...]:
        adapter = load(ModelName.parse("t5:tiny"), LoadSettings(seed=seed))
        (answer,) = ask(adapter, [Embed(text="a")])
        return cast(EmbedAnswer, answer).vector

    assert vector(1) == vector(1)
    assert vector(1) != vector(2)
