"""Listening sockets: made, and handed from one server process to the next.

Two servers that share one listening socket share its queue of connections, so none is lost while one goes and
the other comes. (SO_REUSEPORT gives each its own queue, which dies with its process.) A socket travels through a
Unix socket, on Linux and macOS: SCM_RIGHTS of unix(7).
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from cdml.core.errors import ExternalError

BACKLOG = 2048
HANDOVER_SECONDS = 10.0
LOOPBACK = "127.0.0.1"
_ANYWHERE = {"0.0.0.0": LOOPBACK, "::": "::1", "": LOOPBACK}  # noqa: S104 - compared, not bound


def bound(host: str, port: int) -> socket.socket:
    """A listening TCP socket; port 0 is any free one. Raises ExternalError naming port and owner when taken."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind)
    except OSError as error:
        raise ExternalError(f"{host} is no address of this machine: {error.strerror}") from None
    try:
        # A port whose last connections linger is free; one where somebody listens is not.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise _unavailable(host, port, error) from None
    return listening


def _unavailable(host: str, port: int, error: OSError) -> ExternalError:
    if error.errno == errno.EADDRINUSE:
        return ExternalError(f"port {port} is taken{_owner(port)}", "stop that process, or choose another port")
    return ExternalError(f"{host}:{port} cannot be listened at: {error.strerror}", "choose another port")


def _owner(port: int) -> str:
    """Who listens at a port, as far as the system lets us see it."""
    import psutil

    try:
        for found in psutil.net_connections("tcp"):
            if found.status == psutil.CONN_LISTEN and found.pid and found.laddr and found.laddr.port == port:
                return f" by process {found.pid} ({psutil.Process(found.pid).name()})"
    except psutil.Error:
        pass
    return " by another process"


def reachable(host: str) -> str:
    """The host part of an address at which a server that listens at `host` can be asked from here."""
    host = _ANYWHERE.get(host, host)
    return f"[{host}]" if ":" in host else host


@contextlib.contextmanager
def offered(listening: socket.socket, name: str) -> Iterator[socket.socket]:
    """A Unix socket `name` in the present directory, at which `hand_over` gives `listening` away.

    The name is relative because a path in a Unix socket's address may have 104 bytes at most.
    """
    Path(name).unlink(missing_ok=True)
    control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        control.bind(name)
        Path(name).chmod(0o600)
        control.listen()
        control.setblocking(False)
        yield control
    finally:
        control.close()
        Path(name).unlink(missing_ok=True)


def hand_over(control: socket.socket, listening: socket.socket) -> None:
    """Give the listening socket to who has just connected to `control`."""
    with contextlib.suppress(OSError):  # who asked is gone again
        connection, _ = control.accept()
        with connection:
            socket.send_fds(connection, [b"1"], [listening.fileno()])


def taken_over(name: str) -> socket.socket:
    """The listening socket that a server offers at `name` in the present directory. Raises ExternalError."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(HANDOVER_SECONDS)
        try:
            connection.connect(name)
            _, handles, _, _ = socket.recv_fds(connection, 1, 1)
        except OSError as error:
            raise ExternalError(f"the running server does not hand over its port: {error}") from None
    if not handles:
        raise ExternalError("the running server does not hand over its port")
    os.set_inheritable(handles[0], False)
    return socket.socket(fileno=handles[0])
