"""Read splits from the Hub in a process of its own, as a user's would.

The Hub's libraries read their environment once, when they are imported. The cases
come as JSON on standard input: path, config, revision, split and source argument.
One line of JSON goes to standard output for each split that was read; an error goes
to standard error as one line, as the command line prints it, and the exit code is 2.
"""

from __future__ import annotations

import json
import sys
from functools import cache

from harness import Classification, Data, HarnessError, HubData, Task
from harness.data import load_split
from harness.data.hub import HubSource, open_hub


@cache
def source(argument: str) -> HubSource:
    return open_hub(argument)


def read(
    path: str, config: str | None, revision: str | None, split: str, argument: str = ""
) -> dict[str, object]:
    task = Task(
        id="my/pairs",
        title="Pairs",
        summary="are two texts alike",
        data=Data(hub=HubData(path=path, config=config, revision=revision), folder=""),
        problem=Classification(inputs=("left", "right"), labels=("no", "yes")),
        metrics=("accuracy",),
    )
    read = load_split(task, source(argument), split)
    return {
        "origin": read.origin,
        "content_hash": read.content_hash,
        "ids": [example.id for example in read],
        "targets": [example.target for example in read],
        "lefts": [example.columns["left"] for example in read],
    }


def main() -> int:
    code = 0
    for case in json.load(sys.stdin):
        try:
            print(json.dumps(read(*case)), flush=True)
        except HarnessError as error:
            print(error, file=sys.stderr, flush=True)
            code = 2
    return code


if __name__ == "__main__":
    sys.exit(main())
