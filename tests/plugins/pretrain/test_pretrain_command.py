"""`harness train`, from the command to a checkpoint that can be benched."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from harness.cli import main
from harness.pretrainer import RECORD
from tests.plugins.pretrain.tiny_texts import write_texts

SIZES = "width=16,layers=1,heads=2,length=64,vocabulary=400"
LOOP = "epochs=2,batch_size=8,length=32"


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    # How sums are shared between threads changes their last bits.
    torch.set_num_threads(1)


def harness(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """Run a command in this process and return its exit code."""
    monkeypatch.setattr(sys, "argv", ["harness", *words])
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("family", "objective"),
    [
        ("bert", "mlm+nsp"),
        ("gpt", "causal"),
        ("t5", "span-corruption"),
    ],
)
def test_a_model_from_scratch_is_one_like_any_other(
    family: str,
    objective: str,
    texts: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "made"
    words = ["--from-scratch", f"{family},{SIZES}", "--data", f"text:{texts}"]
    words += ["--objective", f"{objective},{LOOP}", "--out", str(out)]
    assert harness(monkeypatch, "train", *words) == 0
    assert "epoch 2: held-out loss" in capsys.readouterr().out
    record = json.loads((out / RECORD).read_text())
    first, last = record["epochs"]
    assert last["loss"] < first["loss"]
    assert [path.name for path in tmp_path.iterdir()] == ["made"]  # no scratch is left
    run = ["run", "--model", f"{family}:{out}", "--task", "glue/sst2", "--data"]
    run += ["sample", "--limit", "4", "--regime", "finetune:full,epochs=0.1"]
    store = str(tmp_path / "store.sqlite")
    assert harness(monkeypatch, *run, "--store", store) == 0


@pytest.mark.slow
def test_training_goes_on_from_a_checkpoint(
    texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, words = tmp_path / "out", ["--data", f"text:{texts}"]
    objective = f"causal,{LOOP},learning_rate=1e-3"
    words += ["--objective", objective, "--hold-out", "0", "--out", str(out)]
    assert harness(monkeypatch, "train", "gpt:tiny", *words) == 0
    record = json.loads((out / RECORD).read_text())
    assert (record["model"], record["epochs"]) == ("gpt:tiny", [])
    assert record["training"]["final_loss"] < record["training"]["curve"][0][1]


def command(texts: Path, out: Path) -> list[str]:
    sizes = "gpt,width=32,layers=2,heads=2,length=64,vocabulary=400"
    loop = "causal,epochs=3,batch_size=4,length=32,dropout=0,save_every=0"
    words = ["train", "--from-scratch", sizes, "--data", f"text:{texts}"]
    return [*words, "--objective", loop, "--out", str(out)]


@pytest.mark.slow
def test_a_killed_training_goes_on_to_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = write_texts(tmp_path / "texts", count=4)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert harness(monkeypatch, *command(texts, whole)) == 0
    program = str(Path(sys.executable).with_name("harness"))
    process = subprocess.Popen(
        [program, *command(texts, killed)],
        stdout=subprocess.DEVNULL,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob(".killed-*/run/snapshots/step-*")):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not killed.exists()
    assert harness(monkeypatch, *command(texts, killed)) == 0
    ours, theirs = (load_file(f / "model.safetensors") for f in (killed, whole))
    assert all(ours[name].equal(theirs[name]) for name in theirs)
    records = [json.loads((f / RECORD).read_text()) for f in (killed, whole)]
    assert records[0]["training"]["resumed"] == 1
    assert records[0]["epochs"] == records[1]["epochs"]


@pytest.mark.slow
def test_two_processes_learn_what_one_learns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = write_texts(tmp_path / "texts", count=2)
    one, two = tmp_path / "one", tmp_path / "two"
    assert harness(monkeypatch, *command(texts, one)) == 0
    start = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    start += ["-m", "harness", *command(texts, two)]
    subprocess.run(start, check=True, capture_output=True)
    ours, theirs = (load_file(f / "model.safetensors") for f in (two, one))
    # A key's bias changes no attention: its gradient is rounding, which Adam blows up.
    names = [name for name in theirs if not name.endswith("c_attn.bias")]
    assert all(ours[name].allclose(theirs[name], atol=1e-4) for name in names)
    records = [json.loads((f / RECORD).read_text()) for f in (two, one)]
    assert records[0]["environment"]["processes"] == "2"
    assert "processes" not in records[1]["environment"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "texts", "two"]


def refusal(
    words: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> str:
    assert harness(monkeypatch, "train", *words) == 2
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "neither a MODEL and --from-scratch given, expected one of the two"),
        ("bert:tiny --from-scratch gpt", "both a MODEL and --from-scratch given"),
        ("bert:tiny", "--data is missing, expected text:PATH"),
        ("bert:tiny --data text:.", "--out is missing, expected a folder to make"),
        ("bert:tiny --data text:. --out o --hold-out 1", "--hold-out is 1.0, expected"),
        ("majority: --data text:. --out o", "majority models can't learn from text"),
        (
            "--from-scratch api --data text:. --out o",
            "api models can't be made from scratch: choose bert or gpt or t5",
        ),
        (
            "gpt:tiny --data text:. --out o --objective mlm",
            "gpt:tiny can't be trained by 'mlm', its objectives are causal",
        ),
        (
            "t5:tiny --data text:. --out o",
            "t5:tiny can't learn from text, its objectives are none",
        ),
        (
            "gpt:tiny --data text:. --out o --objective casual",
            "unknown objective 'casual': did you mean causal?",
        ),
        (
            "gpt:tiny --data text:. --out o --objective causal,epoch=1",
            "unknown setting of objective causal: 'epoch': did you mean epochs?",
        ),
        (
            "gpt:tiny --data text:. --out o --objective causal,epochs=x",
            "setting epochs='x' of objective causal",
        ),
        ("gpt:tiny --data text:. --out o --objective causal,x", "write name,setting="),
        (
            "gpt:tiny --data text:t --out o --objective causal,length=2000",
            "the training setting length is 2000, expected at most 1024",
        ),
        (
            "gpt:tiny --data text:t --out o --objective causal,select=best --hold-out 0",
            "select is 'best' and nothing is held out to tell which epoch",
        ),
        (
            "gpt:tiny --data text:t --out o --hold-out 0.9",
            "the text makes 1 blocks of 512 tokens, 1 of them held out",
        ),
        (
            "--from-scratch bert,width=16 --data text:t --out o --objective mlm+nsp",
            "the text has 1 document, expected two or more",
        ),
        (
            "--from-scratch bert,widht=16 --data text:t --out o",
            "unknown setting of a new bert model: 'widht': did you mean width?",
        ),
        ("gpt:tiny --data text:t --out t", "t exists and was not made by 'harness"),
    ],
)
def test_what_cannot_be_done_is_refused(
    words: str,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "a.txt").write_text("Ann sees the old house.")
    assert message in refusal(words.split(), monkeypatch, capsys)
    assert [path.name for path in tmp_path.iterdir()] == ["t"]


def test_a_checkpoint_is_replaced_only_where_asked(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("Ann sees the old house. " * 4)
    words = ["gpt:tiny", "--data", "text:a.txt", "--out", "o", "--hold-out", "0"]
    words += ["--objective", "causal,epochs=1,length=16"]
    assert harness(monkeypatch, "train", *words) == 0
    assert "exists: name another folder" in refusal(words, monkeypatch, capsys)
    assert harness(monkeypatch, "train", *words, "--overwrite", "--seed", "2") == 0
    assert json.loads((tmp_path / "o" / RECORD).read_text())["seed"] == 2
