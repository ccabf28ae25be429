"""A mistake in a YAML file is named by file, line and key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict

from harness.errors import UsageError
from harness.yaml_check import check
from harness.yaml_lines import load_yaml


def refuse_odd(value: int) -> int:
    if value % 2:
        raise ValueError(f"{value} is odd, expected an even number")
    return value


class Item(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str
    kind: Literal["train", "evaluate"] = "train"
    size: Annotated[int, AfterValidator(refuse_odd)] = 0
    either: int | list[Item] | None = None


class Whole(BaseModel):
    model_config = ConfigDict(extra="forbid")

    items: tuple[Item, ...]
    by_name: dict[str, Item] = {}


def write(folder: Path, text: str) -> Path:
    path = folder / "suite.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(UsageError) as caught:
        check(Whole, load_yaml(write(folder, text)))
    return str(caught.value).removeprefix(str(folder) + "/")


def test_a_right_file_becomes_the_model(tmp_path: Path) -> None:
    document = load_yaml(write(tmp_path, "items:\n- title: one\n  size: 4\n"))
    assert check(Whole, document) == Whole(items=(Item(title="one", size=4),))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("1e-4", 1e-4),
        ("010", 10),
        ("0x1F", 31),
        ("0o17", 15),
        ("2024-01-02", "2024-01-02"),
        ("True", True),
        ("~", None),
        ("'1'", "1"),
        ("1:30", "1:30"),
        ("", None),
    ],
)
def test_plain_scalars_follow_the_core_schema_of_yaml_1_2(
    tmp_path: Path, text: str, value: object
) -> None:
    assert load_yaml(write(tmp_path, f"key: {text}\n")).data == {"key": value}


def test_every_key_and_item_has_its_line(tmp_path: Path) -> None:
    document = load_yaml(write(tmp_path, "a:\n  - 1\n  - b: 2\n"))
    assert document.locate(("a", 1, "b")) == 3


def test_a_place_that_is_not_there_has_the_line_of_what_is_around_it(
    tmp_path: Path,
) -> None:
    document = load_yaml(write(tmp_path, "a:\n  - 1\n  - b: 2\n"))
    assert document.locate(("a", 1, "missing", 4)) == 3


def test_an_alias_repeats_its_anchor(tmp_path: Path) -> None:
    document = load_yaml(write(tmp_path, "a: &x [1]\nb: *x\n"))
    assert document.data == {"a": [1], "b": [1]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "items:\n- titel: one\n",
            "suite.yaml:2: key items.0.titel: unknown key, expected one of either, "
            "kind, size, title: did you mean title?",
        ),
        (
            "items: []\nby_name:\n  a:\n    title: x\n    siz: 2\n",
            "suite.yaml:5: key by_name.a.siz: unknown key, expected one of either, "
            "kind, size, title: did you mean size?",
        ),
        (
            "items:\n- title: a\n  either:\n  - title: b\n    knid: x\n",
            "suite.yaml:5: key items.0.either.0.knid: unknown key, expected one of "
            "either, kind, size, title: did you mean kind?",
        ),
        (
            "items:\n- kind: train\n",
            "suite.yaml:2: key items.0.title: missing, expected a value: add the key",
        ),
        (
            "items:\n- title: a\n  kind: evalute\n",
            "suite.yaml:3: key items.0.kind: found \"evalute\", expected 'train' or "
            "'evaluate': did you mean evaluate?",
        ),
        (
            "items:\n- title: 3\n",
            "suite.yaml:2: key items.0.title: found 3, expected text",
        ),
        (
            "items:\n- title: a\n  size: 3\n",
            "suite.yaml:3: key items.0.size: 3 is odd, expected an even number",
        ),
        ("- 1\n", "suite.yaml:1: found [1], expected keys with values"),
        (
            "items:\n- title: a\n  title: b\n",
            "suite.yaml:3:3: key 'title' stands already in line 2, expected it once: "
            "remove one",
        ),
        ("1: a\n", "suite.yaml:1:1: key 1 is not text: put it in quotes"),
        (
            "[a]: b\n",
            "suite.yaml:1:1: key of several values is not text: put it in quotes",
        ),
        (
            "a: &x\n- *x\n",
            "suite.yaml:1:4: an alias stands inside its own anchor: remove it",
        ),
        (
            "a: !!python/name:os.system x\n",
            "suite.yaml:1:4: tags are not allowed: remove the tag",
        ),
        (
            "items: [1\n",
            "suite.yaml:2:1: expected ',' or ']', but got '<stream end>': correct the YAML",
        ),
        (
            "a: *nowhere\n",
            "suite.yaml:1:4: found undefined alias 'nowhere': correct the YAML",
        ),
        ("", "suite.yaml:1: the file is empty, expected keys with values"),
    ],
)
def test_a_mistake_is_one_line_that_says_where(
    tmp_path: Path, text: str, message: str
) -> None:
    assert refusal(tmp_path, text) == message


def test_a_control_character_is_named(tmp_path: Path) -> None:
    assert "special characters are not allowed" in refusal(tmp_path, "a: \x00\n")


def test_a_long_wrong_value_is_cut_in_the_message(tmp_path: Path) -> None:
    message = refusal(tmp_path, f"items: {'x' * 500}\n")
    assert len(message) < 200
    assert "xxx..., expected" in message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gone.yaml' \(No such file or directory\)"):
        load_yaml(tmp_path / "gone.yaml")


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "suite.yaml").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(UsageError, match="it is not UTF-8 text"):
        load_yaml(tmp_path / "suite.yaml")
