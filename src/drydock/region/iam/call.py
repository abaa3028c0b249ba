"""A request as policies see it: the service's prefix, the action, the parameters.

The names of actions are those of the operations; S3's are in `checks/s3.py`
(https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html).
"""

from __future__ import annotations

import gzip
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from drydock.region.api.operations import Environ, Operation
from drydock.services import lookup

_LARGEST = 16 * 1024 * 1024
_TAG = re.compile(r"(?i)(.*tag.*)\.key")


@dataclass(frozen=True)
class Call:
    """A call. `params` are nested as in JSON, or flat as in a form ("Tags.member.1.Key")."""

    service: str
    name: str
    account: str
    region: str
    params: Mapping[str, Any] = field(default_factory=dict)
    environ: Environ = field(default_factory=dict)
    """The WSGI request, for S3, whose path and headers have the parameters."""

    @property
    def action(self) -> str:
        return f"{self.service}:{self.name}"

    def text(self, *names: str) -> str:
        """Return the first of these parameters that is set; else empty."""
        return next((str(self.params[one]) for one in names if self.params.get(one)), "")

    def header(self, name: str) -> str:
        return str(self.environ.get("HTTP_" + name.upper().replace("-", "_"), ""))

    def arn(self, resource: str, service: str = "") -> str:
        """Return the ARN of a regional resource of this account."""
        return f"arn:aws:{service or self.service}:{self.region}:{self.account}:{resource}"

    def listed(self, *names: str) -> list[str]:
        """Return the texts of a list: JSON's, or the members of a form."""
        for name in names:
            if isinstance(found := self.params.get(name), list):
                return [str(one) for one in found]
            members = [
                str(value)
                for key, value in self.params.items()
                if re.fullmatch(rf"{re.escape(name)}(\.[A-Za-z]+)?\.\d+", key)
            ]
            if members:
                return members
        return []

    def tags(self) -> dict[str, str]:
        """Return the tags that the request gives to a resource."""
        return dict(_tags(self.params))


def read(environ: Environ, operation: Operation, account: str, region: str) -> Call:
    """Return the call of a request. Its body is read, unless it is S3's, and put back."""
    known = lookup.get(operation.service)
    service = known.prefix if known else operation.service
    if service == "s3":
        return Call("s3", "", account, region, {}, environ)
    params: dict[str, Any] = {}
    name = operation.name
    if operation.protocol in {"query", "ec2"}:
        params = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
        params |= dict(parse_qsl(_body(environ).decode(errors="replace"), keep_blank_values=True))
    elif operation.protocol in {"json", "rest-json"}:
        params = _json(_body(environ))
    if not name:
        path = str(environ.get("PATH_INFO", ""))
        query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
        name, more = _rest(operation.service, operation.method, path, query)
        params |= query | more
    return Call(service, name, account, region, params, environ)


def _body(environ: Environ) -> bytes:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if not 0 < length <= _LARGEST:
        return b""
    body: bytes = environ["wsgi.input"].read(length)
    environ["wsgi.input"] = io.BytesIO(body)
    if environ.get("HTTP_CONTENT_ENCODING") == "gzip":
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as packed:
            return packed.read(_LARGEST)
    return body


def _json(body: bytes) -> dict[str, Any]:
    """Return the parameters of a JSON body; none if it is not an object, which moto answers itself."""
    try:
        found = json.loads(body) if body else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _rest(
    service: str, method: str, path: str, query: Mapping[str, str]
) -> tuple[str, dict[str, str]]:
    """Return the operation of a REST service and the parameters in its path.

    If no operation matches, its name is the method, which only a wildcard allows.
    """
    best: tuple[int, str, dict[str, str]] = (-1, method, {})
    for verb, pattern, wanted, name in _operations(service):
        match = pattern.fullmatch(path)
        if verb == method and match and wanted <= query.keys() and len(wanted) > best[0]:
            best = (len(wanted), name, match.groupdict())
    return best[1], best[2]


@lru_cache(maxsize=32)
def _operations(service: str) -> tuple[tuple[str, re.Pattern[str], frozenset[str], str], ...]:
    """Return each operation of a REST service: method, path, required query parameters, name."""
    import botocore.session  # noqa: PLC0415  (slow)
    from botocore.exceptions import UnknownServiceError  # noqa: PLC0415

    try:
        model = botocore.session.get_session().get_service_model(service)
    except UnknownServiceError:
        return ()
    found = []
    for name in model.operation_names:
        http = model.operation_model(name).http
        path, _, query = http["requestUri"].partition("?")
        wanted = frozenset(part.partition("=")[0] for part in query.split("&") if part)
        found.append((http["method"], _pattern(path), wanted, name))
    return tuple(found)


def _pattern(path: str) -> re.Pattern[str]:
    """Return a path such as `/2013-04-01/hostedzone/{Id}/rrset/` as a regular expression."""
    parts = re.split(r"(\{[^}]+\})", path.rstrip("/"))
    source = ""
    for part in parts:
        if part.startswith("{"):
            name = re.sub(r"\W", "_", part.strip("{}+"))
            source += f"(?P<{name}>{'.+' if '+' in part else '[^/]+'})"
        else:
            source += re.escape(part)
    return re.compile(source + "/?")


def _tags(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield tags from a map, from a list of key and value, or from the members of a form."""
    for name, found in params.items():
        if name.lower() in {"tags", "tag"}:
            if isinstance(found, Mapping):
                yield from ((str(key), str(value)) for key, value in found.items())
            elif isinstance(found, list):
                yield from _pairs(found)
        elif match := _TAG.fullmatch(name):
            yield str(found), str(params.get(f"{match[1]}.Value", ""))


def _pairs(entries: list[Any]) -> Iterator[tuple[str, str]]:
    for entry in entries:
        if isinstance(entry, Mapping):
            small = {str(key).lower().removeprefix("tag"): value for key, value in entry.items()}
            if "key" in small:
                yield str(small["key"]), str(small.get("value", ""))
