"""How a server is started and spoken to, for those who do not serve: asyncio is a tenth of a short command."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

MODULE = "cdml.serving.managed"
GO = b"g"
LIVE = b"l"
# Clients that keep a connection open are told to leave it at their next request, which may take them this long.
DRAIN_SECONDS = 3.0


@dataclass(frozen=True)
class Place:
    """Where a server is to answer. `private` and `leash` are inherited handles; `before` is whom it relieves."""

    host: str
    port: int
    private: int
    leash: int
    before: int | None


def control_name(pid: int) -> str:
    """The Unix socket, in its working directory, at which a server hands over its public port."""
    return f"{pid}.sock"


def command(home: Path, bundle: Path, place: Place) -> list[str]:
    """The words that start a server. `home`, its working directory, is also how a server is recognized later."""
    words = [sys.executable, "-P", "-m", MODULE, "--home", str(home), "--bundle", str(bundle)]
    words += ["--host", place.host, "--port", str(place.port)]
    words += ["--private", str(place.private), "--leash", str(place.leash)]
    return words if place.before is None else [*words, "--before", str(place.before)]
