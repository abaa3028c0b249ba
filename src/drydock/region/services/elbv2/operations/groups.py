"""Operations on target groups: settings, attributes, and registered targets."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from moto.elbv2.exceptions import (
    ELBClientError,
    LoadBalancerNotFoundError,
    ResourceInUseError,
    TargetGroupNotFoundError,
)
from moto.elbv2.models import FakeHealthStatus

from drydock.region.services.elbv2.operations import group_attributes, health_checks, limits, tags
from drydock.region.services.elbv2.operations.balancers import BalancerOperations
from drydock.region.services.elbv2.operations.health_checks import HealthCheck
from drydock.region.services.elbv2.operations.problems import invalid, unserved
from drydock.region.services.elbv2.operations.targets import TargetGroup

Json = Mapping[str, Any]

WEB = ("HTTP", "HTTPS")
"""Protocols of the groups of Application Load Balancers."""
_VERSIONS = ("HTTP1", "HTTP2", "GRPC")
_PRIVATE = tuple(
    ipaddress.ip_network(one)
    for one in ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16")
)
"""Networks in which targets outside the VPC may be."""


class GroupOperations(BalancerOperations):
    """The target groups' part of the ELBv2 backend."""

    target_groups: dict[str, TargetGroup]  # type: ignore[assignment]

    def create_target_group_from(self, asked: Json) -> TargetGroup:
        """CreateTargetGroup."""
        kind = asked.get("TargetType") or "instance"
        protocol = asked.get("Protocol")
        if kind in ("lambda", "alb"):
            raise unserved(f"target groups of type '{kind}'")
        if asked.get("IpAddressType") == "ipv6" or asked.get("TargetControlPort"):
            raise unserved("IPv6 target groups and target control ports")
        if len(self.target_groups) >= limits.GROUPS:
            raise ELBClientError(
                "TooManyTargetGroups", "The maximum number of target groups has been reached"
            )
        if any(one.name == asked["Name"] for one in self.target_groups.values()):
            raise ELBClientError(
                "DuplicateTargetGroupName",
                f"A target group with the same name '{asked['Name']}' exists, but with different"
                " settings",
            )
        tags.check(asked.get("Tags"))
        if protocol in WEB:
            return self._create_web_group(asked, kind)
        if asked.get("ProtocolVersion"):
            raise invalid("Protocol version can only be specified for HTTP and HTTPS target groups")
        return self._make(asked, kind, {"healthcheck_protocol": asked.get("HealthCheckProtocol")})

    def _create_web_group(self, asked: Json, kind: str) -> TargetGroup:
        version = asked.get("ProtocolVersion") or "HTTP1"
        if version not in _VERSIONS:
            raise invalid(f"Protocol version '{version}' must be one of '[{', '.join(_VERSIONS)}]'")
        check = health_checks.wanted(asked, health_checks.defaults(version), version)
        group = self._make(
            asked, kind, {"protocol_version": version, "healthcheck_protocol": check.protocol}
        )
        group.protocol_version = version
        _write(group, check)
        group.attributes = dict[str, Any](group_attributes.defaults())
        return group

    def _make(self, asked: Json, kind: str, more: Mapping[str, Any]) -> TargetGroup:
        """Make moto's record; moto checks names, the VPC and required parameters."""
        group: Any = super().create_target_group(
            asked["Name"],
            vpc_id=asked.get("VpcId"),
            protocol=asked.get("Protocol"),
            port=asked.get("Port"),
            healthcheck_port=asked.get("HealthCheckPort"),
            healthcheck_path=asked.get("HealthCheckPath"),
            healthcheck_interval_seconds=asked.get("HealthCheckIntervalSeconds"),
            healthcheck_timeout_seconds=asked.get("HealthCheckTimeoutSeconds"),
            healthy_threshold_count=asked.get("HealthyThresholdCount"),
            unhealthy_threshold_count=asked.get("UnhealthyThresholdCount"),
            matcher=None if more.get("protocol_version") else asked.get("Matcher"),
            target_type=kind,
            **more,
        )
        group.__class__ = TargetGroup
        self.tagging_service.tag_resource(group.arn, asked.get("Tags"))
        return group  # type: ignore[no-any-return]

    def modify_target_group_from(self, asked: Json) -> TargetGroup:
        """ModifyTargetGroup."""
        group = self.target_group(asked["TargetGroupArn"])
        if group.protocol in WEB:
            version = group.protocol_version or "HTTP1"
            _write(group, health_checks.wanted(asked, _read(group), version))
            return group
        super().modify_target_group(
            group.arn,
            asked.get("HealthCheckProtocol"),
            asked.get("HealthCheckPort"),
            asked.get("HealthCheckPath"),
            asked.get("HealthCheckIntervalSeconds"),
            asked.get("HealthCheckTimeoutSeconds"),
            asked.get("HealthyThresholdCount"),
            asked.get("UnhealthyThresholdCount"),
            (asked.get("Matcher") or {}).get("HttpCode"),
        )
        return group

    def modify_target_group_attributes(
        self, target_group_arn: str, attributes: dict[str, Any]
    ) -> None:
        """ModifyTargetGroupAttributes."""
        group = self.target_group(target_group_arn)
        if group.protocol not in WEB:
            super().modify_target_group_attributes(target_group_arn, attributes)
            return
        # A group of a state that was saved before has only moto's attributes.
        now = {**group_attributes.defaults(), **{k: str(v) for k, v in group.attributes.items()}}
        group_attributes.check(attributes, now, str(group.protocol))
        group.attributes.update(attributes)

    def describe_target_groups(
        self, load_balancer_arn: str | None, target_group_arns: list[str], names: list[str] | None
    ) -> list[TargetGroup]:
        """DescribeTargetGroups; moto 5.2.5 rejects a load balancer that has no target group."""
        if load_balancer_arn and not target_group_arns and not names:
            if load_balancer_arn not in self.load_balancers:
                raise LoadBalancerNotFoundError
            return [
                one
                for one in sorted(self.target_groups.values(), key=lambda one: one.name)
                if load_balancer_arn in one.load_balancer_arns
            ]
        found: Any = super().describe_target_groups(load_balancer_arn, target_group_arns, names)
        return list(found)

    def delete_target_group(self, target_group_arn: str) -> TargetGroup:
        """DeleteTargetGroup."""
        group = self.target_group(target_group_arn)
        if group.load_balancer_arns:
            raise ResourceInUseError(
                f"Target group '{group.arn}' is currently in use by a listener or a rule"
            )
        del self.target_groups[group.arn]
        return group

    def register_targets(self, target_group_arn: str, instances: list[Any]) -> None:
        """RegisterTargets: all of the targets or none."""
        group = self.target_group(target_group_arn)
        if not instances:
            raise invalid("You must specify at least one target")
        for one in instances:
            self._check_target(group, one)
        keys = {(one["Id"], int(one.get("Port") or group.port)) for one in instances}
        if len(keys.union(group.registered)) > limits.TARGETS:
            raise ELBClientError(
                "TooManyTargets",
                f"The maximum number of targets per target group '{limits.TARGETS}' has been reached",
            )
        group.register(instances)

    def _check_target(self, group: TargetGroup, target: Json) -> None:
        name = str(target["Id"])
        if group.target_type == "instance":
            raise ELBClientError(
                "InvalidTarget",
                "The following targets are not in a running state and cannot be registered:"
                f" '{name}' (no EC2 instances run in the local region)",
            )
        try:
            address = ipaddress.IPv4Address(name)
        except ValueError as error:
            raise invalid(f"The IP address '{name}' is not a valid IPv4 address") from error
        zone = target.get("AvailabilityZone")
        if self._is_in_vpc(address, group.vpc_id):
            if zone == "all":
                raise invalid(
                    f"The IP address '{name}' is within the VPC, and cannot have its Availability"
                    " Zone overridden to 'all'"
                )
        elif not zone:
            raise invalid(
                f"The Availability Zone is required for IP address '{name}' because it is not in"
                " the VPC"
            )
        elif zone != "all":
            raise invalid(
                "You must specify a valid Availability Zone or select 'all' for all enabled"
                f" Availability zones, since the IP address '{name}' is outside the VPC"
            )
        elif not any(address in one for one in _PRIVATE):
            raise invalid(f"The IP address '{name}' is not a private address")

    def _is_in_vpc(self, address: ipaddress.IPv4Address, vpc_id: str) -> bool:
        vpc: Any = self.ec2.vpcs.get(vpc_id)
        blocks = {vpc.cidr_block, *(one["cidr_block"] for one in vpc.cidr_block_association_set)}
        return any(address in ipaddress.ip_network(one) for one in blocks)

    def describe_target_health(
        self, target_group_arn: str, targets: list[dict[str, Any]]
    ) -> list[FakeHealthStatus]:
        """DescribeTargetHealth, with the observed health."""
        group = self.target_group(target_group_arn)
        return [group.health_for(one, self.ec2) for one in targets or group.described()]

    def target_group(self, arn: str) -> TargetGroup:
        """Return a target group. Raises TargetGroupNotFoundError."""
        group = self.target_groups.get(arn)
        if group is None:
            raise TargetGroupNotFoundError
        return group


def _read(group: Any) -> HealthCheck:
    base = health_checks.defaults(group.protocol_version or "HTTP1")
    return HealthCheck(
        group.health_check_protocol or base.protocol,
        str(group.health_check_port or base.port),
        group.health_check_path or base.path,
        int(group.health_check_interval_seconds),
        int(group.health_check_timeout_seconds),
        int(group.healthy_threshold_count),
        int(group.unhealthy_threshold_count),
        group.matcher or base.matcher,
    )


def _write(group: Any, check: HealthCheck) -> None:
    group.health_check_enabled = True
    group.health_check_protocol = check.protocol
    group.health_check_port = check.port
    group.health_check_path = check.path
    group.health_check_interval_seconds = check.interval
    group.health_check_timeout_seconds = check.timeout
    group.healthy_threshold_count = check.healthy
    group.unhealthy_threshold_count = check.unhealthy
    group.matcher = dict(check.matcher)
