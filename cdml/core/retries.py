"""When a request is sent again, and how long to wait before that. Pure, so that every rule can be tested."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import requests

PAUSES = (0.5, 2.0, 5.0)
PATIENCE = 60.0
SAFE = ("GET", "HEAD")
BUSY = (500, 502, 503, 504)


def is_limited(status: int, headers: Mapping[str, str]) -> bool:
    """Whether a request was turned away, undone, because there were too many of them."""
    refused = status == 403 and ("retry-after" in headers or headers.get("x-ratelimit-remaining") == "0")
    return status == 429 or refused


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """The seconds that an answer asks to wait (Retry-After, x-ratelimit-reset); None where it says nothing."""
    after = headers.get("retry-after", "").strip()
    if after.isdecimal():
        return float(after)
    if after:
        try:
            return max(0.0, parsedate_to_datetime(after).timestamp() - time.time())
        except ValueError:
            return None
    reset = headers.get("x-ratelimit-reset", "").strip()
    if headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
        return max(0.0, float(reset) - time.time()) + 1
    return None


def asked_again(method: str, status: int, headers: Mapping[str, str], pause: float) -> float | None:
    """The seconds to wait before a request is sent again, None where its answer stands.

    A write is repeated only when it was turned away for the rate: after a 5xx nobody knows whether it was done.
    Nobody waits longer than a minute.
    """
    if not is_limited(status, headers) and not (status in BUSY and method in SAFE):
        return None
    asked = asked_wait(headers)
    wait = pause if asked is None else asked
    return wait if wait <= PATIENCE else None


def is_passing(method: str, error: requests.RequestException) -> bool:
    """Whether a request without an answer may be sent again: it is a read, or it never left."""
    import requests
    from urllib3.exceptions import NewConnectionError

    if isinstance(error, requests.exceptions.SSLError):
        return False
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError):
        return True
    lost = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
    return method in SAFE and isinstance(error, lost)
