"""What is built holds what is on disk: hatchling leaves folders out without a word."""

from __future__ import annotations

import fnmatch
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHELVES = ("plugins", "tasks", "reports")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
CACHES = ("__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache")


def packages() -> list[str]:
    """Return the folders on disk that are packages."""
    shelved = (
        path.parent.relative_to(ROOT)
        for shelf in SHELVES
        for path in (ROOT / shelf).glob("*/__init__.py")
    )
    return sorted(["harness", *(str(path) for path in shelved)])


def sources() -> Iterator[Path]:
    """Yield the files of all packages, relative to the shelf that they stand on."""
    for package in packages():
        folder = ROOT / package
        for path in folder.rglob("*"):
            if path.is_file() and not set(path.parts).intersection(CACHES):
                yield path.relative_to(folder.parent)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel and the sdist, once."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> set[str]:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def sdist(built: Path) -> set[str]:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def test_the_packages_of_the_wheel_are_the_folders_on_disk() -> None:
    listed = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert sorted(listed) == packages()


def test_the_type_checker_sees_every_shelf() -> None:
    shelves = {Path(package).parts[0] for package in packages()}
    checked = set(PROJECT["tool"]["mypy"]["files"])
    assert checked == {*shelves, "tests", "benchmarks"}


def test_the_import_rules_see_every_package() -> None:
    names = sorted(Path(package).name for package in packages())
    assert sorted(PROJECT["tool"]["importlinter"]["root_packages"]) == names


def test_every_package_says_that_it_is_typed() -> None:
    missing = [p for p in packages() if not (ROOT / p / "py.typed").exists()]
    assert missing == []


def test_the_wheel_holds_every_file_of_every_package(wheel: set[str]) -> None:
    assert {str(path) for path in sources()} - wheel == set()


def test_the_wheel_holds_templates_and_styles(wheel: set[str]) -> None:
    suffixes = {Path(name).suffix for name in wheel if "harness_reports/" in name}
    assert {".css", ".js"} <= suffixes
    assert any(name.startswith("harness_reports/templates/") for name in wheel)


def test_the_wheel_holds_nothing_else(wheel: set[str]) -> None:
    names = {Path(package).name for package in packages()}
    others = {name for name in wheel if name.partition("/")[0] not in names}
    information = f"nlp_harness-{PROJECT['project']['version']}.dist-info"
    assert {name.partition("/")[0] for name in others} == {information}


@pytest.mark.parametrize(
    "path",
    [
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "Makefile",
        "CHANGELOG.md",
        "constraints.txt",
        "harness/__init__.py",
        "plugins/README.md",
        "tasks/README.md",
        "docs/plugins.md",
        "tests/core/test_packaging.py",
    ],
)
def test_the_sdist_holds(path: str, sdist: set[str]) -> None:
    assert path in sdist


def test_the_sdist_holds_no_environment(sdist: set[str]) -> None:
    assert not {name for name in sdist if name.startswith((".venv", "runs/", "build/"))}


def test_every_entry_point_is_installed() -> None:
    declared = PROJECT["project"]["entry-points"]["harness"]
    installed = {point.name: point.value for point in entry_points(group="harness")}
    assert declared.items() <= installed.items()


@pytest.mark.parametrize("name", PROJECT["project"]["entry-points"]["harness"])
def test_every_entry_point_can_be_imported(name: str) -> None:
    (point,) = entry_points(group="harness", name=name)
    assert point.load()


def test_no_pattern_of_gitignore_hides_a_source() -> None:
    lines = (ROOT / ".gitignore").read_text().splitlines()
    loose = [line.rstrip("/") for line in lines if line and not line.startswith("/")]
    hidden = [
        path
        for path in sources()
        for pattern in loose
        if any(fnmatch.fnmatch(part, pattern) for part in path.parts)
    ]
    assert hidden == []


def test_every_requirement_has_its_pin() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = {line.partition("==")[0].lower().replace("_", "-") for line in lines}
    wanted = PROJECT["project"]["dependencies"]
    for extra in ("dev", "track"):  # what the tests are run with
        wanted += PROJECT["project"]["optional-dependencies"][extra]
    names = {text.replace("==", ">=").partition(">=")[0] for text in wanted}
    assert names - pinned == set()


def test_tests_have_unique_file_names() -> None:
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert len(names) == len(set(names))
