"""A place for the benchmark of tasks: the default VPC, a cluster, and short ways to use them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.support import client, drydock

_ANYWHERE = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
CLUSTER = "bench"
_PORT = 3000


def wait(true: Callable[[], bool], what: str, seconds: float = 20) -> None:
    """Look every 5 ms. Ends the benchmark when time is up."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise SystemExit(f"not true in {seconds} s: {what}")
        time.sleep(0.005)


class TaskPlace:
    """Of one region."""

    def __init__(self, folder: Path, ec2: Any) -> None:
        self._folder = folder
        self._ecs: Any = client(folder, "ecs")
        self._elb: Any = client(folder, "elbv2")
        self.daemon = int(
            json.loads((folder / ".drydock/region/region.json").read_text())["daemon_pid"]
        )
        self._vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]  # fmt: skip
        own = [{"Name": "vpc-id", "Values": [self._vpc]}]
        self._subnets = [
            one["SubnetId"] for one in ec2.describe_subnets(Filters=own)["Subnets"][:2]
        ]
        self._group = ec2.create_security_group(
            GroupName="tasks", Description="x", VpcId=self._vpc
        )["GroupId"]
        ec2.authorize_security_group_ingress(GroupId=self._group, IpPermissions=_ANYWHERE)
        self._ecs.create_cluster(clusterName=CLUSTER)

    @property
    def _network(self) -> dict[str, Any]:
        return {
            "awsvpcConfiguration": {
                "subnets": self._subnets,
                "securityGroups": [self._group],
                "assignPublicIp": "ENABLED",
            }
        }

    def define(self, family: str, image: str, command: Sequence[str]) -> str:
        """RegisterTaskDefinition of one container → the family."""
        self._ecs.register_task_definition(
            family=family,
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            containerDefinitions=[
                {
                    "name": "app",
                    "image": image,
                    "command": list(command),
                    "stopTimeout": 2,
                    "portMappings": [{"containerPort": _PORT}],
                }
            ],
        )
        return family

    def run(self, family: str) -> None:
        """RunTask."""
        self._ecs.run_task(
            cluster=CLUSTER,
            taskDefinition=family,
            launchType="FARGATE",
            networkConfiguration=self._network,
        )

    def service(self, name: str, family: str, tasks: int, group: str = "") -> str:
        """CreateService → its name."""
        target = {"targetGroupArn": group, "containerName": "app", "containerPort": _PORT}
        self._ecs.create_service(
            cluster=CLUSTER,
            serviceName=name,
            taskDefinition=family,
            desiredCount=tasks,
            launchType="FARGATE",
            networkConfiguration=self._network,
            **({"loadBalancers": [target]} if group else {}),
        )
        return name

    def end(self, name: str) -> None:
        """DeleteService, and wait for its tasks' end."""
        self._ecs.delete_service(cluster=CLUSTER, service=name, force=True)
        wait(lambda: not self.tasks(name), f"{name} has no tasks", 60)

    def running(self, names: Sequence[str]) -> int:
        """How many tasks of some services are RUNNING."""
        found = []
        for begin in range(0, len(names), 10):
            asked = list(names[begin : begin + 10])
            found += self._ecs.describe_services(cluster=CLUSTER, services=asked)["services"]
        return sum(int(one["runningCount"]) for one in found)

    def tasks(self, name: str) -> dict[str, str]:
        """ARN → private address of a service's tasks that are RUNNING and shall be."""
        arns = self._ecs.list_tasks(cluster=CLUSTER, serviceName=name)["taskArns"]
        if not arns:
            return {}
        found = self._ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"]
        return {
            one["taskArn"]: one["containers"][0]["networkInterfaces"][0]["privateIpv4Address"]
            for one in found
            if one["lastStatus"] == "RUNNING"
        }

    def pids(self, arn: str) -> list[int]:
        """The host's process ids of a task."""
        status = json.loads(drydock(self._folder, "status", "--json"))
        found = [one["pids"] for one in status["tasks"] if one["arn"] == arn]
        return [int(pid) for pids in found for pid in pids]

    def target_group(self, interval: int) -> str:
        """A target group behind a load balancer; its targets are healthy after two checks."""
        balancer = self._elb.create_load_balancer(
            Name="tasks", Subnets=self._subnets, SecurityGroups=[self._group]
        )["LoadBalancers"][0]["LoadBalancerArn"]
        group: str = self._elb.create_target_group(
            Name="tasks",
            Protocol="HTTP",
            Port=_PORT,
            VpcId=self._vpc,
            TargetType="ip",
            HealthCheckIntervalSeconds=interval,
            HealthCheckTimeoutSeconds=interval // 2,
            HealthyThresholdCount=2,
        )["TargetGroups"][0]["TargetGroupArn"]
        self._elb.create_listener(
            LoadBalancerArn=balancer,
            Protocol="HTTP",
            Port=18099,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
        )
        return group

    def healthy(self, group: str) -> set[str]:
        """The addresses of its healthy targets."""
        found = self._elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return {one["Target"]["Id"] for one in found if one["TargetHealth"]["State"] == "healthy"}
