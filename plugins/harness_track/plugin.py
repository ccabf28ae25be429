"""The trackers, registered. Light: their libraries load when a run starts."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from harness import TrackerEntry, UsageError, hookimpl


def make_tensorboard(place: str) -> object:
    """Make the TensorBoard listener of a folder.

    Raises:
        UsageError: the library is missing, or a file stands in the folder's place.
    """
    _need("tensorboard", "tensorboard")
    if Path(place).exists() and not Path(place).is_dir():
        raise UsageError(
            f"the tracker's place {place} is a file, expected a folder: name another "
            "with --track tensorboard:FOLDER"
        )
    from harness_track.tensorboard import TensorBoard

    return TensorBoard(Path(place))


def make_mlflow(place: str) -> object:
    """Make the MLflow listener of a tracking URI.

    Raises:
        UsageError: the library is missing, or the place is no URI.
    """
    _need("mlflow", "mlflow")
    if ":" not in place:
        raise UsageError(
            f"the tracker's place {place!r} is no URI, expected a server or a database "
            "such as http://localhost:5000 or sqlite:///runs/mlflow.db: write --track "
            "mlflow:URI"
        )
    from harness_track.mlflow import Mlflow

    return Mlflow(place)


def _need(module: str, tracker: str) -> None:
    if find_spec(module) is None:
        raise UsageError(
            f"the tracker {tracker} needs the library {module}, which is not "
            "installed: pip install 'nlp-harness[track]', or leave --track out"
        )


@hookimpl
def harness_trackers() -> Sequence[TrackerEntry]:
    """Register the experiment trackers."""
    return [
        TrackerEntry(
            name="tensorboard",
            summary="training curves and scores as TensorBoard files",
            place="runs/tensorboard",
            make=make_tensorboard,
        ),
        TrackerEntry(
            name="mlflow",
            summary="training curves, settings and scores on an MLflow server",
            place="sqlite:///runs/mlflow.db",
            make=make_mlflow,
        ),
    ]
