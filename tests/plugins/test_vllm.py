"""What vLLM is asked and what is read of it, without vLLM.

Stand-ins have the shape that vLLM documents (`vllm/outputs.py`: `RequestOutput` and
`CompletionOutput`; `vllm/logprobs.py`: `Logprob`). Nothing here ran against vLLM itself.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from transformers import LlamaConfig, LlamaForCausalLM

from harness import (
    Budget,
    CheckpointError,
    LoadSettings,
    ModelName,
    PluginError,
    UsageError,
)
from harness.requests import (
    Answer,
    Embed,
    Generate,
    GenerateAnswer,
    Likelihood,
    LikelihoodAnswer,
    Request,
    Score,
    ScoreAnswer,
)
from harness.testing import check_adapter
from harness_torch.tokenizers.byte_level import byte_tokenizer
from harness_vllm.adapter import Run, VllmAdapter
from harness_vllm.checkpoint import VllmCheckpoint, open_checkpoint
from harness_vllm.mapping import Asked, ask_to_score, ask_to_write, read_score
from harness_vllm.plugin import check_device, check_machine, describe, load, worded

LENGTH = 32


@dataclass
class Logprob:
    logprob: float
    rank: int | None = None


@dataclass
class Completion:
    text: str = "ab"
    token_ids: Sequence[int] = (1, 2)
    finish_reason: str | None = "length"
    stop_reason: int | str | None = None


@dataclass
class Output:
    prompt_logprobs: Sequence[Mapping[int, Logprob] | None] | None = None
    outputs: Sequence[Completion] = field(default_factory=lambda: [Completion()])


def value(token: int, before: int) -> float:
    return -((token * 7 + before * 3) % 11) / 4


def given(token: int, before: int) -> dict[int, Logprob]:
    """Return the two that vLLM gives: the most probable token's and the token's own."""
    best = next(other for other in range(11) if value(other, before) == 0)
    return {best: Logprob(0.0, 1), token: Logprob(value(token, before), 5)}


def run(prompts: Sequence[Asked]) -> list[Output]:
    """Stand in for vLLM: a token's log-probability follows from the one before it."""
    outputs = []
    for asked in prompts:
        assert len(asked.ids) + asked.parameters["max_tokens"] <= LENGTH
        pairs = itertools.pairwise(asked.ids)
        known = [None, *(given(token, before) for before, token in pairs)]
        outputs.append(Output(prompt_logprobs=known))
    return outputs


def adapter(*, bos: bool = True, run: Run = run) -> VllmAdapter:
    tokenizer = byte_tokenizer(length=LENGTH, bos=bos, eos=False)
    return VllmAdapter(
        title="vllm:x",
        tokenizer=tokenizer,
        length=LENGTH,
        render=lambda asked: f"<{asked.prompt}>" if asked.is_message else None,
        run=run,
    )


def ask(request: Request, *, bos: bool = True) -> Answer:
    asked = adapter(bos=bos)
    ((_, answer),) = asked.session().answer(asked.encode([request]), Budget(tokens=9))
    return answer


def summed(ids: Sequence[int], count: int) -> float:
    pairs = list(itertools.pairwise(ids))[-count:]
    return sum(value(token, before) for before, token in pairs)


def ids_of(text: str, *, bos: bool = True) -> list[int]:
    tokenizer = byte_tokenizer(length=LENGTH, bos=bos, eos=False)
    start = [tokenizer.special.bos] if bos else []
    return [*(i for i in start if i is not None), *tokenizer.pieces([text])[0].ids]


# Requests and answers


def test_every_ability_conforms_whatever_the_batch() -> None:
    requests: list[Request] = [
        Score(context="a b", choices=(" c", " de")),
        Score(context="", choices=("c",)),
        Likelihood(text="x" * 100),
        Generate(prompt="abc", max_tokens=4),
    ]
    check_adapter(adapter(), requests)


def test_a_choice_is_the_sum_of_its_tokens() -> None:
    answer = ask(Score(context="ab ", choices=("c", "de")))
    assert answer == ScoreAnswer(
        log_probabilities=(summed(ids_of("ab c"), 2), summed(ids_of("ab de"), 3)),
        is_greedy=(False, False),
        token_counts=(2, 3),
        byte_counts=(1, 2),
        tokens=len(ids_of("ab c")) + len(ids_of("ab de")),
    )


def test_a_choice_is_greedy_where_no_token_is_more_probable() -> None:
    asked = Asked(ids=[3, 4], scored=1, parameters={})
    alone = Output(prompt_logprobs=[None, {4: Logprob(-0.5, 1)}])
    beaten = Output(prompt_logprobs=[None, {4: Logprob(-0.5), 9: Logprob(-0.4)}])
    assert read_score(alone, asked) == (-0.5, True)
    assert read_score(beaten, asked) == (-0.5, False)


