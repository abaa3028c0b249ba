"""Service Connect: tasks call other services by their aliases, through the proxy beside them."""

from __future__ import annotations

import itertools
import json
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support import region as support
from tests.support.minutes import takes_minutes
from tests.support.region import TestRegion
from tests.support.scenario import Scenario
from tests.support.service import Service
from tests.support.waiting import eventually

pytestmark = pytest.mark.region

CALLER = """
import json, signal, sys, time, urllib.error, urllib.request
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
before = None
while True:
    seen = set()
    for _ in range(6):
        try:
            with urllib.request.urlopen("http://{name}/", timeout=20) as answer:
                seen.add(json.load(answer)["address"])
        except urllib.error.HTTPError as error:
            seen.add(f"HTTP {{error.code}}")
            break
        except OSError as error:
            seen.add(str(getattr(error, "reason", error)))
            break
    if seen != before:
        print(json.dumps(sorted(seen)), flush=True)
        before = seen
    time.sleep(0.05)
"""
HTTP = {"containerPort": 3000, "name": "http", "appProtocol": "http"}
PLAIN = {"containerPort": 3000, "name": "plain"}
_numbers = itertools.count()


def proxies(pid: int) -> set[int]:
    """The HAProxies in the network namespace of a process."""
    place = Path(f"/proc/{pid}/ns/net").readlink()
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name, its = (folder / "comm").read_text().strip(), (folder / "ns/net").readlink()
        except OSError:
            continue  # it has ended
        if (name, its) == ("haproxy", place):
            found.add(int(folder.name))
    return found


@dataclass
class Joined:
    """A cluster with a namespace."""

    place: Scenario
    ecs: Any
    namespace: str
    zone: str
    services: list[Service]

    def service(
        self, name: str, image: str, command: list[str], count: int = 1, **more: Any
    ) -> Service:
        """A service that joins the namespace; `ports` and `publishes` as the API takes them."""
        ports, publishes = more.pop("ports", []), more.pop("publishes", [])
        checks = {"healthCheck": more.pop("check")} if "check" in more else {}
        container = self.place.container("app", image, command, portMappings=ports, **checks)
        if more.pop("quiet", False):
            del container["logConfiguration"]
        definition = self.place.define_containers(container)
        self.ecs.create_service(
            cluster=self.place.cluster,
            serviceName=name,
            taskDefinition=definition,
            desiredCount=count,
            launchType="FARGATE",
            networkConfiguration=more.pop("network", self.place.network),
            serviceConnectConfiguration={
                "enabled": True,
                "namespace": self.namespace,
                "services": publishes,
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {
                        "awslogs-group": self.place.log_group,
                        "awslogs-region": self.place.region.record.region,
                        "awslogs-stream-prefix": "t",
                    },
                },
            },
        )
        made = Service(self.place, name)
        self.services.append(made)
        return made

    def caller(self, name: str, target: str) -> str:
        """A service of one task that calls a name → its task, once it runs."""
        made = self.service(name, "psql:1", [CALLER.format(name=target)])
        (task,) = made.wait_running(1)
        return task

    def sees(self, caller: str, outcomes: set[str]) -> None:
        """Wait until a caller's last line are these outcomes."""

        def look() -> bool:
            lines = self.place.output(caller)
            return bool(lines) and set(json.loads(lines[-1])) == outcomes

        eventually(look, f"{caller} sees {outcomes}", 40)


def build(region: TestRegion) -> Joined:
    number = next(_numbers)
    place = Scenario.build(region, f"joined-{number}", f"10.{90 + number}.0.0/16")
    api = region.client("servicediscovery")
    operation = api.create_http_namespace(Name=f"joined-{number}")["OperationId"]
    target = api.get_operation(OperationId=operation)["Operation"]["Targets"]["NAMESPACE"]
    arn = api.get_namespace(Id=target)["Namespace"]["Arn"]
    return Joined(place, region.client("ecs"), arn, place.name, [])


@pytest.fixture
def joined(region: TestRegion) -> Iterator[Joined]:
    found = build(region)
    yield found
    for one in found.services:
        one.delete()
    region.client("servicediscovery").delete_namespace(Id=found.namespace)


