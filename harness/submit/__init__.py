"""From stored predictions to a benchmark's submission, checked before it is written."""

from harness.submit.collect import collect
from harness.submit.files import Submission, TaskFile
from harness.submit.writing import Written, write

__all__ = ["Submission", "TaskFile", "Written", "collect", "write"]
