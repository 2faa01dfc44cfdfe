"""Server processes on this machine: found by their command lines, started on a leash, stopped for certain."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

from cdml.core import serialize
from cdml.core.errors import ExternalError
from cdml.core.files import write
from cdml.core.http import request_json
from cdml.core.process import TAIL_LINES
from cdml.core.release import Bundle
from cdml.serving.place import DRAIN_SECONDS, GO, LIVE, MODULE, Place, command, control_name
from cdml.serving.server import GRACEFUL_SECONDS
from cdml.serving.sockets import HANDOVER_SECONDS, LOOPBACK, bound

LOGS = "logs"
START_SECONDS = 60.0
STOP_SECONDS = GRACEFUL_SECONDS + DRAIN_SECONDS + 5
ASK_SECONDS = 2.0
# A server that outlives its job must hold none of the job's tokens, and nothing by which a CI runner finds
# and ends what a job has left behind.
PASSED_ON = {"PATH", "HOME", "LANG", "TZ", "TMPDIR", "USER", "LOGNAME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"}
PASSED_ON_PREFIXES = ("LC_", "OMP_", "OPENBLAS_", "MKL_", "CUDA_", "PYTHON")


@dataclass(frozen=True)
class Running:
    """A server process of ours and where it was told to listen."""

    pid: int
    create_time: float
    host: str
    port: int

    def offers(self, home: Path) -> bool:
        """Whether it can be asked for its public socket."""
        return (home / control_name(self.pid)).exists()


def running(home: Path) -> list[Running]:
    """The servers that were started for `home`, whatever files say."""
    import psutil

    found = []
    for process in psutil.process_iter(["cmdline", "create_time"]):
        place = _place(process.info["cmdline"] or [], home)
        if place is not None:
            found.append(Running(process.pid, process.info["create_time"], *place))
    return found


def _place(words: Sequence[str], home: Path) -> tuple[str, int] | None:
    if MODULE not in words or "--home" not in words:
        return None
    values = dict(pairwise(words))
    return (values["--host"], int(values["--port"])) if values["--home"] == str(home) else None


def create_time(pid: int) -> float:
    """When a process began, which tells it from a later one of the same number. Raises ExternalError."""
    import psutil

    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        raise ExternalError("the new server ended as soon as it served", "cdml deploy again") from None


def stop(servers: Sequence[Running]) -> None:
    """End servers and their workers: asked first, then killed. Raises ExternalError where that is not allowed."""
    import psutil

    families: dict[psutil.Process, list[psutil.Process]] = {}
    try:
        for server in servers:
            with contextlib.suppress(psutil.NoSuchProcess):
                process = psutil.Process(server.pid)
                if process.create_time() == server.create_time:
                    families[process] = process.children(recursive=True)
                    process.terminate()
        _, alive = psutil.wait_procs(list(families), timeout=STOP_SECONDS)
        for process in [member for one in alive for member in (one, *families[one])]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(alive, timeout=ASK_SECONDS)
    except psutil.AccessDenied as error:
        raise ExternalError(f"process {error.pid} belongs to another user and cannot be stopped") from None


class Server:
    """A server under way: healthy at its private port, not yet at the public one."""

    def __init__(self, process: subprocess.Popen[bytes], leash: socket.socket, port: int, log: Path) -> None:
        self._process = process
        self._leash = leash
        self._url = f"http://{LOOPBACK}:{port}"
        self._log = log
        self.pid = process.pid

    def await_health(self, bundle: Bundle) -> None:
        """Wait until it is ready and says that it is the bundle. Raises ExternalError with the end of its log."""
        deadline = time.monotonic() + START_SECONDS
        while self._ask("/health/ready")[0] != 200:
            if self._process.poll() is not None:
                raise ExternalError(f"the server of {_name(bundle)} did not start:\n{self._tail()}")
            if time.monotonic() > deadline:
                raise ExternalError(
                    f"the server of {_name(bundle)} was not ready within {START_SECONDS:.0f} s:\n{self._tail()}"
                )
            time.sleep(0.05)
        _, said = self._ask("/version")
        if (said.get("version"), said.get("sha256")) != (bundle.version, bundle.artifact.sha256):
            raise ExternalError(f"the server that was started for {_name(bundle)} says that it is another: {said}")

    def go_live(self) -> None:
        """Let it answer at the public port. Raises ExternalError with the end of its log."""
        self._leash.settimeout(HANDOVER_SECONDS + 5)
        try:
            self._leash.sendall(GO)
            live = self._leash.recv(1) == LIVE
        except OSError:
            live = False
        if not live:
            with contextlib.suppress(subprocess.TimeoutExpired):  # its last words come before its end
                self._process.wait(ASK_SECONDS)
            raise ExternalError(f"the new server could not take the port:\n{self._tail()}")

    def _ask(self, path: str) -> tuple[int, dict[str, object]]:
        try:
            status, said = request_json("GET", self._url + path, timeout=ASK_SECONDS)
        except ExternalError:
            return 0, {}
        return status, said if isinstance(said, dict) else {}

    def _tail(self) -> str:
        return "\n".join(self._log.read_text("utf-8", "replace").splitlines()[-TAIL_LINES:])


@dataclass(frozen=True)
class Start:
    """A server to be started for `bundle` at `host`:`port`, where it relieves `before` (None: nobody)."""

    home: Path
    bundle: Bundle
    host: str
    port: int
    before: Running | None

    @contextlib.contextmanager
    def healthy(self) -> Iterator[Server]:
        """The server, healthy; whatever goes wrong before the end of the block ends its process too."""
        ours, theirs = socket.socketpair()
        with ours:
            with theirs, bound(LOOPBACK, 0) as private:
                port = private.getsockname()[1]
                process, log = self._spawn(private, theirs)
            try:
                server = Server(process, ours, port, log)
                server.await_health(self.bundle)
                yield server
            except BaseException:
                _end(process)
                raise

    def _spawn(self, private: socket.socket, leash: socket.socket) -> tuple[subprocess.Popen[bytes], Path]:
        folder = self.bundle.file.parent
        told = folder / "bundle.json"
        write(told, serialize.dump({**asdict(self.bundle), **_paths(self.bundle)}))
        before = self.before.pid if self.before else None
        place = Place(self.host, self.port, private.fileno(), leash.fileno(), before)
        log = self.home / LOGS / f"{folder.name}.log"
        log.parent.mkdir(exist_ok=True)
        # A new file for each start: its end is this process's last words, and an older server keeps its own.
        log.unlink(missing_ok=True)
        with log.open("ab") as file:
            process = subprocess.Popen(
                command(self.home, told, place),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                cwd=self.home,
                env=_environment(),
                pass_fds=(private.fileno(), leash.fileno()),
                start_new_session=True,
            )
        return process, log


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process that was not to be, with its worker; nobody waits for its answers."""
    import psutil

    family = []
    with contextlib.suppress(psutil.NoSuchProcess):
        family = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    for member in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    psutil.wait_procs(family, timeout=ASK_SECONDS)


def _environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if k in PASSED_ON or k.startswith(PASSED_ON_PREFIXES)}


def _paths(bundle: Bundle) -> dict[str, str]:
    return {"file": str(bundle.file), "python": str(bundle.python.absolute())}


def _name(bundle: Bundle) -> str:
    return f"{bundle.model}@{bundle.version}"