def test_calls_are_balanced_and_follow_the_tasks_that_serve(joined: Joined) -> None:
    place = joined.place
    publishes = [{"portName": "http", "clientAliases": [{"port": 80, "dnsName": "store"}]}]
    store = joined.service("store", "web:1", ["store"], 2, ports=[HTTP], publishes=publishes)
    servers = {arn: place.address(arn) for arn in store.wait_running(2)}
    caller = joined.caller("shop", "store")
    joined.sees(caller, set(servers.values()))

    deployment = store.describe()["deployments"][0]
    assert deployment["serviceConnectConfiguration"]["namespace"] == joined.namespace
    (resource,) = deployment["serviceConnectResources"]
    assert resource["discoveryName"] == "http"
    listed = joined.ecs.list_services_by_namespace(namespace=joined.namespace)["serviceArns"]
    assert [arn.rsplit("/", 1)[-1] for arn in listed] == ["shop", "store"]
    kinds = [one["type"] for one in place.task(next(iter(servers)))["attachments"]]
    assert kinds == ["ElasticNetworkInterface", "Service Connect"]

    killed, spared = servers
    place.kill(killed)
    place.wait(killed, "STOPPED")
    new = eventually(lambda: store.running() - {killed, spared}, "another one runs") or set()
    joined.sees(caller, {servers[spared], place.address(new.pop())})

    # a proxy that ends is replaced
    addresses = {place.address(arn) for arn in store.running()}
    (proxy,) = proxies(place.pids(caller)[0])
    os.kill(proxy, signal.SIGKILL)
    eventually(lambda: proxies(place.pids(caller)[0]) - {proxy}, "another proxy")
    joined.sees(caller, addresses)

    store.update(desiredCount=0)
    joined.sees(caller, {"HTTP 503"})

    def told() -> bool:
        return any(" 503 " in line for line in place.output(caller, "ecs-service-connect"))

    eventually(told, "the proxy's log says so")


def test_a_name_is_known_to_tasks_of_later_deployments_alone(joined: Joined) -> None:
    early = joined.service("early", "psql:1", [CALLER.format(name=f"http.{joined.zone}:3000")])
    (first,) = early.wait_running(1)
    publishes = [{"portName": "http"}]
    late = joined.service("late", "web:1", ["late"], ports=[HTTP], publishes=publishes)
    (server,) = late.wait_running(1)
    (said,) = joined.place.wait_for_output(first, 1)
    assert "known" in said or "resolution" in said

    early.update(forceNewDeployment=True)
    second = eventually(lambda: early.running() - {first}, "a task of the new deployment")
    joined.sees((second or set()).pop(), {joined.place.address(server)})
    assert joined.place.output(first) == [said]


def test_a_security_group_that_is_closed_keeps_calls_out(joined: Joined) -> None:
    ec2 = joined.place.region.client("ec2")
    closed = ec2.create_security_group(
        GroupName="closed", Description="closed", VpcId=joined.place.vpc
    )["GroupId"]
    network = dict(joined.place.network["awsvpcConfiguration"], securityGroups=[closed])
    alias = {"port": 81, "dnsName": "kept"}
    kept = joined.service(
        "kept",
        "web:1",
        ["kept"],
        ports=[PLAIN],
        publishes=[{"portName": "plain", "ingressPortOverride": 4000, "clientAliases": [alias]}],
        network={"awsvpcConfiguration": network},
    )
    kept.wait_running(1)
    caller = joined.caller("caller", "kept:81")
    said = joined.place.wait_for_output(caller, 1)
    assert "127.0.0.1" not in said[0]

    everybody = [{"CidrIp": "0.0.0.0/0"}]
    rule = {"IpProtocol": "tcp", "FromPort": 4000, "ToPort": 4000, "IpRanges": everybody}
    ec2.authorize_security_group_ingress(GroupId=closed, IpPermissions=[rule])
    joined.sees(caller, {"127.0.0.1"})  # it came in by the proxy of the server's task


@takes_minutes
def test_after_a_kill_of_the_region_calls_reach_the_new_tasks(own_region: TestRegion) -> None:
    joined = build(own_region)
    publishes = [{"portName": "http", "clientAliases": [{"port": 80, "dnsName": "store"}]}]
    store = joined.service(
        "store", "web:1", ["store"], ports=[HTTP], publishes=publishes, quiet=True
    )
    before = store.wait_running(1)
    first = joined.caller("shop", "store")
    joined.sees(first, {joined.place.address(*before)})
    own_region.kill_daemon()
    own_region.record = support.start(own_region.workspace)
    (server,) = store.wait_running(1)
    (caller,) = joined.services[1].wait_running(1)
    assert not {server, caller} & {first, *before}
    joined.sees(caller, {joined.place.address(server)})


def test_a_rolling_deployment_fails_no_call(joined: Joined) -> None:
    publishes = [{"portName": "http", "clientAliases": [{"port": 80, "dnsName": "store"}]}]
    # without a check a task counts as healthy before its program listens, here as on AWS
    listens = "exec 3<>/dev/tcp/127.0.0.1/3000"
    check = {"command": ["CMD", "/bin/bash", "-c", listens], "interval": 5, "retries": 10}
    store = joined.service(
        "store", "web:1", ["store"], 2, ports=[HTTP], publishes=publishes, check=check
    )
    before = store.wait_running(2)
    caller = joined.caller("shop", "store")
    joined.sees(caller, {joined.place.address(arn) for arn in before})
    store.update(forceNewDeployment=True)
    after = store.wait_running(2)
    for arn in before:
        joined.place.wait(arn, "STOPPED")
    joined.sees(caller, {joined.place.address(arn) for arn in after})
    seen = {one for line in joined.place.output(caller) for one in json.loads(line)}
    assert seen <= {joined.place.address(arn) for arn in (*before, *after)}
