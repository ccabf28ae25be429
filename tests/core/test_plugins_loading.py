"""Plugins load by name, and what is wrong with one is said at the door."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

import pytest

from harness import hookimpl
from harness.errors import PluginError
from harness.plugins import Plugins, load_plugins

ROW = """
from harness import Benchmark, Classification, Data, Task, hookimpl

def row(task_id, **more):
    return Task(
        id=task_id, title="T", summary="s", data=Data(hub=None, folder="f"),
        problem=Classification(inputs=("text",), labels=("no", "yes")),
        metrics=("accuracy",), **more,
    )
"""
ONE_TASK = (
    ROW
    + """
@hookimpl
def harness_tasks():
    return [row("my/one")]
"""
)


def write(folder: Path, text: str, name: str = "mine.py") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def load(*files: str) -> Plugins:
    return load_plugins(files, entry_points=False)


def refusal(folder: Path, *texts: str) -> str:
    files = [write(folder, text, f"p{i}.py") for i, text in enumerate(texts)]
    with pytest.raises(PluginError) as caught:
        load(*files)
    return str(caught.value).replace(str(folder) + "/", "")


def install(folder: Path, name: str, code: str, distribution: str = "stranger") -> None:
    """Lay out an installed distribution with one plugin."""
    info = folder / f"{distribution}-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n"
    )
    (info / "entry_points.txt").write_text(f"[harness]\n{name} = {distribution}_code\n")
    (folder / f"{distribution}_code.py").write_text(code)


@pytest.fixture
def others() -> frozenset[str]:
    """Name what this environment has installed, to leave it out."""
    return frozenset(entry_points(group="harness").names)


def test_a_file_is_a_plugin(tmp_path: Path) -> None:
    assert list(load(write(tmp_path, ONE_TASK)).tasks) == ["my/one"]


def test_a_module_is_a_plugin() -> None:
    assert list(load("harness.builtin").executors) == ["in-process"]


def test_a_file_named_twice_loads_once(tmp_path: Path) -> None:
    file = write(tmp_path, ONE_TASK)
    assert len(load(file, file).infos) == 1


def test_an_installed_plugin_says_where_it_comes_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, others: frozenset[str]
) -> None:
    install(tmp_path, "odd", ONE_TASK)
    monkeypatch.syspath_prepend(str(tmp_path))
    (info,) = load_plugins(disabled=others).infos
    assert (info.name, info.distribution, info.version) == ("odd", "stranger", "1.2")
    assert info.origin == str(tmp_path / "stranger_code.py")
    assert info.hooks == ("harness_tasks",)


def test_an_installed_plugin_that_fails_is_named_with_its_switch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, others: frozenset[str]
) -> None:
    install(tmp_path, "odd", "x = 1\nimport not_there\n", "breaking")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(PluginError) as caught:
        load_plugins(disabled=others)
    assert str(caught.value) == (
        "plugin 'odd' of breaking 1.2 can't be loaded "
        f"({tmp_path}/breaking_code.py:2: ModuleNotFoundError: No module named "
        "'not_there'): mend or uninstall it, or set HARNESS_DISABLE_PLUGINS=odd"
    )


def test_the_switch_leaves_plugins_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, others: frozenset[str]
) -> None:
    install(tmp_path, "odd", "1 / 0", "disabled")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("HARNESS_DISABLE_PLUGINS", ", ".join({*others, "odd"}))
    assert load_plugins().infos == ()


def test_two_installed_plugins_of_one_name_are_refused_with_both_owners(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, others: frozenset[str]
) -> None:
    install(tmp_path, "odd", ONE_TASK, "former")
    install(tmp_path, "odd", ONE_TASK, "latter")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(PluginError, match="is taken once") as caught:
        load_plugins(disabled=others)
    assert "former 1.2" in str(caught.value)
    assert "latter 1.2" in str(caught.value)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "x = 1\nTaks\n",
            "plugin 'p0' of p0.py can't be loaded (p0.py:2: NameError: name 'Taks' is "
            "not defined): correct the file",
        ),
        (
            "x = 1\ndef f(:\n",
            "plugin 'p0' of p0.py can't be loaded (SyntaxError: invalid syntax "
            "(p0.py, line 2)): correct the file",
        ),
        (
            ROW + "row('one')",
            "plugin 'p0' of p0.py can't be loaded (p0.py:5: task id 'one' is not of "
            "the form suite/name or suite/name/variant: rename the task): correct the "
            "file",
        ),
        (
            "from harness import hookimpl\n@hookimpl\ndef harness_task():\n    return []",
            "plugin 'p0' of p0.py has the function harness_task, which is no hook (did "
            "you mean harness_tasks? ",
        ),
        (
            "def harness_taks():\n    return []",
            "plugin 'p0' of p0.py has the function harness_taks, which is no hook (did "
            "you mean harness_tasks? ",
        ),
        (
            "def harness_tasks():\n    return []",
            "plugin 'p0' of p0.py has the hook harness_tasks without the decorator "
            "@hookimpl: correct the file",
        ),
        (
            "from harness import hookimpl\n@hookimpl\ndef harness_tasks(x):\n    return []",
            "plugin 'p0' of p0.py can't be registered (Plugin 'p0' "
            "for hook 'harness_tasks' hookimpl definition: harness_tasks(x) "
            "Argument(s) {'x'} are declared in the hookimpl but can not be found in "
            "the hookspec): correct the file",
        ),
        (
            "from harness import hookimpl\n@hookimpl\ndef harness_tasks():\n    1 / 0",
            "plugin 'p0' of p0.py fails in harness_tasks (p0.py:4: ZeroDivisionError: "
            "division by zero): correct the file",
        ),
        (
            ROW + "@hookimpl\ndef harness_tasks():\n    return row('my/one')",
            "plugin 'p0' of p0.py returns Task from harness_tasks, expected a list of "
            "Task: correct the file",
        ),
        (
            "from harness import hookimpl\n@hookimpl\ndef harness_tasks():\n    pass",
            "plugin 'p0' of p0.py returns NoneType from harness_tasks, expected a list "
            "of Task: correct the file",
        ),
        (
            "from harness import hookimpl\n@hookimpl\n"
            "def harness_models():\n    return [3]",
            "plugin 'p0' of p0.py returns a list with 3 from harness_models, expected "
            "ModelEntry or PredictorEntry: correct the file",
        ),
        (
            ROW + "@hookimpl\ndef harness_tasks():\n    return [row('a/b')] * 2",
            "plugin 'p0' of p0.py registers the task 'a/b' twice: correct the file",
        ),
        (
            ROW + "@hookimpl\ndef harness_tasks():\n"
            "    return [row('a/bc', trained_on='a/bd')]",
            "plugin 'p0' of p0.py has the task 'a/bc', which names an unknown task "
            "'a/bd': did you mean a/bc? 'harness list tasks' shows all: correct the "
            "file",
        ),
        (
            ROW + "@hookimpl\ndef harness_benchmarks():\n"
            "    return [Benchmark(id='b', title='B', tasks=('z/z',), groups=())]",
            "plugin 'p0' of p0.py has the benchmark 'b', which names an unknown task "
            "'z/z': 'harness list tasks' shows all: correct the file",
        ),
        (
            ROW + "@hookimpl\ndef harness_benchmarks():\n"
            "    return [Benchmark(id='b', title='B', tasks=(), groups=(('z/z',),))]",
            "plugin 'p0' of p0.py has the benchmark 'b', which names an unknown task "
            "'z/z': 'harness list tasks' shows all: correct the file",
        ),
    ],
)
def test_a_wrong_plugin_is_named_with_place_and_cause(
    tmp_path: Path, code: str, message: str
) -> None:
    assert refusal(tmp_path, code).startswith(message)


def test_a_name_registered_by_two_plugins_names_both(tmp_path: Path) -> None:
    assert refusal(tmp_path, ONE_TASK, ONE_TASK) == (
        "plugin 'p1' of p1.py registers the task 'my/one', which plugin 'p0' of p0.py "
        "has registered already: correct the file"
    )


def test_a_plugin_file_that_is_not_there_is_named() -> None:
    with pytest.raises(PluginError, match=r"there is no plugin file 'gone\.py'"):
        load("gone.py")


def test_a_module_that_is_not_there_is_named() -> None:
    with pytest.raises(PluginError, match="No module named 'gone_module'"):
        load("gone_module")


def test_an_event_reaches_every_plugin(tmp_path: Path) -> None:
    listener = (
        "from harness import hookimpl\nheard = []\n@hookimpl\n"
        "def harness_run_finished(event):\n    return event"
    )
    plugins = load(*(write(tmp_path, listener, f"{name}.py") for name in "ab"))
    assert plugins.hook.harness_run_finished(event="over") == ["over", "over"]


def test_a_listener_hears_what_plugins_hear() -> None:
    class Listener:
        @hookimpl
        def harness_run_finished(self, event: object) -> object:
            return event

    plugins = load()
    plugins.listen(Listener())
    assert plugins.hook.harness_run_finished(event="over") == ["over"]
