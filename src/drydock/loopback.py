"""Requests to the local region's own paths, which are no operations of AWS."""

from __future__ import annotations

import http.client
import json
import urllib.request
from collections.abc import Mapping
from typing import Any


def ask(url: str, body: Mapping[str, Any] | None = None, *, seconds: float) -> Any:
    """The JSON that a path of the region answers; a POST where there is a body.

    A proxy of the user's has no way to this machine's loopback, so none is used.
    `seconds` bounds each wait for the region. Raises OSError (urllib's HTTPError where the region refuses):
    it does not answer; ValueError: the answer is no JSON.
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
