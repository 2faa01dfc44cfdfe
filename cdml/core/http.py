"""The one door for HTTP: a timeout on every request, an error that names what failed."""

from __future__ import annotations

from typing import Any

from cdml.core.errors import ExternalError


def request_json(method: str, url: str, *, body: object | None = None, timeout: float = 10) -> tuple[int, Any]:
    """Status and parsed JSON body (None where there is none) of one request.

    `timeout` is in seconds. Raises ExternalError when nothing answers; a 4xx or 5xx answer is returned.
    """
    import requests

    try:
        answer = requests.request(method, url, json=body, timeout=timeout)
    except requests.RequestException as error:
        raise ExternalError(f"{method} {url}: no answer ({type(error).__name__})") from None
    try:
        return answer.status_code, answer.json()
    except ValueError:
        return answer.status_code, None
