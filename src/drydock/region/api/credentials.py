"""The credentials of a request: the access key and the session token."""

from __future__ import annotations

from urllib.parse import parse_qs

from drydock.region.api.operations import Environ


def credentials(environ: Environ) -> tuple[str, str]:
    """Return a request's access key and session token, from headers or a signed URL; empty without."""
    header = str(environ.get("HTTP_AUTHORIZATION", ""))
    query = parse_qs(str(environ.get("QUERY_STRING", "")))
    token = str(environ.get("HTTP_X_AMZ_SECURITY_TOKEN", ""))
    token = token or query.get("X-Amz-Security-Token", query.get("x-amz-security-token", [""]))[0]
    if "Credential=" in header:
        scope = header.split("Credential=", 1)[1]
    elif header.startswith("AWS "):  # the second version of signatures
        return header.removeprefix("AWS ").partition(":")[0], token
    else:
        scope = query.get("X-Amz-Credential", query.get("AWSAccessKeyId", [""]))[0]
    return scope.split("/", 1)[0].split(",", 1)[0].strip(), token
