"""The one door for HTTP: a timeout on every request, retries where they are safe, errors that name what failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from time import sleep
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from cdml.core.errors import CdmlError, ExternalError, UsageError
from cdml.core.retries import PAUSES, asked_again, is_passing

if TYPE_CHECKING:
    import requests

LOOPBACK = ("127.0.0.1", "::1", "localhost")
PAGE = 100


def request_json(method: str, url: str, *, body: object | None = None, timeout: float = 10) -> tuple[int, Any]:
    """Status and parsed JSON body (None where there is none) of one request, sent once.

    `timeout` is in seconds. Raises ExternalError when nothing answers; a 4xx or 5xx answer is returned.
    """
    import requests

    try:
        with _session(url) as session:
            answer = session.request(method, url, json=body, timeout=timeout)
    except requests.RequestException as error:
        raise _no_answer(method, url, error) from None
    return answer.status_code, _json(answer)


@dataclass(frozen=True)
class Answer:
    """What a service answered; `data` is its parsed JSON, None where the body is not JSON."""

    status: int
    data: Any
    headers: Mapping[str, str]
    following: str | None = None


@dataclass(frozen=True)
class Rest:
    """A JSON service at an address. Proxies and private certificates are those that the environment names.

    `timeout` is in seconds: to connect, and between two bytes of an answer. `pauses` are the seconds before each
    retry. Every operation has a connection of its own: hours may pass between two of them. The token is sent as
    `SCHEME TOKEN` under `token_header`, or alone where `scheme` is empty.
    """

    base: str
    token: str = field(default="", repr=False)
    scheme: str = "Bearer"
    token_header: str = "Authorization"  # noqa: S105
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout: tuple[float, float] = (10.0, 30.0)
    pauses: tuple[float, ...] = PAUSES

    def send(
        self, method: str, path: str, *, body: object | None = None, query: Mapping[str, str | int] | None = None
    ) -> Answer:
        """One request's answer, whatever its status; ExternalError when nothing answers.

        It is sent again only where that is safe (see `retries`).
        """
        url = self.base.rstrip("/") + path
        self._require_private(url)
        with _session(url) as session:
            return self._settle(session, method, url, body, query)

    def pages(
        self, path: str, query: Mapping[str, str | int] | None = None, size: str = "per_page"
    ) -> Iterator[Answer]:
        """Every page of a listing, by its Link headers; ends after the first answer that is not a success.

        `size` is the parameter by which a page's length is asked for.
        """
        url: str | None = self.base.rstrip("/") + path
        asked: Mapping[str, str | int] | None = {size: PAGE, **(query or {})}
        seen: set[str] = set()
        self._require_private(url or "")
        with _session(self.base) as session:
            while url and url not in seen:
                seen.add(url)
                answer = self._settle(session, "GET", url, None, asked)
                yield answer
                url, asked = self._next(answer), None

    def _next(self, answer: Answer) -> str | None:
        if answer.status != 200 or answer.following is None:
            return None
        url = urljoin(self.base, answer.following)
        # The token goes along: only to where it belongs.
        if urlsplit(url)[:2] != urlsplit(self.base)[:2]:
            raise ExternalError(f"{urlsplit(self.base).netloc} names a next page at another address")
        return url

    def _require_private(self, url: str) -> None:
        where = urlsplit(url)
        if self.token and where.scheme != "https" and where.hostname not in LOOPBACK:
            raise UsageError(f"a token is not sent to {where.hostname} without https", "use an https:// address")

    def _settle(self, session: requests.Session, method: str, url: str, body: Any, query: Any) -> Answer:
        import requests

        for pause in (*self.pauses, None):
            try:
                answer = self._once(session, method, url, body, query)
            except requests.RequestException as error:
                if pause is None or not is_passing(method, error):
                    raise _no_answer(method, url, error) from None
                sleep(pause)
                continue
            wait = None if pause is None else asked_again(method, answer.status, answer.headers, pause)
            if wait is None:
                return answer
            sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def _once(self, session: requests.Session, method: str, url: str, body: Any, query: Any) -> Answer:
        got = session.request(
            method, url, json=body, params=query, timeout=self.timeout, headers=dict(self.headers), auth=self._sign
        )
        if got.request.method != method:  # a redirect that turns a write into a read has written nothing
            raise ExternalError(f"{method} {url}: it has moved to {urlsplit(got.url).path}", "git remote -v")
        return Answer(got.status_code, _json(got), got.headers, got.links.get("next", {}).get("url"))

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        # As `auth`, not as a header: a header is replaced by what ~/.netrc says for the host.
        if self.token:
            request.headers[self.token_header] = f"{self.scheme} {self.token}".strip()
        return request


def shown_address(url: str) -> str:
    """An address that others can open; empty for one that only this machine has."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    try:
        return "" if ip_address(host).is_loopback else url
    except ValueError:  # a name
        return "" if host in ("", "localhost") else url


def _session(url: str) -> requests.Session:
    import requests

    session = requests.Session()
    # A proxy that the environment names cannot reach a server on this machine.
    session.trust_env = urlsplit(url).hostname not in LOOPBACK
    return session


def _json(answer: requests.Response) -> Any:
    try:
        return answer.json()
    except (ValueError, RecursionError):  # the latter for brackets in brackets without end
        return None


def _no_answer(method: str, url: str, error: requests.RequestException) -> CdmlError:
    """What failed, without the library's own words: they may hold a proxy's password."""
    import requests

    hint = ""
    if isinstance(error, requests.exceptions.SSLError):
        hint = "if its certificate is your own authority's: REQUESTS_CA_BUNDLE=FILE"
    elif isinstance(error, requests.exceptions.ProxyError):
        hint = "HTTPS_PROXY names the proxy, NO_PROXY the hosts that need none"
    return ExternalError(f"{method} {url}: no answer ({type(error).__name__})", hint)
