"""Headless Chromium, driven over its debugging pipe: pages are loaded, drawn, asked and photographed; no network.

What the console or the page itself complains of is kept: a page that works says nothing.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tools

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-lcd-text",
    "--disable-sync",
    "--font-render-hinting=none",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-first-run",
    "--remote-debugging-pipe",
)
SECONDS = 60
COMPLAINTS = {"error", "warning", "assert"}


@dataclass
class Page:
    """One tab. `complaints` are what it said to its console, and what it failed to load."""

    pipe: _Pipe
    session: str
    complaints: list[str] = field(default_factory=list)

    def open(
        self, place: Path, width: int, *, dark: bool = False, paper: bool = False, scripts: bool = True
    ) -> None:
        """Load a file at this width in CSS pixels, and wait until it and its scripts are done."""
        self.complaints.clear()
        self.ask("Emulation.setScriptExecutionDisabled", value=not scripts)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", media="print" if paper else "", features=[scheme])
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 600
        )
        self.pipe.loaded.discard(self.session)
        self.ask("Page.navigate", url=place.as_uri())
        self.pipe.wait_for_load(self.session)
        self.evaluate("window.ready")

    def evaluate(self, script: str) -> Any:
        """The value of an expression in the page; a promise is waited for."""
        answer = self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise tools.ToolFailed(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def picture(self) -> bytes:
        """The whole page as PNG, cut to the height of what it holds."""
        size = self.evaluate("[document.documentElement.clientWidth, document.body.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1}
        answer = self.ask("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        return base64.b64decode(answer["data"])

    def ask(self, method: str, **parameters: object) -> dict[str, Any]:
        return self.pipe.ask(method, parameters, self.session)


class _Pipe:
    """Chromium's messages: JSON, each ended by a zero byte."""

    def __init__(self, write: int, read: int) -> None:
        self._write, self._read = write, read
        self._left = b""
        self._number = 0
        self.loaded: set[str] = set()
        self.pages: dict[str, Page] = {}

    def ask(self, method: str, parameters: dict[str, object], session: str | None = None) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        os.write(self._write, json.dumps(message | ({"sessionId": session} if session else {})).encode() + b"\0")
        while (answer := self._next()).get("id") != self._number:
            self._hear(answer)
        if "error" in answer:
            raise tools.ToolFailed(f"{method}: {answer['error']}")
        result: dict[str, Any] = answer["result"]
        return result

    def wait_for_load(self, session: str) -> None:
        while session not in self.loaded:
            self._hear(self._next())

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._left:
            part = os.read(self._read, 1 << 20)
            if not part:
                raise tools.ToolFailed("chromium ended")
            self._left += part
        message, _, self._left = self._left.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer

    def _hear(self, event: dict[str, Any]) -> None:
        session, said = event.get("sessionId", ""), event.get("params", {})
        page = self.pages.get(session)
        if page is None:
            return
        match event.get("method"):
            case "Page.loadEventFired":
                self.loaded.add(session)
            case "Runtime.consoleAPICalled" if said["type"] in COMPLAINTS:
                page.complaints.append(" ".join(str(one.get("value", one)) for one in said["args"]))
            case "Runtime.exceptionThrown":
                page.complaints.append(said["exceptionDetails"].get("text", "an exception"))
            case "Log.entryAdded" if said["entry"]["level"] in COMPLAINTS:
                page.complaints.append(said["entry"]["text"])


@contextmanager
def browser(home: Path) -> Iterator[Page]:
    """One tab of a new Chromium that keeps everything in `home`; skips the test where there is none."""
    tools.need("chromium")
    theirs_read, ours_write = os.pipe()
    ours_read, theirs_write = os.pipe()
    command = ["chromium", *FLAGS, f"--user-data-dir={home / 'profile'}", "about:blank"]

    def as_three_and_four() -> None:
        high = [os.dup2(theirs_read, 103), os.dup2(theirs_write, 104)]
        os.dup2(high[0], 3, inheritable=True)
        os.dup2(high[1], 4, inheritable=True)

    with (home / "chromium.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            preexec_fn=as_three_and_four,  # noqa: PLW1509 - it only moves file descriptors
            close_fds=False,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=os.environ | {"HOME": str(home)},
        )
    os.close(theirs_read)
    os.close(theirs_write)
    try:
        yield _tab(_Pipe(ours_write, ours_read))
    finally:
        os.close(ours_write)
        os.close(ours_read)
        _end(process)


def _tab(pipe: _Pipe) -> Page:
    target = pipe.ask("Target.createTarget", {"url": "about:blank"})["targetId"]
    session = pipe.ask("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
    page = pipe.pages[session] = Page(pipe, session)
    for domain in ("Page", "Runtime", "Log"):
        page.ask(f"{domain}.enable")
    return page


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
