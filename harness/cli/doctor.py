"""`harness doctor`: whether this machine is ready."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from harness.cli.options import DEFAULT_STORE, PluginOption, StoreOption


def doctor(
    store: StoreOption = DEFAULT_STORE,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not try to reach the Hub.")
    ] = False,
    plugin: PluginOption = None,
) -> None:
    """Check Python, libraries, devices, memory, plugins, store and the Hub.

    The exit code is 1 where something is missing that every run needs.
    """
    from harness import checkup

    findings = [
        *checkup.check_machine(),
        *checkup.check_libraries(),
        *checkup.check_plugins(plugin or ()),
        checkup.check_store(store),
        checkup.check_hub(is_asked=not offline),
    ]
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        mark = "ok  " if finding.is_fine else "FAIL" if finding.is_needed else "note"
        print(f"{mark}  {finding.name.ljust(width)}  {finding.text}")
    if any(finding.is_needed and not finding.is_fine for finding in findings):
        sys.exit(1)
