"""What may stand behind a metric's name, checked when the metric is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.errors import PluginError

Labels = tuple[str, ...]
Options = Mapping[str, str]


def check_options(metric: str, options: Options, *known: str) -> None:
    """Refuse options that a metric does not have.

    Raises:
        PluginError: an option is unknown.
    """
    for option in options:
        if option not in known:
            raise PluginError(
                f"metric {metric} has no option {option!r}, expected "
                f"{' or '.join(known) or 'none'}: correct the task's metrics"
            )


def check_labels(metric: str, labels: Labels) -> None:
    """Refuse a task without label names.

    Raises:
        PluginError: there is none.
    """
    if not labels:
        raise PluginError(
            f"metric {metric} scores label names and the task has none: choose another "
            "metric for the task"
        )


def read_choice(
    metric: str, options: Options, option: str, choices: Sequence[str]
) -> str:
    """Return an option's value, the first of its choices where it is not given.

    Raises:
        PluginError: it is none of the choices.
    """
    value = options.get(option, choices[0])
    if value not in choices:
        raise PluginError(
            f"metric {metric} has the option {option}={value}, expected one of "
            f"{', '.join(choices)}: correct the task's metrics"
        )
    return value
