"""Signatures: made by botocore, or by AWS's own examples, and found right or wrong."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from drydock.region.api import environ as requests
from drydock.region.api.operations import Environ
from drydock.region.iam import chunks, signing

KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
ENDPOINT = "http://127.0.0.1:4566"


def now() -> datetime:
    return datetime.now(UTC)


def received(method: str, url: str, headers: dict[str, str], body: bytes = b"") -> Environ:
    """A request as the server gives it to the application."""
    parts = urlsplit(url)
    given = {"host": parts.netloc, **{name.lower(): value for name, value in headers.items()}}
    scope = {
        "method": method,
        "raw_path": (parts.path or "/").encode(),
        "query_string": parts.query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        "http_version": "1.1",
    }
    return requests.build(scope, io.BytesIO(body), len(body), on_host=True)


def sent(service: str, call: Callable[[Any], object], **config: Any) -> Environ:
    """What boto3 sends for a call."""
    client = boto3.client(  # type: ignore[call-overload]
        service,
        endpoint_url=ENDPOINT,
        region_name="ap-southeast-2",
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        aws_session_token="token",
        config=Config(**config),
    )
    seen: list[Any] = []

    def keep(request: Any, **_: Any) -> None:
        seen.append(request)
        raise KeyboardInterrupt

    client.meta.events.register_last("before-send", keep)
    with pytest.raises(KeyboardInterrupt):
        call(client)
    request = seen[0]
    headers = {
        name: value.decode() if isinstance(value, bytes) else str(value)
        for name, value in request.headers.items()
    }
    body = request.body or b""
    body = body.encode() if isinstance(body, str) else body
    data = body if isinstance(body, bytes) else body.read()
    return received(request.method, request.url, headers, data)


CALLS: dict[str, tuple[str, Callable[[Any], object]]] = {
    "json": ("ecs", lambda api: api.list_clusters(maxResults=7)),
    "query": ("iam", lambda api: api.list_users(PathPrefix="/ä b/")),
    "ec2": ("ec2", lambda api: api.describe_vpcs()),
    "rest": ("route53", lambda api: api.list_hosted_zones(MaxItems="3", Marker="a/b c")),
    "key": ("s3", lambda api: api.put_object(Bucket="b", Key="a%2F/ü +?", Body=b"x" * 99)),
    "list": ("s3", lambda api: api.list_objects_v2(Bucket="b", Prefix="a/b c", Delimiter="/")),
    "metadata": ("s3", lambda api: api.put_object(Bucket="b", Key="k", Metadata={"a_b": " 1  2 "})),
    "path": ("lambda", lambda api: api.get_function(FunctionName="arn:aws:lambda:x:1:function:f")),
}


@pytest.mark.parametrize("name", CALLS)
def test_what_boto3_signs_is_right_and_nothing_else(name: str) -> None:
    environ = sent(*CALLS[name])
    assert signing.problem(environ, SECRET, now()) is None
    assert signing.problem(environ, SECRET + "x", now()) == "wrong"
    assert signing.problem({**environ, "REQUEST_METHOD": "DELETE"}, SECRET, now()) == "wrong"
    other = {**environ, "RAW_URI": "/other" + environ["RAW_URI"]}
    assert signing.problem(other, SECRET, now()) == "wrong"
    changed = {**environ, "wsgi.input": io.BytesIO(b"another body")}
    assert signing.problem(changed, SECRET, now()) in {"wrong", "other body"}
    for late in (16, -16):
        moment = now() + timedelta(minutes=late)
        assert signing.problem(environ, SECRET, moment) == "skewed"


def test_the_body_can_be_read_afterwards() -> None:
    environ = sent(*CALLS["key"])
    signing.problem(environ, SECRET, now())
    assert environ["wsgi.input"].read() == b"x" * 99


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_a_signed_url(version: str) -> None:
    s3 = boto3.client(
        "s3",
        endpoint_url=ENDPOINT,
        region_name="ap-southeast-2",
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        config=Config(signature_version=version),
    )
    url = s3.generate_presigned_url(
        "get_object",
        {"Bucket": "b", "Key": "a b/ü", "ResponseContentType": "text/x; y"},
        ExpiresIn=60,
    )
    environ = received("GET", url, {})
    assert signing.problem(environ, SECRET, now()) is None
    assert signing.problem(environ, "x", now()) == "wrong"
    assert signing.problem(environ, SECRET, now() + timedelta(seconds=90)) == "over"
    assert signing.problem(received("GET", url.replace("/b/", "/c/"), {}), SECRET, now()) == "wrong"
    assert signing.problem(received("PUT", url, {}), SECRET, now()) == "wrong"


def test_a_signed_url_of_another_service() -> None:
    request = AWSRequest("GET", f"{ENDPOINT}/?Action=GetCallerIdentity&Version=2011-06-15")
    SigV4QueryAuth(Credentials(KEY, SECRET), "sts", "eu-north-1", expires=60).add_auth(request)
    url = str(request.url)
    environ = received("GET", url, {})
    assert signing.problem(environ, SECRET, now()) is None
    longer = url.replace("Expires=60", "Expires=604801")
    assert signing.problem(received("GET", longer, {}), SECRET, now()) == "malformed"


def test_an_older_header_of_s3() -> None:
    environ = sent("s3", lambda api: api.list_buckets(), signature_version="s3")
    assert environ["HTTP_AUTHORIZATION"].startswith("AWS ")
    assert signing.problem(environ, SECRET, now()) is None
    assert signing.problem(environ, "x", now()) == "wrong"
    assert signing.problem(environ, SECRET, now() + timedelta(hours=1)) == "skewed"


def test_what_a_client_escapes_in_what_it_signs_alone() -> None:
    """Go's SDK sends `a=b` bare in a path and signs `a%3Db`."""
    request = AWSRequest(
        "GET", f"{ENDPOINT}/b/a%3Db%2Cc?list-type=2", headers={"host": "127.0.0.1"}
    )
    signer = S3SigV4Auth(Credentials(KEY, SECRET), "s3", "eu-north-1")
    signer.add_auth(request)
    environ = received("GET", f"{ENDPOINT}/b/a=b,c?list-type=2", dict(request.headers.items()))
    assert signing.problem(environ, SECRET, now()) is None


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("AWS4-HMAC-SHA256 Credential=AKIA/x, SignedHeaders=host, Signature=1", "malformed"),
        ("AWS4-HMAC-SHA256 Credential=A/20260101/r/s3/aws4_request, Signature=1", "malformed"),
        ("AWS4-ECDSA-P256-SHA256 Credential=A/2/s3/aws4_request, Signature=1", "unsupported"),
        ("AWS AKIA:abc", "malformed"),
    ],
)
def test_what_is_no_signature(header: str, why: str) -> None:
    environ = received("GET", f"{ENDPOINT}/b/k", {"authorization": header})
    assert signing.problem(environ, SECRET, now()) == why


