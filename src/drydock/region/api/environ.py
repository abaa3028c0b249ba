"""Build a WSGI environment (PEP 3333) from an ASGI request; nothing is decoded twice."""

from __future__ import annotations

import sys
from typing import IO, Any
from urllib.parse import unquote_to_bytes

from drydock.region.api.operations import Environ

HEADERS = "drydock.headers"
"""The key of the original headers: pairs of a name in lower case and a value."""
ON_HOST = "drydock.on_host"
"""The key that marks a request as accepted from the host's loopback."""

_UNPREFIXED = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


def build(scope: dict[str, Any], body: IO[bytes], length: int, *, on_host: bool) -> Environ:
    """Return the environment of a request whose body has `length` bytes, to be read from `body`.

    `RAW_URI` is the target as it was sent: moto reads S3's keys from it.
    """
    headers = [
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
    ]
    query = scope["query_string"].decode("latin-1")
    raw: str = scope["raw_path"].decode("latin-1")
    host, port = scope.get("server") or ("127.0.0.1", 0)
    client, client_port = scope.get("client") or ("", 0)
    found: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(raw).decode("latin-1"),
        "QUERY_STRING": query,
        "RAW_URI": f"{raw}?{query}" if query else raw,
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client,
        "REMOTE_PORT": str(client_port),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        HEADERS: headers,
        ON_HOST: on_host,
    }
    for name, value in headers:
        # WSGI cannot tell x-a_b from x-a-b: neither replaces the other (see `keep_names`).
        if "_" in name or name == "transfer-encoding":
            continue
        key = _UNPREFIXED.get(name) or "HTTP_" + name.upper().replace("-", "_")
        found[key] = f"{found[key]},{value}" if key in found else value
    found["CONTENT_LENGTH"] = str(length)
    return found


def keep_names(environ: Environ) -> None:
    """Add the headers with an underscore whose names moto keeps: metadata of S3's objects.

    moto's own server does the same (moto 5.2.5, `moto_server/werkzeug_app.py`).
    """
    underscored = [(name, value) for name, value in environ.get(HEADERS, ()) if "_" in name]
    if not underscored:
        return
    from moto.core import request  # noqa: PLC0415  (moto, slow)

    names: dict[str, str] = {}
    values: dict[str, list[str]] = {}
    for name, value in underscored:
        key = request.environ_key_for_header(name)
        if key in environ or not request.should_preserve_original_header_name(name):
            continue
        names.setdefault(key, name)
        values.setdefault(key, []).append(value)
    environ.update({key: ",".join(several) for key, several in values.items()})
    environ[request.PRESERVED_HEADER_NAMES_ENVIRON_KEY] = names
