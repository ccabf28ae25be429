"""A plugin: the choices of a file of items as a task, worded as they are."""

from __future__ import annotations

from collections.abc import Sequence

from harness import Data, MultipleChoice, Prompt, Task, hookimpl


@hookimpl
def harness_tasks() -> Sequence[Task]:
    """Register the task."""
    return [
        Task(
            id="bench/choices",
            title="Choices",
            summary="which choice goes on after the context",
            data=Data(
                hub=None, folder="choices", train=None, submit=None, id_column=None
            ),
            problem=MultipleChoice(
                inputs=("context",), choices="choices", context="{context}"
            ),
            metrics=("accuracy",),
            prompts={"plain": Prompt(text="{context}", delimiter="", answers={})},
        )
    ]
