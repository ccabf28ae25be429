"""Messages to chat models through `hub:` are read within the chat template."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from transformers import AutoTokenizer

from harness import ModelName
from harness.requests import Generate, Score
from harness_hub.adapter import HubAdapter
from harness_hub.plugin import describe, worded

Make = Callable[..., Any]
Open = Callable[..., HubAdapter]
TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


@pytest.fixture
def folder(make: Make, tmp_path: Path) -> Path:
    """Return a decoder's folder with a chat template."""
    folder = copytree(make("OPTForCausalLM").folder, tmp_path / "model")
    raw = json.loads((folder / "tokenizer_config.json").read_text())
    raw["chat_template"] = TEMPLATE
    (folder / "tokenizer_config.json").write_text(json.dumps(raw))
    return folder


def ids_of(model: HubAdapter, prompt: str, *, is_message: bool = True) -> list[int]:
    (encoded,) = model.encode([Generate(prompt=prompt, is_message=is_message)])
    return list(encoded.ids)


def name_of(folder: Path, **options: str) -> ModelName:
    return ModelName(adapter="hub", checkpoint=str(folder), options=options)


def test_a_message_is_what_transformers_makes_of_it(
    folder: Path, open_model: Open
) -> None:
    message = [{"role": "user", "content": "The cat sat."}]
    read = ids_of(open_model(folder), "The cat sat.")
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    expected = tokenizer.apply_chat_template(message, add_generation_prompt=True)
    assert read == expected["input_ids"]
    assert read.count(tokenizer.bos_token_id) == 1


def test_bos_is_not_doubled_where_it_is_asked_for(
    folder: Path, open_model: Open
) -> None:
    assert ids_of(open_model(folder, bos="on"), "yes").count(0) == 1


def test_chat_can_be_turned_off(folder: Path, open_model: Open) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    expected = tokenizer.encode("yes", add_special_tokens=False)
    assert ids_of(open_model(folder, chat="off"), "yes") == expected


def test_a_text_to_go_on_with_is_read_as_it_is(folder: Path, open_model: Open) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    expected = tokenizer.encode("yes", add_special_tokens=False)
    assert ids_of(open_model(folder), "yes", is_message=False) == expected


def test_a_name_may_ask_for_the_template_around_everything(
    folder: Path, open_model: Open
) -> None:
    every = open_model(folder, chat="all")
    text, message = (ids_of(every, "yes", is_message=kind) for kind in (False, True))
    assert text == message == ids_of(open_model(folder), "yes")


def test_scores_are_asked_without_the_template(folder: Path, open_model: Open) -> None:
    asked = Score(context="The cat", choices=(" sat",))
    (chatting,) = open_model(folder).encode([asked])
    (plain,) = open_model(folder, chat="off").encode([asked])
    assert chatting.ids == plain.ids


def test_the_card_and_the_words_tell_of_the_template(folder: Path) -> None:
    card, asked = describe(name_of(folder)), Generate(prompt="yes", is_message=True)
    assert card.facts["chat template"].startswith("tokenizer_config.json, sha256 ")
    assert card.prefers == ("chat", "rank", "generate", "lm-eval")
    assert worded(name_of(folder), asked) == "<s><user>yes\n<assistant>"
    assert worded(name_of(folder, chat="off"), asked) is None
