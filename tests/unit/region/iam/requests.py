"""A request as an AWS SDK writes it, made into what the API's server would be given."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import unquote, urlsplit

import boto3
from botocore.awsrequest import AWSResponse

from drydock.region.api.operations import Environ

REGION = "ap-southeast-2"


def environ(service: str, operation: str, /, **given: Any) -> Environ:
    """The WSGI environment of a boto3 call."""
    client = boto3.client(  # type: ignore[call-overload]
        service,
        endpoint_url="http://127.0.0.1:4566",
        region_name=REGION,
        aws_access_key_id="AKIAX",
        aws_secret_access_key="x",
    )
    seen: list[Any] = []

    def stop(request: Any, **_: Any) -> AWSResponse:
        seen.append(request)
        raise _Sent

    client.meta.events.register_last("before-send", stop)
    try:
        getattr(client, operation)(**given)
    except _Sent:
        return _environ(seen[0])
    raise AssertionError("the request was not sent")


class _Sent(Exception):  # noqa: N818  (no error: what is wanted)
    pass


def _environ(request: Any) -> Environ:
    url = urlsplit(request.url)
    body = request.body or b""
    data = body.encode() if isinstance(body, str) else body
    content = data if isinstance(data, bytes) else data.read()
    found: Environ = {
        "REQUEST_METHOD": request.method,
        "PATH_INFO": unquote(url.path, "latin-1"),
        "QUERY_STRING": url.query,
        "CONTENT_LENGTH": str(len(content)),
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": url.netloc,
        "wsgi.input": io.BytesIO(content),
    }
    for name, value in request.headers.items():
        text = value.decode() if isinstance(value, bytes) else str(value)
        spelt = name.upper().replace("-", "_")
        found["CONTENT_TYPE" if spelt == "CONTENT_TYPE" else f"HTTP_{spelt}"] = text
    return found
