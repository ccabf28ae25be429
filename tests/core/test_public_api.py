"""The public list is what is there, sorted, documented and importable."""

from __future__ import annotations

import ast
import inspect
import re
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

import harness

ROOT = Path(__file__).resolve().parents[2]
PUBLIC_MODULES = re.findall(
    r"^\| `(harness\.[a-z.]+)` \|", (ROOT / "docs" / "plugins.md").read_text(), re.M
)


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


def imports_of_harness(path: Path) -> Iterator[tuple[str, str]]:
    """Yield module and name of everything that a file imports from the core."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [(node.module, alias.name) for alias in node.names]
        else:
            continue
        yield from (pair for pair in names if pair[0].split(".")[0] == "harness")


def is_public(module: str, name: str) -> bool:
    if module == "harness":
        return name in harness.__all__
    return module in PUBLIC_MODULES and not name.startswith("_")


def test_plugins_of_this_project_import_public_names_alone() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {module} {name}"
        for shelf in ("plugins", "tasks", "reports")
        for path in (ROOT / shelf).rglob("*.py")
        for module, name in imports_of_harness(path)
        if not is_public(module, name)
    ]
    assert found == []


def test_every_public_module_exists() -> None:
    assert len(PUBLIC_MODULES) == 18
    assert [name for name in PUBLIC_MODULES if find_spec(name) is None] == []
