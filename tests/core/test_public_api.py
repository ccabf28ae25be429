"""The public list is what is there, sorted, documented and importable."""

from __future__ import annotations

import inspect
import re
import tomllib
from pathlib import Path

import pytest

import harness

ROOT = Path(__file__).resolve().parents[2]


def test_the_public_list_is_sorted_and_without_repetition() -> None:
    assert harness.__all__ == sorted(set(harness.__all__))


def test_every_public_name_exists() -> None:
    assert [name for name in harness.__all__ if not hasattr(harness, name)] == []


def test_no_class_or_function_is_public_without_being_listed() -> None:
    public = {
        name
        for name, value in vars(harness).items()
        if not name.startswith("_")
        and (inspect.isclass(value) or inspect.isfunction(value))
    }
    assert public - set(harness.__all__) == set()


@pytest.mark.parametrize("name", harness.__all__)
def test_every_public_name_says_what_it_is(name: str) -> None:
    assert inspect.getdoc(getattr(harness, name))


def test_the_version_is_that_of_the_distribution() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert harness.__version__ == project["version"]


def test_plugins_of_this_project_import_public_names_alone() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for shelf in ("plugins", "tasks", "reports")
        for path in (ROOT / shelf).rglob("*.py")
        for names in re.findall(
            r"^from harness import ([^(\n]+)$", path.read_text(), re.M
        )
        for name in names.split(", ")
        if name not in harness.__all__
    ]
    assert found == []
