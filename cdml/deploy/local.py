"""Target `local`: a server on this machine, as a managed background process.

The new server is healthy at a private port before it shares the old one's public socket, and the old one goes only
then; no request is lost, and a server that does not start changes nothing.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from cdml.core import serialize
from cdml.core.errors import ConfigError, ExternalError, RefusedError
from cdml.core.files import digest, write
from cdml.core.http import request_json
from cdml.core.release import Bundle, Deployment
from cdml.deploy import local_process
from cdml.deploy.local_process import Running
from cdml.serving.server import require_server
from cdml.serving.sockets import bound, reachable

LOCK_SECONDS = 120.0
ASK_SECONDS = 3.0
# The same start of a process may read differently after the machine's clock was set.
CLOCK_SECONDS = 2.0


class LocalOptions(BaseModel):
    """`deploy: {target: local, port: 8081}` in mlops.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    port: int = Field(ge=1, le=65535, strict=True, description="The port where the model answers.")
    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="The address to listen at; 0.0.0.0 is every one of this machine.",
    )


@dataclass(frozen=True)
class Recorded:
    """`server.json`: which process serves what. `bundle` is the digest of all that it was started with."""

    pid: int
    create_time: float
    host: str
    port: int
    version: str
    sha256: str
    bundle: str


class LocalTarget:
    """One model's server of one environment on this machine; all that it keeps is under `state`."""

    def __init__(self, environment: str, model: str, options: LocalOptions, state: Path) -> None:
        self.environment = environment
        self.model = model
        self.options = options
        # Names may hold slashes; a folder of their own keeps `a/b` + `c` apart from `a` + `b/c`.
        self.home = state.resolve() / quote(model, safe="") / quote(environment, safe="")

    @property
    def url(self) -> str:
        """Where the model answers, as this machine reaches it."""
        return f"http://{reachable(self.options.host)}:{self.options.port}"

    def plan(self, bundle: Bundle) -> tuple[str, ...]:
        """What `deploy` would do, in a sentence."""
        new = f"{bundle.model}@{bundle.version}"
        now = self.current()
        if now is None:
            return (f"start {new} at {self.url}",)
        if (now.version, now.sha256) == (bundle.version, bundle.artifact.sha256):
            return (f"nothing: {self.url} serves {new} already",)
        return (f"replace {now.model}@{now.version} by {new} at {self.url}",)

    def current(self) -> Deployment | None:
        """What answers at the port, by its own word; None where nothing does, or nothing of this environment."""
        try:
            status, said = request_json("GET", f"{self.url}/version", timeout=ASK_SECONDS)
        except ExternalError:
            return None
        if status != 200 or not isinstance(said, dict):
            return None
        if (said.get("model"), said.get("environment")) != (self.model, self.environment):
            return None
        facts = {name: str(said.get(name, "")) for name in ("version", "sha256", "commit")}
        return Deployment(self.model, self.environment, url=self.url, **facts)

    def deploy(self, bundle: Bundle) -> Deployment:
        """Serve a bundle; see `Target.deploy`. Waits for another deployment of the same place to end."""
        require_server()
        with self._lock():
            live = local_process.running(self.home)
            now = self.current()
            if now is not None and self._unchanged(bundle, live):
                return now
            if not any(self._is_here(server) for server in live):
                bound(self.options.host, self.options.port).close()
            self._switch(bundle, live, answering=now is not None)
            deployed = self.current()
        if deployed is None or deployed.sha256 != bundle.artifact.sha256:
            raise ExternalError(f"{self.url} does not answer as {bundle.model}@{bundle.version}", "cdml status")
        return deployed

    def remove(self) -> None:
        """Stop every server of this place; requests under way are finished."""
        with self._lock():
            local_process.stop(local_process.running(self.home))
            (self.home / "server.json").unlink(missing_ok=True)

    def _switch(self, bundle: Bundle, live: list[Running], *, answering: bool) -> None:
        """Start the new server, bring it to the port, write down that it serves, and stop the others."""
        placed = self._placed(bundle)
        # Only a server that answers can hand over its port; a hung one is stopped once the new one is healthy.
        before = next((s for s in live if answering and self._is_here(s) and s.offers(self.home)), None)
        start = local_process.Start(self.home, placed, self.options.host, self.options.port, before)
        with start.healthy() as server:
            if before is None:
                local_process.stop([s for s in live if self._is_here(s)])
            server.go_live()
            write(self.home / "server.json", serialize.dump(self._record(bundle, server.pid)))
        local_process.stop(live)
        self._tidy(placed.file.parent, server.pid)

    def _is_here(self, server: Running) -> bool:
        return (server.host, server.port) == (self.options.host, self.options.port)

    def _record(self, bundle: Bundle, pid: int) -> Recorded:
        return Recorded(
            pid,
            local_process.create_time(pid),
            self.options.host,
            self.options.port,
            bundle.version,
            bundle.artifact.sha256,
            _identity(bundle),
        )

    def _unchanged(self, bundle: Bundle, live: list[Running]) -> bool:
        """Whether exactly this runs already, alone and healthy."""
        try:
            recorded = serialize.load(Recorded, (self.home / "server.json").read_bytes(), "server.json")
        except (OSError, ConfigError):
            return False
        if recorded.bundle != _identity(bundle) or len(live) != 1 or not self._is_here(live[0]):
            return False
        same = live[0].pid == recorded.pid and abs(live[0].create_time - recorded.create_time) < CLOCK_SECONDS
        return same and request_json("GET", f"{self.url}/health/ready", timeout=ASK_SECONDS)[0] == 200

    def _placed(self, bundle: Bundle) -> Bundle:
        """The bundle with its file copied here and verified. Raises RefusedError where the bytes differ."""
        new = Path(tempfile.mkdtemp(dir=self.home, prefix=".new-"))
        try:
            # The name comes from outside; its suffix is all that the loader needs.
            file = new / f"model{Path(bundle.artifact.path).suffix}"
            _copy(bundle.file, file)
            found = digest(file)
            if (found.sha256, found.size) != (bundle.artifact.sha256, bundle.artifact.size):
                raise RefusedError(
                    f"{bundle.model}@{bundle.version} is not what was reviewed: sha256 {found.sha256[:12]}… of "
                    f"{found.size} bytes, not {bundle.artifact.sha256[:12]}… of {bundle.artifact.size}",
                    "nothing was deployed; cdml registry show names the digest that was registered",
                )
            folder = self.home / f"{quote(bundle.version, safe='+')}-{found.sha256[:12]}"
            if not (folder / file.name).exists() or digest(folder / file.name) != found:
                shutil.rmtree(folder, ignore_errors=True)
                new.rename(folder)
        finally:
            shutil.rmtree(new, ignore_errors=True)
        return replace(bundle, file=folder / file.name)

    def _tidy(self, kept: Path, pid: int) -> None:
        """Leave the one release that is served, and the logs."""
        for path in self.home.iterdir():
            if path.is_dir() and path not in (kept, self.home / local_process.LOGS):
                shutil.rmtree(path, ignore_errors=True)
            elif path.suffix == ".sock" and path.stem != str(pid):
                path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        """One deployment at a time; the system lets go of the lock when its process ends, however it ends."""
        import fcntl

        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        deadline = time.monotonic() + LOCK_SECONDS
        with (self.home / "lock").open("w") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise ExternalError(
                            f"another deployment of {self.model} to {self.environment} is still under way",
                            "try again when it has ended",
                        ) from None
                    time.sleep(0.05)
            yield


def _copy(source: Path, to: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, to)
    else:
        shutil.copyfile(source, to)


def _identity(bundle: Bundle) -> str:
    """The digest of all that decides how a bundle is served; where its file came from does not."""
    return serialize.digest({**asdict(bundle), "file": "", "python": str(bundle.python.absolute())})
