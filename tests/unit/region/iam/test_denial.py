"""Refusals as SDKs read them, in every protocol."""

from __future__ import annotations

import pytest
from botocore.parsers import create_parser

from drydock.region.api.denial import Denial, Why
from drydock.region.api.operations import Operation

SENTENCE = "User: x is not authorized to perform: a:B on resource: * because <&>"


@pytest.mark.parametrize(
    ("service", "protocol", "parser", "why", "status", "code"),
    [
        ("ecs", "json", "json", "denied", 400, "AccessDeniedException"),
        ("ecs", "json", "json", "unknown key", 400, "UnrecognizedClientException"),
        ("ecs", "json", "json", "expired", 400, "ExpiredTokenException"),
        ("iam", "query", "query", "denied", 403, "AccessDenied"),
        ("iam", "query", "query", "unknown key", 403, "InvalidClientTokenId"),
        ("sts", "query", "query", "expired", 403, "ExpiredToken"),
        ("ec2", "ec2", "ec2", "denied", 403, "UnauthorizedOperation"),
        ("ec2", "ec2", "ec2", "unknown key", 401, "AuthFailure"),
        ("ec2", "ec2", "ec2", "expired", 400, "RequestExpired"),
        ("s3", "rest-xml", "rest-xml", "denied", 403, "AccessDenied"),
        ("s3", "rest-xml", "rest-xml", "unknown key", 403, "InvalidAccessKeyId"),
        ("route53", "rest-xml", "rest-xml", "denied", 403, "AccessDenied"),
        ("backup", "rest-json", "rest-json", "denied", 403, "AccessDeniedException"),
        ("cloudwatch", "cbor", "smithy-rpc-v2-cbor", "denied", 400, "AccessDeniedException"),
        ("iam", "query", "query", "unsigned", 403, "MissingAuthenticationToken"),
    ],
)
def test_each_protocol(
    service: str, protocol: str, parser: str, why: Why, status: int, code: str
) -> None:
    denial = Denial(why, SENTENCE if why == "denied" else "")
    got, kind, body = denial.render(Operation(service, "B", "POST", protocol))
    assert got == status
    answer = create_parser(parser).parse(
        {"status_code": got, "headers": {"content-type": kind}, "body": body},
        None,  # type: ignore[arg-type]
    )
    assert answer["Error"]["Code"] == code
    message = answer["Error"]["Message"]
    if why == "denied":
        assert message.endswith(SENTENCE)
    else:
        assert message


def test_head_has_no_body() -> None:
    head = Operation("s3", "", "HEAD", "rest-xml")
    assert Denial("denied", SENTENCE).render(head)[::2] == (403, b"")
