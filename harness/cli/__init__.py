"""The command line: thin commands, registered on one app.

A command is a function in a module of its own: it reads its options, calls the
library and prints. Heavy libraries load inside the functions, so that help and
lists start in a blink.
"""

from __future__ import annotations

import signal
import sys
from typing import Annotated

import typer

from harness.cli import check as checking
from harness.cli import convert as converting
from harness.cli import export as exporting
from harness.cli import fetch as fetching
from harness.cli import run as running
from harness.cli import score as scoring
from harness.cli import submit as submitting
from harness.cli import train as training
from harness.cli import verify as verifying
from harness.cli.doctor import doctor
from harness.cli.leaderboard import leaderboard
from harness.cli.listing import list_entries
from harness.cli.planning import plan
from harness.cli.show import show
from harness.collecting import leave_uncollected
from harness.errors import HarnessError

# \b keeps the lines as they are.
EPILOG = """\b
Examples:
  harness list tasks        what can be run
  harness show glue/sst2    what a model will be asked
  harness doctor            whether this machine is ready
  harness run --model bert:tiny --model majority: --task glue/sst2 \\
      --regime finetune:full --data sample
"""

app = typer.Typer(
    help="Run, fine-tune and compare text models, and publish the leaderboard.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich doubles the time that --help takes
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(
    "run",
    short_help="Run models on tasks and write the page.",
    epilog=running.EPILOG,
)(running.run)
app.command("plan", short_help="Check a suite and show its cells.")(plan)
app.command("leaderboard", short_help="Write the page again from a store.")(leaderboard)
app.command("list", short_help="Show what is registered.")(list_entries)
app.command("show", short_help="Show how a task is asked.")(show)
app.command(
    "convert",
    epilog=converting.EPILOG,
    short_help="Turn a pickle or GGUF into safetensors.",
)(converting.convert)
app.add_typer(
    checking.check, name="check", short_help="Check whether models can be trusted."
)
app.command(
    "score",
    epilog=scoring.EPILOG,
    short_help="Score a file of predictions, no model needed.",
)(scoring.score)
app.command(
    "train",
    epilog=training.EPILOG,
    short_help="Train a model on plain text.",
)(training.train)
app.command(
    "fetch",
    epilog=fetching.EPILOG,
    short_help="Bring data and weights here, to run offline.",
)(fetching.fetch)
app.command(
    "submit",
    epilog=submitting.EPILOG,
    short_help="Write a benchmark's official submission.",
)(submitting.submit)
app.command(
    "verify",
    epilog=verifying.EPILOG,
    short_help="Compare our metrics with the official scorers.",
)(verifying.verify)
app.add_typer(
    exporting.export, name="export", short_help="Write a model for other programs."
)
app.command("doctor", short_help="Check whether this machine is ready.")(doctor)


_INTERRUPTED = (128 + signal.SIGINT, 128 + signal.SIGTERM)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        from harness import __version__

        print(f"harness {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Print the version and exit.",
            callback=_print_version,
            is_eager=True,
        ),
    ] = False,
) -> None:
    """Take the options that stand before a command."""


def main() -> None:
    """Run the command line; a user's mistake is one line on stderr and exit code 2.

    A scheduler's SIGTERM ends it as an interrupt does, so that scratch files go.
    """
    leave_uncollected()
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        app()
    except HarnessError as error:
        message = " ".join(str(error).splitlines())
        print(f"error: {message}", file=sys.stderr)
        sys.exit(2)
    except SystemExit as end:
        if end.code in _INTERRUPTED and sys.argv[1:2] == ["run"]:
            print(
                "interrupted: the same command goes on from what is done",
                file=sys.stderr,
            )
        raise
