"""How long the check of a request takes before it is dispatched: p50 and p99 in microseconds.

.venv/bin/python -m benchmarks.validation
"""

from __future__ import annotations

import json
import time
from urllib.parse import urlencode

from drydock.region.api.operations import Environ, identify
from drydock.region.api.validation import refuse

ROUNDS = 2000
_FORM = "application/x-www-form-urlencoded"


def environ(
    scope: str, body: str, target: str = "", path: str = "/", method: str = "POST"
) -> Environ:
    """The WSGI environ of a request, but for its body."""
    found: Environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "4566",
        "HTTP_HOST": "127.0.0.1:4566",
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential=A/20260101/eu-west-1/{scope}/aws4_request, X",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "body": body.encode(),
    }
    if target:
        found["HTTP_X_AMZ_TARGET"] = target
    elif body and not body.startswith("<"):
        found["CONTENT_TYPE"] = _FORM
    return found


_CONTAINERS = [
    {
        "name": f"c{number}",
        "image": "app",
        "portMappings": [{"containerPort": 80}],
        "environment": [{"name": f"N{one}", "value": "v"} for one in range(20)],
    }
    for number in range(2)
]
_ECS = "AmazonEC2ContainerServiceV20141113"
REQUESTS = {
    "ssm PutParameter": environ(
        "ssm",
        json.dumps({"Name": "/a/b", "Value": "c", "Type": "String", "Overwrite": True}),
        "AmazonSSM.PutParameter",
    ),
    "ecs RegisterTaskDefinition": environ(
        "ecs",
        json.dumps({"family": "app", "cpu": "256", "containerDefinitions": _CONTAINERS}),
        f"{_ECS}.RegisterTaskDefinition",
    ),
    "ecs DescribeTasks of 100": environ(
        "ecs",
        json.dumps({"cluster": "app", "tasks": [f"{number:032}" for number in range(100)]}),
        f"{_ECS}.DescribeTasks",
    ),
    "ec2 CreateSecurityGroup": environ(
        "ec2",
        urlencode(
            {
                "Action": "CreateSecurityGroup",
                "GroupName": "a",
                "GroupDescription": "b",
                "VpcId": "vpc-1",
            }
        ),
    ),
    "ec2 DescribeSubnets": environ(
        "ec2",
        urlencode(
            {"Action": "DescribeSubnets", "Filter.1.Name": "vpc-id", "Filter.1.Value.1": "vpc-1"}
        ),
    ),
    "rds DescribeDBClusters": environ("rds", "Action=DescribeDBClusters"),
    "route53 GetHostedZone": environ("route53", "", path="/2013-04-01/hostedzone/Z1", method="GET"),
    "s3 GetObject": environ("s3", "", path="/bucket/key", method="GET"),
    "s3 PutObject": environ("s3", "", path="/bucket/key", method="PUT"),
}


class _Body:
    """A request's body, as a server gives it."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, _length: int = -1) -> bytes:
        return self._data


def main() -> None:
    print(f"{'request':<30}{'first ms':>10}{'p50 µs':>10}{'p99 µs':>10}")
    for name, found in REQUESTS.items():
        taken = []
        for _ in range(ROUNDS):
            one = {**found, "wsgi.input": _Body(found["body"])}
            begun = time.perf_counter()
            answer = refuse(one, identify(one))
            taken.append(time.perf_counter() - begun)
            assert answer is None, answer
        first, *taken = taken
        taken.sort()
        p50, p99 = (taken[int(len(taken) * part)] * 1e6 for part in (0.5, 0.99))
        print(f"{name:<30}{first * 1e3:>10.1f}{p50:>10.0f}{p99:>10.0f}")


if __name__ == "__main__":
    main()
