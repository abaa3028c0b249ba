"""Is the site up? Asked the way a visitor asks: GET, and 200 is the answer."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from drydock.errors import WaitTimedOut
from drydock.ops import wait

REQUEST_TIMEOUT = 5.0
"""Seconds for one request."""


def answer(url: str) -> int | str:
    """The status code that GET `url` gives after redirects, or why there is none."""
    local = urlsplit(url).hostname in {"127.0.0.1", "localhost", "::1"}
    # A proxy of the user's must not be asked for this machine's own addresses.
    handlers = [urllib.request.ProxyHandler({})] if local else []
    opener = urllib.request.build_opener(*handlers)
    try:
        with opener.open(url, timeout=REQUEST_TIMEOUT) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except (OSError, http.client.HTTPException) as error:
        return str(getattr(error, "reason", error)) or type(error).__name__


def wait_until_up(url: str, *, timeout: float, every: float = 0.1) -> None:
    """Return once GET `url` gives 200. Raises WaitTimedOut with the last answer, after `timeout` s."""
    last: list[int | str] = []

    def up() -> bool:
        last[:] = [answer(url)]
        return last[0] == 200

    try:
        wait.until(up, what=f"{url} to answer 200", timeout=timeout, every=every)
    except WaitTimedOut as error:
        raise WaitTimedOut(
            error.subject,
            f"{error.cause}; the last answer was: {last[0]}",
            "drydock status shows the targets' health, drydock logs what the tasks say",
        ) from None
