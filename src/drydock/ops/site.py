"""Check that a site is up, with the GET request of a visitor: the answer must be 200."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Collection
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import urllib3

from drydock.aws import waiting
from drydock.errors import WaitTimedOut

REQUEST_TIMEOUT = 5.0
"""Seconds for one request."""
_HOPS = 5
_USUAL = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Visit:
    """A URL to request, and how the server that answers is verified."""

    url: str
    name: str = ""
    """The site's name, if the URL has an IP address: Host header and name in the certificate."""
    authority: str = ""
    """PEM file of the authorities that the server's certificate may be from; empty: the system's."""
    any_name: bool = False
    """Accept a certificate of another name, which the user's own DNS points to the site."""
    siblings: Collection[str] = ()
    """The site's other URLs, which have visits of their own: a redirect to one counts as 200."""


def answer(visit: Visit) -> int | str:
    """Return the status code of a GET after redirects, or the reason why there is none.

    A redirect to a sibling counts as 200. The certificate is verified.
    """
    url = visit.url
    try:
        for _ in range(_HOPS):
            status, location = _get(url, visit if _same_place(url, visit.url) else Visit(url))
            if not location:
                return status
            url = urljoin(url, location)
            if any(_same_place(url, sibling) for sibling in visit.siblings):
                return 200
    except (OSError, urllib3.exceptions.HTTPError) as error:
        return _reason(error)
    return f"it redirects {_HOPS} times, at last to {url}"


def is_a_load_balancers(url: str) -> bool:
    """Return whether the host is a load balancer's name from AWS, for which no certificate is issued."""
    return (urlsplit(url).hostname or "").endswith(".elb.amazonaws.com")


def wait_until_up(
    visit: Visit, *, timeout: float, every: float = 0.1, in_vain: Callable[[], str] = lambda: ""
) -> None:
    """Wait until the answer is 200.

    Raises WaitTimedOut with the last answer, after `timeout` s, and WaitGivenUp as soon as `in_vain`
    returns a reason.
    """
    last: list[int | str] = []

    def up() -> bool:
        last[:] = [answer(visit)]
        return last[0] == 200

    try:
        waiting.until(
            up,
            what=f"{visit.url} to answer 200",
            timeout=timeout,
            every=every,
            in_vain=in_vain,
        )
    except WaitTimedOut as error:
        raise WaitTimedOut(
            error.subject,
            f"{error.cause}; the last answer was: {last[0]}",
            "drydock status shows the targets' health, drydock logs what the tasks say",
        ) from None


def _get(url: str, visit: Visit) -> tuple[int, str]:
    """Send one request; return the status, and the redirect's target if there is one."""
    parts = urlsplit(url)
    path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    host, port = parts.hostname or "", parts.port or _USUAL[parts.scheme]
    usual = "" if port == _USUAL[parts.scheme] else f":{port}"
    headers = {"Host": f"{visit.name or host}{usual}"}
    # The user's proxy is never used: urllib3 does not read the environment.
    pool = _pool(parts.scheme, host, port, visit)
    with pool:
        response = pool.request(
            "GET", path, headers=headers, redirect=False, retries=False, timeout=REQUEST_TIMEOUT
        )
        return response.status, response.get_redirect_location() or ""


def _pool(scheme: str, host: str, port: int, visit: Visit) -> urllib3.HTTPConnectionPool:
    if scheme == "http":
        return urllib3.HTTPConnectionPool(host, port)
    context = ssl.create_default_context(cafile=visit.authority or None)
    context.check_hostname = not visit.any_name
    return urllib3.HTTPSConnectionPool(
        host,
        port,
        ssl_context=context,
        server_hostname=visit.name or host,
        assert_hostname=False if visit.any_name else None,
    )


def _same_place(one: str, other: str) -> bool:
    def place(url: str) -> tuple[str, str, int]:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname or "", parts.port or _USUAL.get(parts.scheme, 0)

    return place(one) == place(other)


def _reason(error: Exception) -> str:
    """Return the system's error text, without those of the layers above it."""
    cause: BaseException = error
    while isinstance(inner := cause.__cause__ or next(iter(cause.args), None), BaseException):
        cause = inner
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {cause.verify_message}"
    return str(getattr(cause, "strerror", None) or cause) or type(cause).__name__
