"""Tasks of a service are found by their Cloud Map name from inside the VPC: the healthy ones, while they serve."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support import region as support
from tests.support.minutes import takes_minutes
from tests.support.region import TestRegion
from tests.support.scenario import Scenario
from tests.support.waiting import eventually

pytestmark = pytest.mark.region

WATCHER = """
import json, socket, time, sys
before = None
while True:
    try:
        found = sorted(socket.gethostbyname_ex("{name}")[2])
    except OSError:
        found = []
    if found != before:
        print(json.dumps(found), flush=True)
        before = found
    time.sleep(0.03)
"""
LEAVER = """
import json, signal, socket, sys, time
def named():
    try:
        return socket.gethostbyname_ex("{name}")[2]
    except OSError:
        return []
def leave(*_):
    deadline = time.monotonic() + 10  # a server may still have the answer of a moment ago
    while len(named()) > 1 and time.monotonic() < deadline:
        time.sleep(0.05)
    print("left", json.dumps(named()), flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
while True:
    time.sleep(1)
"""
ASKER = """
import json, boto3, dnslib
resolver = next(line.split()[1] for line in open("/etc/resolv.conf") if line.startswith("nameserver"))
answer = dnslib.DNSRecord.parse(dnslib.DNSRecord.question("{name}", "SRV").send(resolver))
print(json.dumps([[str(one.rdata.target), one.rdata.port] for one in answer.rr]))
found = boto3.client("servicediscovery").discover_instances(NamespaceName="{zone}", ServiceName="rpc")
print(json.dumps([one["Attributes"]["AWS_INSTANCE_IPV4"] for one in found["Instances"]]))
"""


_NUMBERS = itertools.count()


@dataclass
class Named:
    """A VPC with host names and a namespace."""

    place: Scenario
    api: Any
    ecs: Any
    namespace: str
    zone: str

    def registry(self, name: str, kind: str, **more: Any) -> str:
        """CreateService → its ARN."""
        dns = {"DnsRecords": [{"Type": kind, "TTL": 5}], "NamespaceId": self.namespace}
        arn: str = self.api.create_service(Name=name, DnsConfig=dns, **more)["Service"]["Arn"]
        return arn

    def service(self, name: str, definition: str, count: int, **registry: Any) -> None:
        self.ecs.create_service(
            cluster=self.place.cluster,
            serviceName=name,
            taskDefinition=definition,
            desiredCount=count,
            launchType="FARGATE",
            networkConfiguration=self.place.network,
            serviceRegistries=[registry],
        )

    def running(self, name: str, count: int) -> dict[str, str]:
        """Task's ARN → its address, once so many run."""

        def look() -> dict[str, str]:
            arns = self.ecs.list_tasks(cluster=self.place.cluster, serviceName=name)["taskArns"]
            tasks = [self.place.task(arn) for arn in arns]
            up = [one["taskArn"] for one in tasks if one["lastStatus"] == "RUNNING"]
            return {arn: self.place.address(arn) for arn in up} if len(up) == count else {}

        return eventually(look, f"{count} tasks of {name}") or {}

    def sees(self, watcher: str, addresses: set[str]) -> None:
        """Wait until a watcher's last line are these addresses."""

        def look() -> bool:
            lines = self.place.output(watcher)
            return bool(lines) and set(json.loads(lines[-1])) == addresses

        eventually(look, f"the name stands for {addresses}")


@pytest.fixture
def named(region: TestRegion) -> Iterator[Named]:
    found = build(region)
    yield found
    place, ecs = found.place, found.ecs
    for arn in ecs.list_services(cluster=place.cluster)["serviceArns"]:
        ecs.delete_service(cluster=place.cluster, service=arn, force=True)
    for arn in ecs.list_tasks(cluster=place.cluster)["taskArns"]:
        place.stop(arn)


def build(region: TestRegion) -> Named:
    number = next(_NUMBERS)
    place = Scenario.build(region, f"found-{number}", f"10.{76 + number}.0.0/16")
    region.client("ec2").modify_vpc_attribute(VpcId=place.vpc, EnableDnsHostnames={"Value": True})
    zone = f"found-{number}.test"
    api, ecs = region.client("servicediscovery"), region.client("ecs")
    operation = api.create_private_dns_namespace(Name=zone, Vpc=place.vpc)["OperationId"]
    target = api.get_operation(OperationId=operation)["Operation"]["Targets"]["NAMESPACE"]
    return Named(place, api, ecs, target, zone)


def test_tasks_are_found_while_they_serve_and_only_if_healthy(named: Named, tmp_path: Path) -> None:
    place, name = named.place, f"web.{named.zone}"
    watcher = place.run(place.define("psql:1", [WATCHER.format(name=name)]))
    place.wait(watcher, "RUNNING")
    web = named.registry("web", "A", HealthCheckCustomConfig={"FailureThreshold": 1})
    named.service("web", place.define("psql:1", [LEAVER.format(name=name)]), 2, registryArn=web)
    tasks = named.running("web", 2)
    named.sees(watcher, set(tasks.values()))
    one = named.api.list_instances(ServiceId=web.rsplit("/", 1)[-1])["Instances"][0]
    assert one["Id"] in {arn.rsplit("/", 1)[-1] for arn in tasks}
    assert one["Attributes"]["ECS_SERVICE_NAME"] == "web"

    # who is asked to end is found no more
    named.ecs.update_service(cluster=place.cluster, service="web", desiredCount=1)
    (gone,) = tasks.keys() - named.running("web", 1).keys()
    place.wait(gone, "STOPPED")
    (line,) = place.output(gone)
    assert line.startswith("left ")
    assert tasks[gone] not in json.loads(line.removeprefix("left "))
    named.sees(watcher, {tasks[arn] for arn in tasks if arn != gone})

    # a second service of the same name, of whose two tasks one is healthy
    marker = f"{tmp_path}/$(basename $ECS_CONTAINER_METADATA_URI_V4)"
    definition = place.define(
        "shell:1",
        [f"mkdir {tmp_path}/first 2>/dev/null && touch {marker}; exec sleep 600"],
        healthCheck={
            "command": ["CMD-SHELL", f"test -e {marker}"],
            "interval": 5,
            "retries": 10,
            "startPeriod": 300,
        },
    )
    named.service("half", definition, 2, registryArn=web)
    half = named.running("half", 2)

    def judged() -> dict[str, str]:
        found = named.api.get_instances_health_status(ServiceId=web.rsplit("/", 1)[-1])["Status"]
        ours = {arn: found.get(arn.rsplit("/", 1)[-1], "") for arn in half}
        return ours if sorted(ours.values()) == ["HEALTHY", "UNHEALTHY"] else {}

    healths = eventually(judged, "one of the two is healthy") or {}
    (well,) = [half[arn] for arn, health in healths.items() if health == "HEALTHY"]
    named.sees(watcher, {well, *(tasks[arn] for arn in tasks if arn != gone)})


def test_ports_are_found_by_srv_records_and_by_an_sdk_in_a_task(named: Named) -> None:
    place = named.place
    rpc = named.registry("rpc", "SRV")
    definition = place.define("shell:1", ["exec sleep 600"])
    named.service("rpc", definition, 1, registryArn=rpc, containerName="app", containerPort=3000)
    ((arn, address),) = named.running("rpc", 1).items()
    program = ASKER.format(name=f"rpc.{named.zone}", zone=named.zone)
    asker = place.run(place.define("psql:1", [program]))
    place.wait(asker, "STOPPED")
    srv, found = (json.loads(line) for line in place.wait_for_output(asker, 2))
    assert srv == [[f"{arn.rsplit('/', 1)[-1]}.rpc.{named.zone}.", 3000]]
    assert found == [address]


def test_old_tasks_stay_where_their_deployment_put_them(named: Named) -> None:
    old, new = named.registry("old", "A"), named.registry("new", "A")
    named.service("moved", named.place.define("shell:1", ["exec sleep 600"]), 1, registryArn=old)
    (first,) = named.running("moved", 1)

    def listed(arn: str) -> list[str]:
        found = named.api.list_instances(ServiceId=arn.rsplit("/", 1)[-1])["Instances"]
        return [str(one["Id"]) for one in found]

    def completed() -> bool:
        told = named.ecs.describe_services(cluster=named.place.cluster, services=["moved"])
        return bool(told["services"][0]["deployments"][0]["rolloutState"] == "COMPLETED")

    eventually(completed, "its task counts as healthy")
    assert listed(old) == [first.rsplit("/", 1)[-1]]
    named.ecs.update_service(
        cluster=named.place.cluster, service="moved", serviceRegistries=[{"registryArn": new}]
    )
    seen = []

    def moved() -> bool:
        seen.append((listed(old), listed(new)))
        return seen[-1][0] == [] and len(seen[-1][1]) == 1

    eventually(moved, "the new task is in the new one alone", every=0.02)
    assert all(before or after for before, after in seen)
    assert not any(first.rsplit("/", 1)[-1] in after for _, after in seen)


@takes_minutes
def test_after_a_kill_only_the_new_tasks_are_found(own_region: TestRegion) -> None:
    named = build(own_region)
    arn = named.registry("web", "A")
    named.service("web", named.place.define("shell:1", ["exec sleep 600"]), 2, registryArn=arn)
    before = named.running("web", 2)

    def listed() -> set[str]:
        found = named.api.list_instances(ServiceId=arn.rsplit("/", 1)[-1])["Instances"]
        return {one["Id"] for one in found}

    eventually(lambda: listed() == {one.rsplit("/", 1)[-1] for one in before}, "both are listed")
    own_region.kill_daemon()
    own_region.record = support.start(own_region.workspace)
    # it may be at another port now
    named.api, named.ecs = own_region.client("servicediscovery"), own_region.client("ecs")
    after = named.running("web", 2)
    assert not after.keys() & before.keys()
    eventually(lambda: listed() == {one.rsplit("/", 1)[-1] for one in after}, "the new are listed")
    watcher = named.place.run(
        named.place.define("psql:1", [WATCHER.format(name=f"web.{named.zone}")])
    )
    named.sees(watcher, set(after.values()))
