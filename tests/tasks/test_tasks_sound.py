"""The lint finds nothing wrong with any task on its own sample."""

from __future__ import annotations

from functools import cache

import pytest

from harness.lint import check_one
from harness.plan.split_reader import SplitReader
from harness.plugins import Plugins, load_plugins


@cache
def plugins() -> Plugins:
    return load_plugins()


# one year stands for WMT, whose pairs differ in nothing but their languages; so do the
# rows of XQuAD and of MLQA
@pytest.mark.slow
@pytest.mark.parametrize(
    "prefix",
    [
        *("glue", "superglue", "squad", "wmt/wmt23", "codexglue", "text"),
        *("xquad/th", "mlqa/zh-en"),
    ],
)
def test_nothing_is_wrong_with_a_task(prefix: str) -> None:
    failed = {
        (task.id, check.name): check.text
        for task in plugins().find_tasks(prefix)
        for check in check_one(
            task, plugins(), SplitReader(plugins().data_sources), "sample"
        )
        if check.status == "FAIL"
    }
    assert failed == {}
