"""A load balancer with a target group in a scenario, services behind it, and load on it."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.support.scenario import Scenario
from tests.support.waiting import eventually

_numbers = itertools.count(1)

QUICK_CHECKS = {
    "HealthCheckPath": "/healthcheck/",
    "HealthCheckIntervalSeconds": 5,
    "HealthCheckTimeoutSeconds": 2,
    "HealthyThresholdCount": 2,
    "UnhealthyThresholdCount": 2,
}


@dataclass
class Site:
    """A load balancer, its target group and one listener."""

    scenario: Scenario
    name: str
    balancer: str
    group: str
    listener: str
    port: int

    @classmethod
    def build(cls, scenario: Scenario, port: int = 80, **checks: Any) -> Site:
        elb = scenario.region.client("elbv2")
        name = f"{scenario.name}-{next(_numbers)}"
        balancer = elb.create_load_balancer(
            Name=name, Subnets=scenario.subnets, SecurityGroups=[scenario.group]
        )["LoadBalancers"][0]["LoadBalancerArn"]
        group = cls.new_group(scenario, **checks)
        listener = elb.create_listener(
            LoadBalancerArn=balancer,
            Protocol="HTTP",
            Port=port,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
        )["Listeners"][0]["ListenerArn"]
        return cls(scenario, name, balancer, group, listener, port)

    @staticmethod
    def new_group(scenario: Scenario, **checks: Any) -> str:
        elb = scenario.region.client("elbv2")
        group: str = elb.create_target_group(
            Name=f"{scenario.name}-{next(_numbers)}",
            Protocol="HTTP",
            Port=3000,
            VpcId=scenario.vpc,
            TargetType="ip",
            **{**QUICK_CHECKS, **checks},
        )["TargetGroups"][0]["TargetGroupArn"]
        elb.modify_target_group_attributes(
            TargetGroupArn=group,
            Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}],
        )
        return group

    def url(self, port: int | None = None) -> str:
        """Return a listener's URL on this machine; wait until the region prints it."""
        wanted = port or self.port

        def look() -> str:
            for entry in self.scenario.region.inspect()["urls"]:
                if entry["arn"] == self.balancer and entry["port"] == wanted:
                    return str(entry["url"])
            return ""

        return eventually(look, f"the URL of {self.name}:{wanted}")

    def service(self, name: str, definition: str, count: int = 2, **more: Any) -> str:
        """CreateService behind the target group; return its name."""
        self.scenario.region.client("ecs").create_service(
            cluster=self.scenario.cluster,
            serviceName=name,
            taskDefinition=definition,
            desiredCount=count,
            launchType="FARGATE",
            networkConfiguration=self.scenario.network,
            loadBalancers=[
                {"targetGroupArn": self.group, "containerName": "app", "containerPort": 3000}
            ],
            **more,
        )
        return name

    def health(self, group: str = "") -> dict[str, dict[str, str]]:
        """DescribeTargetHealth: return TargetHealth by address."""
        answer = self.scenario.region.client("elbv2").describe_target_health(
            TargetGroupArn=group or self.group
        )
        return {
            one["Target"]["Id"]: one["TargetHealth"] for one in answer["TargetHealthDescriptions"]
        }

    def wait_healthy(self, count: int, seconds: float = 30) -> set[str]:
        """Wait until exactly so many targets are healthy; return their addresses."""

        def look() -> set[str]:
            healthy = {
                address for address, one in self.health().items() if one["State"] == "healthy"
            }
            return healthy if len(healthy) == count else set()

        return eventually(look, f"{count} healthy targets of {self.name}", seconds)

    def wait_state(self, address: str, state: str, seconds: float = 15) -> dict[str, str]:
        """Wait until a target has a state; return its TargetHealth."""
        what = f"{address} of {self.name} is {state}"
        return (
            eventually(
                lambda: (one := self.health().get(address, {})).get("State") == state and one,
                what,
                seconds,
            )
            or {}
        )

    def add_listener(self, port: int) -> str:
        """Add a listener for the same target group; return its ARN."""
        arn: str = self.scenario.region.client("elbv2").create_listener(
            LoadBalancerArn=self.balancer,
            Protocol="HTTP",
            Port=port,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": self.group}],
        )["Listeners"][0]["ListenerArn"]
        self.url(port)
        return arn

    def interfaces(self) -> list[dict[str, Any]]:
        """Return the network interfaces of the load balancer's nodes."""
        found: list[dict[str, Any]] = self.scenario.region.client(
            "ec2"
        ).describe_network_interfaces(
            Filters=[{"Name": "description", "Values": [f"ELB app/{self.name}/*"]}]
        )["NetworkInterfaces"]
        return found

    def delete(self) -> None:
        """DeleteLoadBalancer and DeleteTargetGroup."""
        elb = self.scenario.region.client("elbv2")
        elb.delete_load_balancer(LoadBalancerArn=self.balancer)
        elb.delete_target_group(TargetGroupArn=self.group)

    def get(self, path: str = "/", port: int | None = None, **headers: str) -> dict[str, Any]:
        """Send one GET through the load balancer; return the WEB program's answer."""
        request = urllib.request.Request(self.url(port) + path, headers=headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)
        return found


@dataclass
class Load:
    """The answers and errors that the clients observed."""

    answers: Counter[int] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    names: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return sum(self.answers.values()) + len(self.errors)


@contextmanager
def load(url: str, clients: int = 3, pace: float = 0.004, most: int = 4000) -> Iterator[Load]:
    """Send requests continuously, half on kept connections, half on new ones; at most `most` in all."""
    seen, lock, over = Load(), threading.Lock(), threading.Event()
    host = url.removeprefix("http://")

    def client(keeps: bool) -> None:
        connection = http.client.HTTPConnection(host, timeout=10)
        while not over.is_set() and seen.total < most:
            try:
                connection.request("GET", "/load")
                answer = connection.getresponse()
                body = answer.read()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                with lock:
                    seen.errors.append(repr(error))
                continue
            with lock:
                seen.answers[answer.status] += 1
                if answer.status == 200:
                    seen.names[json.loads(body)["name"]] += 1
            if not keeps:
                connection.close()
            time.sleep(pace)
        connection.close()

    threads = [threading.Thread(target=client, args=(n % 2 == 0,)) for n in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        over.set()
        for thread in threads:
            thread.join()
