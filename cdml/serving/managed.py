"""A server process that a deployment starts, brings to its public port, and sends away again.

It first answers at a private port. Told to through its leash (a socket of whoever started it) it takes the public
port: from the server before it, or afresh. It ends when the leash breaks before that, so that an interrupted
deployment leaves no process; and at SIGTERM, after everything that it had accepted is answered.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cdml.core.errors import CdmlError, Exit, ExternalError
from cdml.core.release import Bundle
from cdml.core.serialize import load
from cdml.serving.model import ServedModel
from cdml.serving.place import DRAIN_SECONDS, GO, LIVE, Place, control_name
from cdml.serving.sockets import bound, hand_over, offered, taken_over

if TYPE_CHECKING:
    import uvicorn


class Draining:
    """ASGI middleware that, once `on`, asks every client to close its connection after the answer."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.on = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request."""

        async def closing(message: Any) -> None:
            if self.on and message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), (b"connection", b"close")]
            await send(message)

        await self.app(scope, receive, closing)


async def run(model: ServedModel, loading: Future[None], place: Place) -> None:
    """Serve until SIGTERM. Raises what loading the model raised, and ExternalError without leash or port."""
    from cdml.serving.app import create_app

    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    app = Draining(create_app(model))
    with socket.socket(fileno=place.private) as private, socket.socket(fileno=place.leash) as leash:
        leash.setblocking(False)
        async with _serving(app, private):
            await _until(stop, _told_to_go(leash, asyncio.wrap_future(loading)))
        if not stop.is_set():
            before = place.before
            public = bound(place.host, place.port) if before is None else taken_over(control_name(before))
            await _serve_public(app, public, leash, stop)


async def _serve_public(app: Draining, public: socket.socket, leash: socket.socket, stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    with public, offered(public, control_name(os.getpid())) as control:
        loop.add_reader(control, hand_over, control, public)
        async with _serving(app, public) as server:
            try:
                await loop.sock_sendall(leash, LIVE)
                await stop.wait()
            finally:
                loop.remove_reader(control)
                await _drain(app, public, server)


async def _drain(app: Draining, public: socket.socket, server: uvicorn.Server) -> None:
    """Accept nothing more, and answer what was accepted."""
    app.on = True
    # Closing asyncio's server at once would drop a connection that it accepted but has not set up yet.
    asyncio.get_running_loop().remove_reader(public)
    await asyncio.sleep(0.1)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            while server.server_state.connections:
                await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def _serving(app: Draining, listening: socket.socket) -> AsyncIterator[uvicorn.Server]:
    """A uvicorn server at a socket; at the end it finishes the requests under way."""
    from uvicorn import Server

    from cdml.serving.server import configuration

    class Quiet(Server):
        """uvicorn's server without its signal handlers: the process has its own."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    server = Quiet(configuration(app))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        while not server.started and not serving.done():
            await asyncio.sleep(0.005)
        yield server
    finally:
        server.should_exit = True
        await serving


async def _told_to_go(leash: socket.socket, loading: asyncio.Future[None]) -> None:
    """Wait for the model and for the word; raises when either fails."""
    waiting = asyncio.ensure_future(asyncio.get_running_loop().sock_recv(leash, 1))
    first: set[asyncio.Future[Any]] = {loading, waiting}
    await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
    if waiting.done() and waiting.result() != GO:
        raise ExternalError("whoever started this server is gone")
    await loading
    if await waiting != GO:
        raise ExternalError("whoever started this server is gone")


async def _until(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Run `work` to its end, or until `stop`."""
    working, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    first: set[asyncio.Future[Any]] = {working, stopping}
    await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if working.done():
        working.result()
    working.cancel()


def main() -> int:
    """Read the command line, serve, and say on standard error what went wrong."""
    parser = argparse.ArgumentParser(prog="cdml.serving.managed")
    for name in ("--home", "--bundle", "--host"):
        parser.add_argument(name, required=True)
    for name in ("--port", "--private", "--leash"):
        parser.add_argument(name, required=True, type=int)
    parser.add_argument("--before", type=int)
    words = parser.parse_args()
    place = Place(words.host, words.port, words.private, words.leash, words.before)
    try:
        model = ServedModel(load(Bundle, Path(words.bundle).read_bytes(), words.bundle))
        # The worker imports the model's libraries while this process imports the server's.
        with ThreadPoolExecutor(1) as pool, contextlib.closing(model):
            asyncio.run(run(model, pool.submit(model.load), place))
    except CdmlError as error:
        sys.stderr.write(f"{error.message}\n{error.hint}\n")
        return int(error.exit_code)
    except ConnectionError:
        sys.stderr.write("whoever started this server is gone\n")
        return int(Exit.EXTERNAL)
    return 0


if __name__ == "__main__":
    sys.exit(main())
