"""The load balancer, target group and listener of `infra/modules/load_balancer`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from drydock.stack.quick import network
from drydock.stack.quick.work import Work, pairs, unless_absent

_NO_BALANCER = "LoadBalancerNotFound"
_NO_GROUP = "TargetGroupNotFound"


@dataclass(frozen=True)
class Balancer:
    arn: str
    dns_name: str
    target_group: str
    """ARN."""


def ensure(work: Work, vpc: str, subnets: tuple[str, ...], group: str) -> Balancer:
    elbv2 = work.clients.elbv2
    balancer = _balancer(work) or _create(work, subnets, group)
    target_group = _target_group(work, vpc) or _create_target_group(work, vpc)
    arn = balancer["LoadBalancerArn"]
    listeners = elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]
    if not any(one["Port"] == 80 for one in listeners):
        elbv2.create_listener(
            LoadBalancerArn=arn,
            Port=80,
            Protocol="HTTP",
            DefaultActions=[{"Type": "forward", "TargetGroupArn": target_group, "Order": 1}],
            Tags=pairs(work.tags()),
        )
        work.made("listener on port 80")
    return Balancer(arn, balancer["DNSName"], target_group)


def find(work: Work) -> Balancer | None:
    balancer, target_group = _balancer(work), _target_group(work, network.find_vpc(work))
    if balancer is None or target_group is None:
        return None
    return Balancer(balancer["LoadBalancerArn"], balancer["DNSName"], target_group)


def remove(work: Work) -> None:
    elbv2 = work.clients.elbv2
    balancer = _balancer(work)
    if balancer is not None:
        arn = balancer["LoadBalancerArn"]
        for listener in elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]:
            elbv2.delete_listener(ListenerArn=listener["ListenerArn"])
        elbv2.delete_load_balancer(LoadBalancerArn=arn)
        work.removed(f"load balancer {work.name()}")
    target_group = _target_group(work, network.find_vpc(work))
    if target_group is not None:
        elbv2.delete_target_group(TargetGroupArn=target_group)


def _balancer(work: Work) -> Any | None:
    found = unless_absent(
        lambda: work.clients.elbv2.describe_load_balancers(Names=[work.name()]), _NO_BALANCER
    )
    return found["LoadBalancers"][0] if found and found["LoadBalancers"] else None


def group_name(work: Work, vpc: str) -> str:
    """Return the target group's name, as in infra/: it differs per VPC and port, which are immutable."""
    kept = f"{vpc}/{work.settings.container_port}"
    return work.name(hashlib.sha256(kept.encode()).hexdigest()[:7])


def _target_group(work: Work, vpc: str | None) -> str | None:
    if vpc is None:
        return None
    name = group_name(work, vpc)
    found = unless_absent(
        lambda: work.clients.elbv2.describe_target_groups(Names=[name]), _NO_GROUP
    )
    return found["TargetGroups"][0]["TargetGroupArn"] if found and found["TargetGroups"] else None


def _create(work: Work, subnets: tuple[str, ...], group: str) -> Any:
    elbv2 = work.clients.elbv2
    made = elbv2.create_load_balancer(
        Name=work.name(),
        Type="application",
        Scheme="internet-facing",
        Subnets=list(subnets),
        SecurityGroups=[group],
        Tags=pairs(work.tags()),
    )["LoadBalancers"][0]
    elbv2.modify_load_balancer_attributes(
        LoadBalancerArn=made["LoadBalancerArn"],
        Attributes=[
            {"Key": "idle_timeout.timeout_seconds", "Value": "60"},
            {"Key": "routing.http.drop_invalid_header_fields.enabled", "Value": "true"},
        ],
    )
    work.made(f"load balancer {work.name()}")
    return made


def _create_target_group(work: Work, vpc: str) -> str:
    elbv2 = work.clients.elbv2
    port = work.settings.container_port
    made = elbv2.create_target_group(
        Name=group_name(work, vpc),
        VpcId=vpc,
        TargetType="ip",
        Protocol="HTTP",
        Port=port,
        HealthCheckEnabled=True,
        HealthCheckPath=work.settings.health_check_path,
        HealthCheckProtocol="HTTP",
        HealthCheckPort="traffic-port",
        Matcher={"HttpCode": "200"},
        HealthCheckIntervalSeconds=15,
        HealthCheckTimeoutSeconds=5,
        HealthyThresholdCount=2,
        UnhealthyThresholdCount=3,
        Tags=pairs(work.tags()),
    )["TargetGroups"][0]
    arn = made["TargetGroupArn"]
    elbv2.modify_target_group_attributes(
        TargetGroupArn=arn,
        Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}],
    )
    work.made(f"target group {group_name(work, vpc)}")
    return arn