def test_a_context_that_is_too_long_is_cut_on_the_left_and_counted() -> None:
    request = Score(context="x" * 40, choices=("ab",))
    (encoded,) = adapter().encode([request])
    (asked,) = encoded.extra["asked"]
    assert (len(asked.ids), asked.scored) == (LENGTH - 1, 2)
    assert encoded.truncated_tokens == 1 + 40 + 2 - (LENGTH - 1)


def test_scoring_asks_for_the_prompts_log_probabilities() -> None:
    asked = ask_to_score([1, 2], [3], length=8)
    assert asked.parameters == {
        "max_tokens": 1,
        "temperature": 0.0,
        "prompt_logprobs": 1,
        "detokenize": False,
    }
    assert (asked.ids, asked.scored, asked.cut) == ([1, 2, 3], 1, 0)


def test_a_long_text_rolls_and_each_token_is_scored_once() -> None:
    answer = ask(Likelihood(text="ab cd " * 20))
    assert isinstance(answer, LikelihoodAnswer)
    assert (answer.token_count, answer.word_count, answer.byte_count) == (120, 40, 120)
    ids = ids_of("ab cd " * 20)
    assert answer.nats == pytest.approx(summed(ids, 120))


def test_an_empty_text_has_a_likelihood_of_nothing() -> None:
    answer = ask(Likelihood(text=""))
    assert answer == LikelihoodAnswer(
        nats=0.0, token_count=0, word_count=0, byte_count=0
    )


def test_greedy_text_is_asked_without_what_draws_need() -> None:
    request = Generate(prompt="p", stop=("\n", ""), max_tokens=5)
    asked = ask_to_write([1, 2], request, length=32)
    assert asked.parameters == {"max_tokens": 5, "temperature": 0.0, "stop": ["\n"]}


def test_a_draw_is_seeded_by_prompt_and_sample_alone() -> None:
    def drawn(sample: int, tokens: int) -> Mapping[str, object]:
        request = Generate(
            prompt="p", temperature=0.5, top_p=0.9, sample=sample, max_tokens=tokens
        )
        return ask_to_write([1], request, length=32).parameters

    assert (drawn(1, 4)["temperature"], drawn(1, 4)["top_p"]) == (0.5, 0.9)
    assert drawn(1, 4)["seed"] == drawn(1, 9)["seed"] != drawn(2, 4)["seed"]


def test_a_prompt_keeps_half_of_the_length() -> None:
    asked = ask_to_write(
        list(range(40)), Generate(prompt="p", max_tokens=99), length=32
    )
    assert (asked.ids, asked.cut) == (list(range(24, 40)), 24)
    assert asked.parameters["max_tokens"] == 16


@pytest.mark.parametrize(
    ("finish", "stop", "expected"),
    [
        ("length", None, "length"),
        ("stop", "\n", "stop"),
        ("stop", None, "end"),
        ("stop", 2, "end"),
    ],
)
def test_reasons_are_read(finish: str, stop: int | str | None, expected: str) -> None:
    def stopped(prompts: Sequence[Asked]) -> list[Output]:
        return [Output(outputs=[Completion(finish_reason=finish, stop_reason=stop)])]

    asked = adapter(run=stopped)
    stream = asked.encode([Generate(prompt="abc")])
    ((_, answer),) = asked.session().answer(stream, Budget(tokens=9))
    assert answer == GenerateAnswer(
        text="ab", finish_reason=expected, tokens=4, written_tokens=2
    )


def test_no_token_is_written_where_none_is_wanted() -> None:
    answer = ask(Generate(prompt="abc", max_tokens=0))
    assert answer == GenerateAnswer(text="", finish_reason="length")


def test_a_beam_search_is_refused() -> None:
    with pytest.raises(
        UsageError, match="beam search of width 3, which vllm: does not"
    ):
        ask(Generate(prompt="x", beams=3))


def test_what_vllm_is_not_asked_is_refused() -> None:
    with pytest.raises(PluginError, match="was asked a Embed request: it answers Gene"):
        ask(Embed(text="x"))


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (Output(), "gave 0 log-probabilities for a prompt of 2 tokens"),
        (Output(prompt_logprobs=[None, None]), "no log-probability of prompt token 1"),
        (
            Output(prompt_logprobs=[None, {9: Logprob(0)}]),
            "of prompt token 1: use anot",
        ),
    ],
)
def test_missing_log_probabilities_are_an_error(output: Output, message: str) -> None:
    asked = Asked(ids=[3, 4], scored=1, parameters={})
    with pytest.raises(PluginError, match=message):
        read_score(output, asked)


