"""The one door for HTTP: a timeout on every request, an error that names what failed."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from cdml.core.errors import ExternalError

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def request_json(method: str, url: str, *, body: object | None = None, timeout: float = 10) -> tuple[int, Any]:
    """Status and parsed JSON body (None where there is none) of one request.

    `timeout` is in seconds. Raises ExternalError when nothing answers; a 4xx or 5xx answer is returned.
    """
    import requests

    try:
        with requests.Session() as session:
            # A proxy that the environment names cannot reach a server on this machine.
            session.trust_env = urlsplit(url).hostname not in LOOPBACK
            answer = session.request(method, url, json=body, timeout=timeout)
    except requests.RequestException as error:
        raise ExternalError(f"{method} {url}: no answer ({type(error).__name__})") from None
    try:
        return answer.status_code, answer.json()
    except ValueError:
        return answer.status_code, None