def test_host_and_target_must_be_signed() -> None:
    request = AWSRequest("POST", ENDPOINT, data=b"{}", headers={"X-Other": "1"})
    SigV4Auth(Credentials(KEY, SECRET), "ecs", "eu-north-1").add_auth(request)
    headers = dict(request.headers.items())
    assert signing.problem(received("POST", ENDPOINT, headers, b"{}"), SECRET, now()) is None
    more = {**headers, "X-Amz-Target": "Other.DeleteCluster"}
    assert signing.problem(received("POST", ENDPOINT, more, b"{}"), SECRET, now()) == "malformed"


# -- AWS's example of a body in chunks
# (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html)

CHUNKED = datetime(2013, 5, 24, tzinfo=UTC)
SEED = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
SIGNED = (
    (65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
    (1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
    (0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
)


def in_chunks(data: bytes = b"a") -> Environ:
    names = (
        "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
        "x-amz-decoded-content-length;x-amz-storage-class"
    )
    headers = {
        "host": "s3.amazonaws.com",
        "x-amz-date": "20130524T000000Z",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
        "authorization": f"AWS4-HMAC-SHA256 Credential={KEY}/20130524/us-east-1/s3/aws4_request,"
        f"SignedHeaders={names},Signature={SEED}",
        "x-amz-content-sha256": chunks.PAYLOAD,
        "content-encoding": "aws-chunked",
        "x-amz-decoded-content-length": "66560",
        "content-length": "66824",
    }
    body = b"".join(
        f"{size:x};chunk-signature={signature}\r\n".encode() + data * size + b"\r\n"
        for size, signature in SIGNED
    )
    return received("PUT", "http://s3.amazonaws.com/examplebucket/chunkObject.txt", headers, body)


def test_a_body_in_signed_chunks() -> None:
    environ = in_chunks()
    assert signing.problem(environ, SECRET, CHUNKED) is None
    assert environ["wsgi.input"].read(5) == b"10000"
    assert signing.problem(in_chunks(b"b"), SECRET, CHUNKED) == "wrong"
    short = in_chunks()
    short["wsgi.input"] = io.BytesIO(short["wsgi.input"].read()[:-90])
    assert signing.problem(short, SECRET, CHUNKED) == "wrong"


def test_a_trailer_is_signed_too() -> None:
    seen: list[str] = []

    def sign(text: str) -> str:
        seen.append(text)
        return f"{len(seen):064x}"

    def body(trailer: bytes, signature: int = 2) -> io.BytesIO:
        end = f"0;chunk-signature={1:064x}\r\n".encode()
        return io.BytesIO(
            end + trailer + b"\r\n" + f"x-amz-trailer-signature:{signature:064x}\r\n\r\n".encode()
        )

    seed = chunks.Seed("T", "scope", "first", sign)
    assert chunks.are_signed(body(b"X-Amz-Checksum-Crc32c: sOO8/Q=="), seed, chunks.PAYLOAD_TRAILER)
    digest = "1e376db7e1a34a8ef1c4bcee131a2d60a1cb62503747488624e10995f448d774"
    assert seen[1] == f"AWS4-HMAC-SHA256-TRAILER\nT\nscope\n{1:064x}\n{digest}"
    seen.clear()
    wrong = body(b"a:b", signature=3)
    assert not chunks.are_signed(wrong, seed, chunks.PAYLOAD_TRAILER)
    seen.clear()
    without = io.BytesIO(f"0;chunk-signature={1:064x}\r\n\r\n".encode())
    assert not chunks.are_signed(without, seed, chunks.PAYLOAD_TRAILER)
