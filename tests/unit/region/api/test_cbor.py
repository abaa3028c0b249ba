"""CBOR: what newer SDKs send is answered in CBOR, as botocore reads it."""

from __future__ import annotations

import urllib.request
from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest
from botocore.parsers import create_parser

from drydock.region.api import cbor
from tests.support.served import REGION, Served

GRANITE = "GraniteServiceVersion20100801"


def ask(served: Served, operation: str, body: bytes, service: str = GRANITE) -> tuple[int, Any]:
    """Status and the answer, read by botocore's own parser."""
    request = urllib.request.Request(
        f"{served.url}/service/{service}/operation/{operation}",
        body,
        {
            "Smithy-Protocol": "rpc-v2-cbor",
            "Content-Type": cbor.KIND,
            "Accept": cbor.KIND,
            "Authorization": f"AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/{REGION}/monitoring/aws4_request, X",
        },
    )
    model = botocore.session.get_session().get_service_model("cloudwatch")
    shape = (
        model.operation_model(operation).output_shape
        if operation in model.operation_names
        else None
    )
    try:
        answer = urllib.request.urlopen(request, timeout=30)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        assert answer.headers["smithy-protocol"] == "rpc-v2-cbor"
        headers = {name.lower(): value for name, value in answer.headers.items()}
        found = {"status_code": answer.status, "headers": headers, "body": answer.read()}
    return found["status_code"], create_parser("smithy-rpc-v2-cbor").parse(found, shape)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"a": [1, -1, 23, 24, 255, 256, 65536, 2**40, -500], "b": {"c": "é" * 300}},
        [True, False, None, 1.5, "x" * 70_000],
    ],
)
def test_what_is_written_is_read_again(value: Any) -> None:
    assert cbor.parse(cbor.encode(value)) == value


@pytest.mark.parametrize(
    "body", [b"\xff", b"\xa1", b"\x81" * 5000, b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff"]
)
def test_what_is_damaged_is_no_value(body: bytes) -> None:
    with pytest.raises(ValueError, match="not CBOR"):
        cbor.parse(body)


def test_cloudwatch_answers_in_cbor(served: Served) -> None:
    now = datetime.now(UTC).timestamp()
    datum = {"MetricName": "Orders", "Value": 3.0, "Timestamp": now}
    sent = cbor.encode({"Namespace": "Shop", "MetricData": [datum]})
    assert ask(served, "PutMetricData", sent)[0] == 200
    status, answer = ask(served, "ListMetrics", cbor.encode({"Namespace": "Shop"}))
    assert status == 200
    assert [one["MetricName"] for one in answer["Metrics"]] == ["Orders"]
    asked = {
        "Namespace": "Shop",
        "MetricName": "Orders",
        "StartTime": now - 600,
        "EndTime": now + 600,
        "Period": 60,
        "Statistics": ["Sum"],
    }
    status, answer = ask(served, "GetMetricStatistics", cbor.encode(asked))
    assert status == 200
    assert answer["Datapoints"][0]["Sum"] == 3.0
    assert abs(answer["Datapoints"][0]["Timestamp"].timestamp() - now) < 120


@pytest.mark.parametrize(
    ("operation", "body", "service", "code"),
    [
        ("Nonsense", b"\xa0", GRANITE, "UnknownOperationException"),
        ("ListMetrics", b"\xa0", "Nonsense", "UnknownOperationException"),
        ("ListMetrics", b"\xff", GRANITE, "SerializationException"),
        ("GetMetricStatistics", b"\xa0", GRANITE, "ValidationError"),
    ],
)
def test_a_refusal_is_in_cbor_too(
    served: Served, operation: str, body: bytes, service: str, code: str
) -> None:
    status, answer = ask(served, operation, body, service)
    assert status == 400
    assert answer["Error"]["Code"] == code
