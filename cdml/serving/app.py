"""The endpoints of the model server, checked against the signature that was reviewed. Needs `cdml[serve]`."""

from __future__ import annotations

import logging
import os
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from cdml.core.errors import ConfigError, ExternalError
from cdml.serving.inputs import InvalidInput, columns
from cdml.serving.model import ServedModel

logger = logging.getLogger(__name__)
MAX_BODY = 10 * 2**20


def create_app(model: ServedModel) -> FastAPI:
    """`/predict`, `/version`, `/health/live` and `/health/ready` of one model."""
    bundle = model.bundle
    app = FastAPI(title=bundle.model, version=bundle.version, docs_url=None, redoc_url=None)

    @app.get("/version")
    async def version() -> dict[str, Any]:
        return {**_identity(model), "environment": bundle.environment, "commit": bundle.commit, "pid": os.getpid()}

    @app.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @app.get("/health/ready")
    async def ready() -> Response:
        return JSONResponse({"status": "ready"}) if model.ready else _refusal(503, "the model is not loaded")

    @app.post("/predict")
    async def predict(request: Request) -> Response:
        return await _predict(model, request)

    return app


async def _predict(model: ServedModel, request: Request) -> Response:
    """200 with predictions; 413 too large, 422 not an input of this model, 500 it failed, 503 it is not loaded."""
    if not model.ready:
        return _refusal(503, "the model is not loaded")
    body = await _body(request)
    if body is None:
        return _refusal(413, f"a request may have {MAX_BODY} bytes")
    return await run_in_threadpool(_answer, model, body)


def _answer(model: ServedModel, body: bytes) -> Response:
    try:
        rows = columns(body, model.bundle.signature, model.features)
        predictions, scores = model.predict(rows)
    except InvalidInput as invalid:
        return _refusal(422, *invalid.problems)
    except ConfigError as error:
        return _refusal(422, error.message)
    except ExternalError as error:
        # What a model says when it breaks is for the log, not for whoever can reach the port.
        logger.error(error.message)
        return _refusal(500 if model.ready else 503, "the model failed; the server's log says how")
    return JSONResponse({"predictions": predictions, "scores": scores, **_identity(model)})


async def _body(request: Request) -> bytes | None:
    """The body, or None as soon as it is too large."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            return None
    return bytes(body)


def _identity(model: ServedModel) -> dict[str, Any]:
    bundle = model.bundle
    return {"model": bundle.model, "version": bundle.version, "sha256": bundle.artifact.sha256}


def _refusal(status: int, *problems: str) -> Response:
    # A client may send text that UTF-8 cannot hold, and it stands in the messages about it.
    detail = [problem.encode("utf-8", "replace").decode() for problem in problems]
    return JSONResponse({"detail": detail}, status_code=status)
