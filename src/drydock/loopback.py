"""Requests to the local region's own paths, which are not AWS operations."""

from __future__ import annotations

import http.client
import json
import urllib.request
from collections.abc import Mapping
from typing import Any


def ask(url: str, body: Mapping[str, Any] | None = None, *, seconds: float) -> Any:
    """Return the JSON answer of one of the region's paths; with a body the request is a POST.

    No proxy is used: the user's proxy cannot reach this machine's loopback.
    `seconds` bounds each wait for the region. Raises OSError (urllib's HTTPError where the region refuses):
    it does not answer; ValueError: the answer is not JSON.
    """
    data = None if body is None else json.dumps(body).encode()
    headers = {} if data is None else {"Content-Type": "application/json"}
    request = urllib.request.Request(url, data, headers)  # noqa: S310 - our own region, on loopback
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=seconds) as answer:
            return json.load(answer)
    except http.client.HTTPException as error:
        raise ConnectionError(f"no answer over HTTP: {error!r}") from error
