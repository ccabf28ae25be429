"""Models from scratch: transformers reads them as we do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import transformers

from harness import LoadSettings, ModelName, UsageError
from harness.requests import Likelihood
from harness.testing import check_adapter
from harness_bert.new import write_new as write_bert
from harness_bert.new_settings import NewBert
from harness_bert.plugin import describe as describe_bert
from harness_gpt.adapter import load_gpt
from harness_gpt.new import write_new as write_gpt
from harness_gpt.new_settings import NewGpt
from harness_torch.lessons import Lesson
from harness_torch.sizes import TokenizerKind
from harness_torch.tokenizers.loading import load_tokenizer
from tests.plugins.pretrain.conftest import SMALL, TEXTS

UNSEEN = "Dora sees the quiet river.\nThe pianos are small, naïve & old!"


@pytest.mark.parametrize("name", ["new_bert", "new_gpt", "new_t5"])
def test_transformers_cuts_texts_as_we_do(
    name: str, request: pytest.FixtureRequest
) -> None:
    folder: Path = request.getfixturevalue(name)
    theirs = transformers.AutoTokenizer.from_pretrained(folder)
    ours = load_tokenizer(folder, length=64)
    for text, pair in ((UNSEEN, None), ("the house", "a river")):
        assert ours.encode([(text, pair)])[0].ids == theirs(text, pair)["input_ids"]


@pytest.mark.parametrize("kind", ["wordpiece", "bpe", "unigram"])
def test_every_tokenizer_goes_with_an_encoder(
    kind: TokenizerKind, tmp_path: Path
) -> None:
    write_bert(NewBert(**SMALL, tokenizer=kind), TEXTS, 1, tmp_path)
    model = json.loads((tmp_path / "tokenizer.json").read_text())["model"]
    assert model["type"].lower() == kind
    tokenizer = load_tokenizer(tmp_path, length=64)
    (seen,) = tokenizer.encode([("Ann sees the house.", None)])
    assert tokenizer.special.unknown not in seen.ids
    assert tokenizer.decode(seen.ids).strip() == "Ann sees the house."


def test_a_vocabulary_has_no_more_ids_than_asked(new_t5: Path) -> None:
    config = json.loads((new_t5 / "config.json").read_text())
    assert load_tokenizer(new_t5, length=64).vocabulary_size == config["vocab_size"]
    assert config["vocab_size"] <= SMALL["vocabulary"]


def test_lowercase_letters_alone_are_read_where_asked(tmp_path: Path) -> None:
    write_gpt(NewGpt(**SMALL, lowercase=True), TEXTS, 1, tmp_path)
    tokenizer = load_tokenizer(tmp_path, length=64)
    upper, lower = tokenizer.pieces(["ANN Sees", "ann sees"])
    assert upper.ids == lower.ids


def test_the_seed_draws_the_weights(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in "abc"]
    for folder, seed in zip(folders, (1, 1, 2), strict=True):
        write_bert(NewBert(**SMALL), TEXTS, seed, folder)
    prints = [
        describe_bert(ModelName.parse(f"bert:{folder}")).fingerprint
        for folder in folders
    ]
    assert prints[0] == prints[1] != prints[2]


@pytest.mark.parametrize("architecture", ["roberta", "distilbert"])
def test_relatives_of_bert_are_made_too(architecture: str, tmp_path: Path) -> None:
    sizes = NewBert(**SMALL, architecture=architecture)  # type: ignore[arg-type] # one of the names
    write_bert(sizes, TEXTS, 1, tmp_path)
    card = describe_bert(ModelName.parse(f"bert:{tmp_path}"))
    assert (card.max_tokens, card.facts["architecture"]) == (64, architecture)
    assert transformers.AutoModelForMaskedLM.from_pretrained(tmp_path) is not None


def test_a_new_llama_answers_as_transformers_does(tmp_path: Path) -> None:
    write_gpt(NewGpt(**SMALL, architecture="llama"), TEXTS, 1, tmp_path)
    adapter = load_gpt(ModelName.parse(f"gpt:{tmp_path}"), LoadSettings())
    check_adapter(adapter, [Likelihood(text=text) for text in (UNSEEN, "a house")])
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path)
    adapter.prepare_words("causal", seed=1)
    ids = adapter.tokenizer.pieces([UNSEEN])[0].ids
    lesson = Lesson(ids=ids[:-1], targets=ids[1:], places=range(len(ids) - 1))
    ours = adapter.say([lesson]).words
    torch.testing.assert_close(ours, theirs(torch.tensor([ids])).logits[0, :-1])


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"width": 10, "heads": 4}, "the new model's width is 10, expected a multiple"),
        ({"layers": 0}, "the new model's layers is 0, expected 1 or more"),
        ({"length": 4}, "the new model's length is 4, expected 8 or more"),
        ({"vocabulary": 99}, "the new model's vocabulary is 99, expected 300 or more"),
    ],
)
def test_impossible_sizes_are_refused(sizes: dict[str, int], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        NewBert(**sizes)  # type: ignore[arg-type] # sizes are numbers


SCRIPT = """
import hashlib, sys
from harness_torch.lessons import Lesson
from harness_torch.sizes import Sizes
from harness_torch.tokenizers.training import Frame, train_tokenizer
frame = Frame(tokens={"unk": "<unk>"}, single="$A", pair="$A $B")
for kind in ("wordpiece", "bpe", "unigram"):
    made = train_tokenizer(sys.argv[1:], Sizes(vocabulary=300, tokenizer=kind), frame)
    print(hashlib.sha256(made.files["tokenizer.json"]).hexdigest())
"""


def test_the_same_text_makes_the_same_tokenizer_in_every_process() -> None:
    command = [sys.executable, "-c", SCRIPT, *TEXTS, UNSEEN]
    made = [subprocess.run(command, capture_output=True, check=True) for _ in range(3)]
    assert len({process.stdout for process in made}) == 1
