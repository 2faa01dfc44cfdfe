"""How a model is served in the foreground, and what every server of ours has in common.

The server runs in cdml's own interpreter and never loads a model itself: a worker does, in the project's.
"""

from __future__ import annotations

import contextlib
import importlib.util
from typing import TYPE_CHECKING, Any

from cdml.core.errors import ConfigError
from cdml.core.release import Bundle
from cdml.serving.model import ServedModel
from cdml.serving.sockets import bound

if TYPE_CHECKING:
    from uvicorn import Config

# How long requests under way may take to finish when the server ends.
GRACEFUL_SECONDS = 30


def require_server() -> None:
    """Raises ConfigError where the packages of the server are not installed."""
    if any(importlib.util.find_spec(name) is None for name in ("fastapi", "uvicorn")):
        raise ConfigError("the model server needs FastAPI and uvicorn", "pip install 'cdml[serve]'")


def serve(bundle: Bundle, host: str, port: int) -> None:
    """Serve a bundle in the foreground until it is interrupted. Raises ConfigError, ExternalError."""
    require_server()
    from uvicorn import Server

    from cdml.serving.app import create_app

    public = bound(host, port)
    model = ServedModel(bundle)
    try:
        model.load()
        with contextlib.suppress(KeyboardInterrupt):
            Server(configuration(create_app(model))).run(sockets=[public])
    finally:
        model.close()
        public.close()


def configuration(app: Any) -> Config:
    """How uvicorn serves an app: quiet, on asyncio's own loop, and finishing what is under way at the end."""
    from uvicorn import Config

    return Config(
        app,
        log_level="warning",
        lifespan="off",
        loop="asyncio",
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
    )
