"""Set up what most tests of the region need: a VPC, an ECS cluster, a log group, and shortcuts."""

from __future__ import annotations

import itertools
import json
import os
import signal
from dataclasses import dataclass, field
from typing import Any

from tests.support.region import TestRegion, descendants
from tests.support.waiting import eventually

_numbers = itertools.count(1)


@dataclass
class Scenario:
    """A place to run tasks in."""

    region: TestRegion
    name: str
    vpc: str
    subnets: list[str]
    group: str
    """A security group that lets everything in and out."""
    cluster: str
    log_group: str
    role: str
    _families: list[str] = field(default_factory=list)

    @classmethod
    def build(cls, region: TestRegion, name: str, cidr: str = "10.20.0.0/16") -> Scenario:
        ec2 = region.client("ec2")
        vpc = ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        only_this = [{"Name": "vpc-id", "Values": [vpc]}]
        table = ec2.describe_route_tables(Filters=only_this)["RouteTables"][0]["RouteTableId"]
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        prefix = cidr.rsplit(".", 2)[0]
        subnets = [
            ec2.create_subnet(
                VpcId=vpc,
                CidrBlock=f"{prefix}.{n}.0/24",
                AvailabilityZone=f"{region.record.region}{zone}",
            )["Subnet"]["SubnetId"]
            for n, zone in enumerate("ab")
        ]
        return cls.within(region, name, vpc, subnets)

    @classmethod
    def within(cls, region: TestRegion, name: str, vpc: str, subnets: list[str]) -> Scenario:
        """Create a scenario in an existing VPC."""
        ec2 = region.client("ec2")
        group = ec2.create_security_group(GroupName=f"{name}-all", Description="all", VpcId=vpc)[
            "GroupId"
        ]
        everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=everything)
        region.client("ecs").create_cluster(clusterName=name)
        region.client("logs").create_log_group(logGroupName=f"/ecs/{name}")
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
        role = region.client("iam").create_role(
            RoleName=f"{name}-execution", AssumeRolePolicyDocument=json.dumps(trust)
        )["Role"]["Arn"]
        return cls(region, name, vpc, subnets, group, name, f"/ecs/{name}", role)

    @property
    def network(self) -> dict[str, Any]:
        return {
            "awsvpcConfiguration": {
                "subnets": self.subnets,
                "securityGroups": [self.group],
                "assignPublicIp": "ENABLED",
            }
        }

    def define(self, image: str, command: list[str], **container: Any) -> str:
        """Register a task definition with one container `app`; return its family:revision."""
        return self.define_containers(self.container("app", image, command, **container))

    def define_containers(self, *containers: dict[str, Any], family: str = "") -> str:
        """Register a task definition with task-level memory only; return its family:revision."""
        family = family or f"{self.name}-{next(_numbers)}"
        answer = self.region.client("ecs").register_task_definition(
            family=family,
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            executionRoleArn=self.role,
            containerDefinitions=list(containers),
        )["taskDefinition"]
        return f"{family}:{answer['revision']}"

    def container(self, name: str, image: str, command: list[str], **more: Any) -> dict[str, Any]:
        """Return a container definition that logs into the scenario's group."""
        return {
            "name": name,
            "image": image,
            "essential": True,
            "command": command,
            "portMappings": [{"containerPort": 3000}] if name == "app" else [],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": self.log_group,
                    "awslogs-region": self.region.record.region,
                    "awslogs-stream-prefix": "t",
                },
            },
            **more,
        }

    def run(self, definition: str, **more: Any) -> str:
        """RunTask; return the task's ARN."""
        answer = self.region.client("ecs").run_task(
            cluster=self.cluster,
            taskDefinition=definition,
            launchType="FARGATE",
            networkConfiguration=self.network,
            **more,
        )
        arn: str = answer["tasks"][0]["taskArn"]
        return arn

    def task(self, arn: str) -> dict[str, Any]:
        """DescribeTasks of one task."""
        found: dict[str, Any] = self.region.client("ecs").describe_tasks(
            cluster=self.cluster, tasks=[arn]
        )["tasks"][0]
        return found

    def wait(self, arn: str, status: str, seconds: float = 20) -> dict[str, Any]:
        """Wait until a task has a status; return the task."""
        return (
            eventually(
                lambda: (task := self.task(arn))["lastStatus"] == status and task,
                f"task {arn} {status}",
                seconds,
            )
            or {}
        )

    def statuses(self, arn: str, until: str, seconds: float = 20) -> list[str]:
        """Return every status observed of a task, in order, up to one of `until`."""
        seen: list[str] = []

        def look() -> bool:
            status = self.task(arn)["lastStatus"]
            if not seen or seen[-1] != status:
                seen.append(status)
            return bool(status == until)

        eventually(look, f"task {arn} {until}", seconds, every=0.01)
        return seen

    def stop(self, arn: str, reason: str = "") -> None:
        """StopTask."""
        self.region.client("ecs").stop_task(cluster=self.cluster, task=arn, reason=reason)

    def output(self, arn: str, container: str = "app") -> list[str]:
        """Return what a task's container has written so far."""
        client = self.region.client("logs")
        try:
            events = client.get_log_events(
                logGroupName=self.log_group,
                logStreamName=f"t/{container}/{arn.rsplit('/', maxsplit=1)[-1]}",
                startFromHead=True,
            )["events"]
        except client.exceptions.ResourceNotFoundException:
            return []  # it has not started yet
        return [event["message"] for event in events]

    def wait_for_output(self, arn: str, lines: int, container: str = "app") -> list[str]:
        """Wait until a task's container has written so many lines; return them."""
        what = f"{lines} lines of {arn}"
        return (
            eventually(lambda: len(found := self.output(arn, container)) >= lines and found, what)
            or []
        )

    def address(self, arn: str) -> str:
        """Return a task's private address from the API."""
        found: str = self.task(arn)["containers"][0]["networkInterfaces"][0]["privateIpv4Address"]
        return found

    def pids(self, arn: str) -> list[int]:
        """Return the host's process ids of a task."""
        return next(
            (task["pids"] for task in self.region.inspect()["tasks"] if task["arn"] == arn), []
        )

    def kill(self, arn: str) -> None:
        """Send SIGKILL to a task's processes, by the host's ids that the region prints."""
        for pid in self.pids(arn):
            os.kill(pid, signal.SIGKILL)

    def processes(self, arn: str) -> set[int]:
        """Return the host's process ids of a task and of all their descendants."""
        return {one for pid in self.pids(arn) for one in descendants(pid)}
