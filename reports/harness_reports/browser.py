"""Drive Chromium over its DevTools pipe: open a page, look at it, press its buttons.

Only what screenshots and the page's own tests need. Chromium speaks JSON messages that
end in a zero byte, reads them from file descriptor 3 and writes them to 4
(``--remote-debugging-pipe``).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from harness import UsageError

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_FLAGS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--no-first-run",
)


def find_browser() -> str:
    """Return the path of the first Chromium on the search path.

    Raises:
        UsageError: there is none.
    """
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return found
    raise UsageError(
        f"no browser on the search path, expected one of {', '.join(NAMES)}: install "
        "chromium"
    )


class Browser:
    """A headless Chromium with one page. A context manager: leaving it ends both.

    Attributes:
        events: every message that was no answer, in order of arrival: requests,
            console lines, violations of the content-security policy.
    """

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self._number = 0
        self._buffer = b""
        self._session: str | None = None

    def __enter__(self) -> Browser:
        program = find_browser()
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        read_commands, self._commands = os.pipe()
        self._answers, write_answers = os.pipe()
        flags = [*_FLAGS, f"--user-data-dir={self._profile.name}", "about:blank"]
        # the shell puts the pipes where Chromium expects them: 3 and 4
        script = f'exec "$0" "$@" 3<&{read_commands} 4>&{write_answers}'
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", script, program, *flags],
            pass_fds=(read_commands, write_answers),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(read_commands)
        os.close(write_answers)
        try:
            self._attach()
        except UsageError:
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def _close(self) -> None:
        os.close(self._commands)
        os.close(self._answers)
        self._process.terminate()
        self._process.wait()
        self._profile.cleanup()

    def _attach(self) -> None:
        targets = self.command("Target.getTargets")["targetInfos"]
        page = next(target for target in targets if target["type"] == "page")
        found = self.command(
            "Target.attachToTarget", targetId=page["targetId"], flatten=True
        )
        self._session = found["sessionId"]
        self.command("Emulation.setFocusEmulationEnabled", enabled=True)
        for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
            self.command(f"{domain}.enable")

    def command(self, method: str, /, **parameters: object) -> dict[str, Any]:
        """Send a DevTools command and return its result.

        Raises:
            UsageError: the browser refused the command or ended.
        """
        self._number += 1
        message: dict[str, object] = {"id": self._number, "method": method}
        message["params"] = parameters
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            found = self._read()
            if found.get("id") != self._number:
                self.events.append(found)
                continue
            if "error" in found:
                reason = found["error"]["message"]
                raise UsageError(f"the browser refused {method}: {reason}")
            result: dict[str, Any] = found["result"]
            return result

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            piece = os.read(self._answers, 1 << 20)
            if not piece:
                raise UsageError("the browser ended before it answered: start it again")
            self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message

    def open(self, page: Path, fragment: str = "") -> None:
        """Open a page from disk, with a state in its address, and wait for it."""
        address = page.resolve().as_uri() + fragment
        self.command("Page.navigate", url="about:blank")
        self.command("Page.navigate", url=address)
        while self.evaluate("location.href === 'about:blank'"):
            pass
        loaded = (
            "new Promise(done => document.readyState === 'complete' ? done(1) "
            ": addEventListener('load', () => done(1)))"
        )
        self.evaluate(loaded)

    def evaluate(self, expression: str) -> Any:  # noqa: ANN401 # whatever the page says
        """Return the value of a JavaScript expression in the page.

        Raises:
            UsageError: the expression threw.
        """
        found = self.command(
            "Runtime.evaluate",
            expression=expression,
            returnByValue=True,
            awaitPromise=True,
        )
        if "exceptionDetails" in found:
            reason = found["exceptionDetails"]["exception"].get("description", "")
            raise UsageError(f"the page's script failed at {expression!r}: {reason}")
        return found["result"].get("value")

    def resize(self, width: int, height: int, *, scale: float = 1.0) -> None:
        """Give the window a size in CSS pixels."""
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=False,
        )

    def prefer(self, media: str = "", **features: str) -> None:
        """Prefer a medium (``print``) or features (``prefers_color_scheme="dark"``)."""
        wanted: list[Mapping[str, str]] = [
            {"name": name.replace("_", "-"), "value": value}
            for name, value in features.items()
        ]
        self.command("Emulation.setEmulatedMedia", media=media, features=wanted)