def test_a_text_that_vllm_gave_up_is_an_error() -> None:
    gave_up = Output(outputs=[Completion(finish_reason="abort")])
    asked = adapter(run=lambda _: [gave_up])
    stream = asked.encode([Generate(prompt="abc")])
    with pytest.raises(PluginError, match="for the reason 'abort', expected stop or"):
        list(asked.session().answer(stream, Budget(tokens=9)))


# Machines and checkpoints


@pytest.mark.skipif(find_spec("vllm") is not None, reason="vLLM is installed here")
@pytest.mark.parametrize("act", [describe, lambda name: load(name, LoadSettings())])
def test_without_vllm_the_message_says_what_to_install(act: object) -> None:
    assert callable(act)
    with pytest.raises(UsageError, match="need vLLM, which is not installed: run pip"):
        act(ModelName.parse("vllm:./x"))


@pytest.mark.skipif(shutil.which("nvidia-smi") is not None, reason="a GPU is here")
def test_without_a_gpu_the_message_says_what_to_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("harness_vllm.plugin.find_spec", lambda _: object())
    with pytest.raises(UsageError, match="need a CUDA GPU, and nvidia-smi is not ther"):
        check_machine()


@pytest.mark.parametrize("device", ["cpu", "cuda:1"])
def test_another_device_than_the_first_gpu_is_refused(device: str) -> None:
    with pytest.raises(UsageError, match="run on the first visible GPU, not on 'c"):
        check_device(device)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hold a tiny decoder with the files of a byte tokenizer."""
    path = tmp_path_factory.mktemp("decoder")
    config = LlamaConfig(
        vocab_size=300,
        hidden_size=8,
        intermediate_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=64,
    )
    LlamaForCausalLM(config).save_pretrained(path)
    for name, content in byte_tokenizer(length=64, bos=True, eos=False).files.items():
        (path / name).write_bytes(content)
    return path


def opened(folder: Path, options: str = "") -> VllmCheckpoint:
    return open_checkpoint(ModelName.parse(f"vllm:{folder}{options}"))


def test_a_checkpoint_is_known_before_it_loads(folder: Path) -> None:
    found = opened(folder)
    expected = sum(
        p.numel() for p in LlamaForCausalLM.from_pretrained(folder).parameters()
    )
    assert (found.length, found.parameters, found.chat) == (64, expected, None)


def test_a_message_in_its_template_begins_with_no_bos_of_ours() -> None:
    requests = [Generate(prompt="Hi"), Generate(prompt="Hi", is_message=True)]
    read = [item.extra["asked"][0].ids for item in adapter().encode(requests)]
    assert read == [ids_of("Hi"), ids_of("<Hi>", bos=False)]


def test_a_message_is_put_into_the_chat_template(folder: Path, tmp_path: Path) -> None:
    name, asked = ModelName.parse(f"vllm:{tmp_path}"), Generate(prompt="Hi")
    message = replace(asked, is_message=True)
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert worded(name, message) is None
    template = "{{ bos_token }}<{{ messages[0].content }}>"
    (tmp_path / "chat_template.jinja").write_text(template)
    assert worded(name, message) == "<|bos|><Hi>"
    assert worded(name, asked) is None
    assert opened(tmp_path).fingerprint() != opened(folder).fingerprint()


def test_the_fingerprint_follows_the_options(folder: Path) -> None:
    prints = {
        opened(folder, options).fingerprint()
        for options in ("", ",gpu_memory=0.5", ",length=32", ",bos=off")
    }
    assert len(prints) == 3  # the share of memory changes no answer


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (",gpu_memory=2", "gpu_memory '2': expected a share above 0 and at most 1"),
        (",gpu_memory=all", "gpu_memory 'all': expected a share above 0"),
        (",chat=all", "has chat 'all' and no chat template"),
        (",length=65", "length '65': expected a whole number from"),
        (",chat=on", "chat 'on': expected auto or all or off"),
        (",bos=maybe", "bos 'maybe': expected auto or on or off"),
        (",colour=red", "unknown option 'colour'"),
    ],
)
def test_a_wrong_option_says_what_is_expected(
    options: str, message: str, folder: Path
) -> None:
    with pytest.raises(UsageError, match=message):
        opened(folder, options)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ('{"architectures": ["BertModel"]}', "expected a decoder \\(a name that ends"),
        (
            '{"architectures": ["XForCausalLM"]}',
            "does not say how much the model reads",
        ),
        ("{}", "has architectures None, expected a decoder"),
    ],
)
def test_what_is_no_decoder_is_refused(
    config: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text(config)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(CheckpointError, match=message):
        opened(tmp_path)
