"""What ops read, on moto's answers: services, logs, status."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from drydock.aws import clients
from drydock.aws.clients import Clients
from drydock.errors import ResourceMissing, UsageError
from drydock.ops import logs, services, status
from drydock.ops.services import Scope
from tests.support.plain_moto import plain_moto

REGION = "ap-southeast-2"
GROUP = "/ecs/shop"


@pytest.fixture(scope="module")
def shared() -> Clients:
    return Clients(boto3.Session("key", "secret", region_name=REGION), None, clients.LOCAL_PACE)


@pytest.fixture
def api(shared: Clients, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clients]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    with plain_moto():
        yield shared


def make_service(api: Clients, cluster: str = "shop-app", name: str = "app", count: int = 2) -> str:
    api.ecs.create_cluster(clusterName=cluster)
    definition = api.ecs.register_task_definition(
        family="shop",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[
            {
                "name": "app",
                "image": "shop:1",
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {"awslogs-group": GROUP, "awslogs-stream-prefix": "app"},
                },
            },
            {"name": "quiet", "image": "quiet:1"},
        ],
    )["taskDefinition"]["taskDefinitionArn"]
    subnet = api.ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    group = api.ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
    api.ecs.create_service(
        cluster=cluster,
        serviceName=name,
        taskDefinition=definition,
        launchType="FARGATE",
        desiredCount=count,
        networkConfiguration={
            "awsvpcConfiguration": {"subnets": [subnet], "securityGroups": [group]}
        },
    )
    return definition


def write(api: Clients, stream: str, *lines: tuple[int, str]) -> None:
    if not api.logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=stream)[
        "logStreams"
    ]:
        api.logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
    events: Any = [{"timestamp": at, "message": text} for at, text in lines]
    api.logs.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=events)


def now_ms() -> int:
    import time

    return int(time.time() * 1000)


def test_the_only_service_is_found_with_its_network(api: Clients) -> None:
    definition = make_service(api)
    found = services.find(api, Scope())
    assert (found.name, found.cluster_name, found.task_definition) == (
        "app",
        "shop-app",
        definition,
    )
    assert found.launch_type == "FARGATE"
    assert found.network["awsvpcConfiguration"]["subnets"]


def test_among_several_the_user_has_to_name_one(api: Clients) -> None:
    make_service(api)
    make_service(api, cluster="blog-app")
    with pytest.raises(UsageError, match="blog-app/app, shop-app/app"):
        services.find(api, Scope())
    assert services.find(api, Scope(cluster="blog-app")).cluster_name == "blog-app"
    assert services.find(api, Scope.of_outputs({"ecs_cluster_name": "shop-app"})).name == "app"


def test_more_services_than_one_describe_takes_are_all_seen(api: Clients) -> None:
    for number in range(12):
        make_service(api, name=f"app-{number}", count=0)
    assert len(services.describe(api, Scope())) == 12
    assert services.find(api, Scope(service="app-11")).name == "app-11"


@pytest.mark.parametrize("scope", [Scope(), Scope(cluster="none"), Scope(service="none")])
def test_no_service_is_an_error_that_says_what_to_do(api: Clients, scope: Scope) -> None:
    with pytest.raises(ResourceMissing, match="drydock up"):
        services.find(api, scope)


def test_lines_of_all_streams_come_ordered_by_time(api: Clients) -> None:
    start = now_ms()
    definition = make_service(api)
    api.logs.create_log_group(logGroupName=GROUP)
    write(api, "app/app/aaaa", (start + 1, "first"), (start + 3, "third"))
    write(api, "app/app/bbbb", (start + 2, "second"), (start + 3, "third too"))
    where = logs.of_service(api, definition)
    lines = list(logs.tail(api, where, since=start, follow=False))
    assert [line.text for line in lines][:2] == ["first", "second"]
    assert {line.text for line in lines[2:]} == {"third", "third too"}
    assert lines[0].task == "aaaa"
    assert list(logs.tail(api, where, since=start + 1000, follow=False)) == []


def test_following_shows_each_line_once(api: Clients) -> None:
    start = now_ms()
    definition = make_service(api)
    api.logs.create_log_group(logGroupName=GROUP)
    write(api, "app/app/aaaa", (start, "first"))
    rounds = iter(["same millisecond", "later"])

    def meanwhile(_seconds: float) -> None:
        text = next(rounds)
        write(api, "app/app/aaaa", (start if text.startswith("same") else start + 9_000, text))

    where = logs.of_service(api, definition)
    lines = logs.tail(api, where, since=start, follow=True, sleep=meanwhile)
    assert [next(lines).text for _ in range(3)] == ["first", "same millisecond", "later"]
    with pytest.raises(RuntimeError):  # from the scripted sleep: there was nothing more to show
        next(lines)


def test_a_stream_is_read_to_its_end_page_by_page(api: Clients) -> None:
    start = now_ms()
    api.logs.create_log_group(logGroupName=GROUP)
    reader = logs.StreamReader(api, GROUP, "app/app/aaaa")
    assert reader.read() == []
    write(api, "app/app/aaaa", *((start + n, f"line {n}") for n in range(30)))
    assert [line.text for line in reader.read()] == [f"line {n}" for n in range(30)]
    assert reader.read() == []
    write(api, "app/app/aaaa", (start + 40, "the last"))
    assert [line.text for line in reader.read()] == ["the last"]


def test_a_service_without_logs_says_how_to_get_them(api: Clients) -> None:
    definition = api.ecs.register_task_definition(
        family="quiet", containerDefinitions=[{"name": "app", "image": "x", "memory": 64}]
    )["taskDefinition"]["taskDefinitionArn"]
    with pytest.raises(ResourceMissing, match="awslogs"):
        logs.of_service(api, definition)


def test_a_missing_log_group_is_named(api: Clients) -> None:
    definition = make_service(api)
    with pytest.raises(ResourceMissing, match=GROUP):
        list(logs.tail(api, logs.of_service(api, definition), since=0, follow=False))


def test_status_reads_services_and_leaves_other_clusters_alone(api: Clients) -> None:
    make_service(api)
    make_service(api, cluster="blog-app")
    found = status.read(api, Scope(cluster="blog-app"))
    assert [one.cluster for one in found.services] == ["blog-app"]
    assert len(status.read(api, Scope()).services) == 2


def test_a_tasks_address_and_end_are_as_ecs_tells() -> None:
    task = {
        "taskArn": "arn:aws:ecs:r:1:task/shop-app/aaaa",
        "clusterArn": "arn:aws:ecs:r:1:cluster/shop-app",
        "lastStatus": "STOPPED",
        "attachments": [
            {
                "details": [
                    {"name": "subnetId", "value": "subnet-1"},
                    {"name": "privateIPv4Address", "value": "10.0.0.9"},
                ]
            }
        ],
        "stoppedReason": "Essential container in task exited",
        "containers": [{"name": "app", "exitCode": 137}],
    }
    found = status.task_status(task)
    assert (found.address, found.cluster) == ("10.0.0.9", "shop-app")
    assert found.exit_codes == {"app": 137}
    assert status.task_status({"taskArn": "x"}).address == ""


@pytest.mark.parametrize(
    ("protocol", "port", "url"),
    [
        ("HTTP", 80, "http://lb.example"),
        ("HTTP", 8080, "http://lb.example:8080"),
        ("HTTPS", 443, "https://lb.example"),
        ("HTTPS", 8443, "https://lb.example:8443"),
    ],
)
def test_a_listeners_url_leaves_the_usual_port_out(protocol: str, port: int, url: str) -> None:
    balancer = {"LoadBalancerName": "lb", "DNSName": "lb.example"}
    assert status.url_of(balancer, {"Protocol": protocol, "Port": port}).url == url
