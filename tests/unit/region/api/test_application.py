"""Requests: what they change, what clients see when something breaks, Drydock's own paths."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from drydock.errors import RegionError
from drydock.region.api.application import OwnRequest
from tests.support.served import Served, serving

JSON = {"Content-Type": "application/json"}


def ask(
    served: Served, method: str, path: str, body: str = "", headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], str]:
    connection = HTTPConnection(served.url.removeprefix("http://"), timeout=10)
    try:
        connection.request(method, path, body or None, headers or {})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode()
    finally:
        connection.close()


def test_a_change_is_told_once_and_a_look_is_not(served: Served) -> None:
    told: list[str] = []
    served.store.subscribe(told.append)
    ecs = served.client("ecs")
    ecs.create_cluster(clusterName="app")
    before = served.store.generation
    assert told == ["ecs"]
    ecs.describe_clusters(clusters=["app"])
    ecs.list_clusters()
    served.client("ec2").describe_vpcs()
    served.client("sts").get_caller_identity()
    with pytest.raises(ClientError):
        ecs.delete_service(cluster="app", service="none")
    assert told == ["ecs"]
    assert served.store.generation == before


def test_s3_and_route53_change_by_method(served: Served) -> None:
    told: list[str] = []
    served.store.subscribe(told.append)
    s3 = served.client("s3")
    where = {"LocationConstraint": "ap-southeast-2"}
    s3.create_bucket(Bucket="drydock-told", CreateBucketConfiguration=where)
    s3.put_object(Bucket="drydock-told", Key="a", Body=b"1")
    assert s3.get_object(Bucket="drydock-told", Key="a")["Body"].read() == b"1"
    s3.list_objects_v2(Bucket="drydock-told")
    assert told == ["s3", "s3"]
    route53 = served.client("route53")
    route53.create_hosted_zone(Name="example.com", CallerReference="1")
    route53.list_hosted_zones()
    assert told == ["s3", "s3", "route53"]
    s3.delete_object(Bucket="drydock-told", Key="a")
    s3.delete_bucket(Bucket="drydock-told")


def test_a_load_balancer_tells_ec2_too(served: Served) -> None:
    told: list[str] = []
    served.store.subscribe(told.append)
    served.client("elbv2").create_load_balancer(Name="web", Subnets=served.subnets)
    assert set(told) == {"ec2", "elbv2"}


def test_the_account_is_the_stores(served: Served) -> None:
    identity = served.client("sts").get_caller_identity()
    assert identity["Account"] == served.store.account_id


@pytest.mark.parametrize(
    ("service", "operation", "given"),
    [
        ("ecs", "describe_clusters", {"clusters": ["a"]}),
        ("ec2", "describe_vpcs", {}),
        ("rds", "describe_db_clusters", {}),
        ("s3", "list_buckets", {}),
        ("route53", "get_hosted_zone", {"Id": "Z1"}),
    ],
)
def test_a_fault_inside_is_said_so_and_is_not_tried_again(
    served: Served,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    service: str,
    operation: str,
    given: dict[str, Any],
) -> None:
    backend = served.store.backend(service)

    def broken(*_args: Any, **_kwargs: Any) -> None:
        raise ValueError("the secret word")

    monkeypatch.setattr(type(backend), operation, broken)
    with pytest.raises(ClientError) as caught, caplog.at_level(logging.ERROR):
        getattr(served.client(service), operation)(**given)
    error = caught.value.response["Error"]
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert error["Code"] == "NotImplemented"
    assert str(served.log_file) in error["Message"]
    assert "secret word" not in error["Message"]
    assert "the secret word" in caplog.text


@pytest.mark.parametrize(
    ("service", "operation", "given"),
    [
        ("ecs", "submit_task_state_change", {"task": "x"}),
        ("logs", "describe_configuration_templates", {}),
    ],
)
def test_what_is_not_there_is_said_so(
    served: Served, service: str, operation: str, given: dict[str, Any]
) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(served.client(service), operation)(**given)
    assert caught.value.response["Error"]["Code"] == "NotImplemented"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_an_unknown_service_is_not_there(served: Served) -> None:
    scope = "Credential=a/20260101/ap-southeast-2/nosuchthing/aws4_request, Signature=0"
    status, _, body = ask(
        served, "GET", "/", headers={"Authorization": f"AWS4-HMAC-SHA256 {scope}"}
    )
    assert status == 501
    assert "nosuchthing" in body


def test_no_banner_and_no_reset(served: Served) -> None:
    _, headers, _ = ask(served, "GET", "/")
    assert "server" not in {name.lower() for name in headers}
    assert not [name for name in headers if name.lower().startswith("access-control")]
    served.client("ecs").create_cluster(clusterName="app")
    status, _, _ = ask(served, "POST", "/moto-api/reset")
    assert status == 404
    assert served.client("ecs").list_clusters()["clusterArns"]


@pytest.mark.parametrize("first", ["sts", "ec2"])
def test_a_new_region_answers_whatever_is_asked_first(first: str) -> None:
    """In a process of its own: which of moto's backends come first must not matter."""
    code = f"""
import tempfile
from pathlib import Path
from tests.support.served import serving
ask = {{
    "sts": lambda served: served.client("sts").get_caller_identity(),
    "iam": lambda served: served.client("iam").list_roles(),
    "ec2": lambda served: served.client("ec2").describe_vpcs(),
    "s3": lambda served: served.client("s3").list_buckets(),
}}
with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "log") as served:
    for name in sorted(ask, key=lambda one: one != {first!r}):
        ask[name](served)
    served.cluster()
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr


def handled(request: OwnRequest) -> object:
    if request.path.endswith("sad"):
        raise RegionError("it is sad", "because", "cheer it up")
    if request.path.endswith("bad"):
        raise ValueError("the secret word")
    return {"method": request.method, "query": request.query, "body": request.body}


def test_own_paths(tmp_path: Path) -> None:
    paths = dict.fromkeys(("/_drydock/good", "/_drydock/sad", "/_drydock/bad"), handled)
    with serving(tmp_path / "log", handlers=paths) as served:
        status, headers, body = ask(served, "POST", "/_drydock/good?a=b", '{"c": 1}', JSON)
        assert (status, headers["Content-Type"]) == (200, "application/json")
        assert json.loads(body) == {"method": "POST", "query": {"a": "b"}, "body": {"c": 1}}
        status, _, body = ask(served, "GET", "/_drydock/sad")
        assert status == 400
        assert json.loads(body) == {
            "error": "it is sad",
            "cause": "because",
            "remedy": "cheer it up",
        }
        status, _, body = ask(served, "GET", "/_drydock/bad")
        assert status == 500
        assert "secret word" not in body
        assert ask(served, "GET", "/_drydock/none")[0] == 404
        assert ask(served, "DELETE", "/_drydock/good")[0] == 405
        assert ask(served, "POST", "/_drydock/good", "{", JSON)[0] == 400


def test_own_paths_are_for_this_host_alone(tmp_path: Path) -> None:
    with serving(tmp_path / "log", handlers={"/_drydock/good": handled}) as served:
        status, _, _ = ask(served, "GET", "/_drydock/good", headers={"Host": "evil.example"})
        assert status == 403
        kind = {"Content-Type": "text/plain"}
        assert ask(served, "POST", "/_drydock/good", "{}", kind)[0] == 415
    with serving(tmp_path / "log", handlers={"/_drydock/good": handled}, side="inside") as inside:
        assert ask(inside, "GET", "/_drydock/good")[0] == 404


def test_requests_at_once_do_not_collide(served: Served) -> None:
    ecs, ec2 = served.client("ecs"), served.client("ec2")
    failures: list[BaseException] = []

    def work(name: str) -> None:
        try:
            for index in range(5):
                ecs.create_cluster(clusterName=f"{name}-{index}")
                ec2.describe_subnets()
        except BaseException as error:  # noqa: BLE001  (a thread's failure is the test's)
            failures.append(error)

    threads = [threading.Thread(target=work, args=(f"t{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures
    assert len(ecs.list_clusters()["clusterArns"]) == 30
