"""GGUF files become checkpoints in Hugging Face format."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file

from harness import CheckpointError, UsageError
from harness.convert import convert_checkpoint
from harness.convert import gguf as converting
from harness_torch.chat import load_chat_template
from harness_torch.tokenizers.loading import load_tokenizer

gguf = pytest.importorskip("gguf", reason="the extra gguf is not installed")

WIDTH, HEADS, KEY_HEADS, INNER = 64, 4, 2, 96
TOKENS = ["<|a|>", "<|b|>", "<|c|>", *"defghijklmnopqrstuvwxyz", "Ġ", "Ġd", "er"]


def interleaved(weight: Any, heads: int) -> Any:
    """Order rows as GGUF has them for rotary positions in pairs."""
    out, inner = weight.shape
    halves = weight.reshape(heads, 2, out // heads // 2, inner)
    return halves.swapaxes(1, 2).reshape(out, inner)


def state() -> dict[str, Any]:
    """Draw a one-layer Llama under GGUF's names, with Hugging Face's row order."""
    draw = np.random.default_rng(1)
    keys = WIDTH * KEY_HEADS // HEADS
    shapes = {
        "token_embd.weight": (len(TOKENS), WIDTH),
        "output_norm.weight": (WIDTH,),
        "blk.0.attn_norm.weight": (WIDTH,),
        "blk.0.ffn_norm.weight": (WIDTH,),
        "blk.0.attn_q.weight": (WIDTH, WIDTH),
        "blk.0.attn_k.weight": (keys, WIDTH),
        "blk.0.attn_v.weight": (keys, WIDTH),
        "blk.0.attn_output.weight": (WIDTH, WIDTH),
        "blk.0.ffn_gate.weight": (INNER, WIDTH),
        "blk.0.ffn_up.weight": (INNER, WIDTH),
        "blk.0.ffn_down.weight": (WIDTH, INNER),
    }
    return {n: draw.normal(size=s).astype(np.float32) for n, s in shapes.items()}


def write_gguf(path: Path, *, leave_out: str = "", architecture: str = "llama") -> Path:
    """Write a tiny Llama with the gguf package."""
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_context_length(128)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEY_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(len(TOKENS))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(TOKENS)
    writer.add_token_types([3, 3, 3, *([1] * (len(TOKENS) - 3))])
    writer.add_token_merges(["Ġ d", "e r"])
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_chat_template("{{ bos_token }}{{ messages[0].content }}")
    for name, weight in state().items():
        heads = {"attn_q": HEADS, "attn_k": KEY_HEADS}.get(name.split(".")[-2])
        if name != leave_out:
            writer.add_tensor(name, interleaved(weight, heads) if heads else weight)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gguf")
    file = write_gguf(folder / "tiny.gguf")
    assert convert_checkpoint(file, folder / "out") == 11
    return folder / "out"


def test_weights_are_those_of_the_file_and_the_tied_output_is_once(
    converted: Path,
) -> None:
    found = load_file(converted / "model.safetensors")
    drawn = {name: torch.from_numpy(weight) for name, weight in state().items()}
    layer = "model.layers.0.self_attn"
    assert torch.equal(found["model.embed_tokens.weight"], drawn["token_embd.weight"])
    assert torch.equal(found[f"{layer}.q_proj.weight"], drawn["blk.0.attn_q.weight"])
    assert torch.equal(found[f"{layer}.k_proj.weight"], drawn["blk.0.attn_k.weight"])
    assert "lm_head.weight" not in found


def test_the_configuration_says_plain_weights(converted: Path) -> None:
    config = json.loads((converted / "config.json").read_text())
    assert "quantization_config" not in config
    assert config["architectures"] == ["LlamaForCausalLM"]
    assert (config["num_key_value_heads"], config["tie_word_embeddings"]) == (2, True)


def test_the_tokenizer_comes_along_with_its_chat_template(converted: Path) -> None:
    ours = load_tokenizer(converted, length=64)
    reference = transformers.AutoTokenizer.from_pretrained(converted)
    assert (
        ours.encode([("der d<|b|>", None)])[0].ids
        == reference("der d<|b|>")["input_ids"]
    )
    assert (ours.special.bos, ours.special.eos, ours.adds_bos) == (1, 2, False)
    template = load_chat_template(converted)
    assert template is not None
    assert template.render("der") == "<|b|>der"


def test_nothing_says_where_it_was_made(converted: Path) -> None:
    text = (converted / "tokenizer_config.json").read_text()
    text += (converted / "config.json").read_text()
    assert "is_local" not in text
    assert str(converted.parent) not in text


@pytest.mark.parametrize(("dtype", "name"), [("bf16", "bfloat16"), ("fp16", "float16")])
def test_a_folder_with_one_file_converts_in_the_precision_asked(
    tmp_path: Path, run_command: Callable[..., Any], dtype: str, name: str
) -> None:
    write_gguf(tmp_path / "tiny.gguf")
    out = tmp_path / "out"
    done = run_command("convert", str(tmp_path), str(out), "--dtype", dtype)
    assert (done.code, done.out.strip()) == (0, f"{out}: 11 tensors")
    found = load_file(out / "model.safetensors")
    assert {tensor.dtype for tensor in found.values()} == {getattr(torch, name)}
    assert json.loads((out / "config.json").read_text())["dtype"] == name


def test_no_foreign_progress_bar_reaches_the_screen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    convert_checkpoint(write_gguf(tmp_path / "tiny.gguf"), tmp_path / "out")
    assert capsys.readouterr() == ("", "")


def test_others_may_read_what_was_converted(converted: Path) -> None:
    modes = {path.name: path.stat().st_mode & 0o777 for path in converted.iterdir()}
    assert modes["model.safetensors"] == modes["config.json"]


def refused(file: Path) -> str:
    with pytest.raises(CheckpointError) as caught:
        convert_checkpoint(file, file.parent / "out")
    assert not (file.parent / "out").exists()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_file_that_lacks_a_tensor_is_refused(tmp_path: Path) -> None:
    file = write_gguf(tmp_path / "tiny.gguf", leave_out="blk.0.ffn_up.weight")
    assert "(it lacks 1 tensors, such as model.layers.0.mlp.up_proj" in refused(file)


def test_an_architecture_that_is_unknown_is_refused(tmp_path: Path) -> None:
    file = write_gguf(tmp_path / "tiny.gguf", architecture="nonesuch")
    assert "nonesuch" in refused(file)


@pytest.mark.parametrize("kept", [6, 100, 1000, 3000, 100_000])
def test_a_file_that_was_cut_short_is_refused(tmp_path: Path, kept: int) -> None:
    file = write_gguf(tmp_path / "tiny.gguf")
    file.write_bytes(file.read_bytes()[:kept])
    assert "tiny.gguf can't be converted (" in refused(file)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tiny.gguf").write_bytes(b"PK\x03\x04")
    assert r"is no GGUF file (it begins with b'PK\x03\x04')" in refused(
        tmp_path / "tiny.gguf"
    )


def test_of_several_files_one_must_be_named(tmp_path: Path) -> None:
    (tmp_path / "a.gguf").touch()
    (tmp_path / "b.gguf").touch()
    with pytest.raises(CheckpointError, match=r"holds 2 GGUF files \(a\.gguf, b\.gguf"):
        convert_checkpoint(tmp_path, tmp_path / "out")


def test_an_unknown_precision_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="dtype is 'int8': expected fp32, bf16, fp16"):
        convert_checkpoint(tmp_path, tmp_path / "out", dtype="int8")


def test_a_missing_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        converting, "find_spec", lambda name: None if name == "gguf" else 1
    )
    with pytest.raises(
        UsageError, match=r"needs the package gguf: install 'nlp-harness"
    ):
        convert_checkpoint(write_gguf(tmp_path / "tiny.gguf"), tmp_path / "out")


@pytest.mark.slow
def test_smollm2_keeps_its_size_and_its_ids(smollm2: Path) -> None:
    """Ids are those that llama.cpp and transformers give."""
    size = (smollm2 / "model.safetensors").stat().st_size
    assert size < 4 * 134_515_008 + 100_000  # four bytes a parameter: tied output once
    (tokens,) = load_tokenizer(smollm2, length=64).encode(
        [("Hello world 123 it's", None)]
    )
    assert tokens.ids == [19556, 905, 216, 33, 34, 35, 357, 506]


@pytest.mark.slow
def test_smollm2_reads_and_prompts_as_in_transformers(smollm2: Path) -> None:
    ours = load_tokenizer(smollm2, length=8192)
    reference = transformers.AutoTokenizer.from_pretrained(smollm2)
    template = load_chat_template(smollm2)
    assert template is not None
    for text in (
        "",
        "a\u2028b\x00 🙂 中文",
        "<|im_start|>x<|im_end|> ",
        "1,000  it's\n\n",
    ):
        row = reference(text, return_offsets_mapping=True)
        (pieces,) = ours.pieces([text])
        assert (pieces.ids, pieces.offsets) == (row["input_ids"], row["offset_mapping"])
        assert ours.decode(pieces.ids) == reference.decode(
            pieces.ids, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        assert template.render(text) == reference.apply_chat_template(
            [{"role": "user", "content": text}],
            tokenize=False,
            add_generation_prompt=True,
        )
