"""What a request asks for, read from its headers and body alone."""

from __future__ import annotations

import io

import pytest

from drydock.region.api.operations import Environ, identify


def request(
    service: str, *, method: str = "POST", target: str = "", body: str = "", path: str = "/"
) -> Environ:
    environ: Environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential=A/20260101/ap-southeast-2/{service}/aws4_request, X",
        "wsgi.input": io.BytesIO(body.encode()),
        "CONTENT_LENGTH": str(len(body)),
    }
    if target:
        environ["HTTP_X_AMZ_TARGET"] = target
    if body:
        environ["CONTENT_TYPE"] = "application/x-www-form-urlencoded; charset=utf-8"
    return environ


@pytest.mark.parametrize(
    ("environ", "service", "name", "protocol", "changes"),
    [
        (request("ecs", target="X.RunTask"), "ecs", "RunTask", "json", True),
        (request("ecs", target="X.DescribeTasks"), "ecs", "DescribeTasks", "json", False),
        (request("kms", target="X.Decrypt"), "kms", "Decrypt", "json", False),
        (request("kms", target="X.CreateKey"), "kms", "CreateKey", "json", True),
        (
            request("elasticloadbalancing", body="Action=CreateListener&Version=1"),
            "elbv2",
            "CreateListener",
            "query",
            True,
        ),
        (request("ec2", body="Action=DescribeVpcs"), "ec2", "DescribeVpcs", "ec2", False),
        (request("s3", method="GET", path="/b/k"), "s3", "", "rest-xml", False),
        (request("s3", method="PUT", path="/b/k"), "s3", "", "rest-xml", True),
        (request("backup", method="DELETE"), "backup", "", "rest-json", True),
        (
            request("monitoring", body="Action=GetMetricData"),
            "cloudwatch",
            "GetMetricData",
            "query",
            False,
        ),
    ],
)
def test_identify(environ: Environ, service: str, name: str, protocol: str, changes: bool) -> None:
    found = identify(environ)
    assert (found.service, found.name, found.protocol) == (service, name, protocol)
    assert found.changes is changes


def test_the_body_is_put_back() -> None:
    environ = request("ec2", body="Action=DescribeVpcs&Version=1")
    identify(environ)
    assert environ["wsgi.input"].read() == b"Action=DescribeVpcs&Version=1"


def test_a_presigned_url_names_its_service_in_the_query() -> None:
    environ = request("ignored", method="GET")
    del environ["HTTP_AUTHORIZATION"]
    environ["QUERY_STRING"] = "X-Amz-Credential=A%2F20260101%2Feu-west-1%2Fsts%2Faws4_request"
    assert identify(environ).service == "sts"


def test_without_a_signature_it_is_s3() -> None:
    environ = request("x", method="GET", path="/bucket/key")
    del environ["HTTP_AUTHORIZATION"]
    assert str(identify(environ)) == "s3:GET"
