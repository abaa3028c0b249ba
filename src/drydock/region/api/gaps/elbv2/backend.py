"""Our ELBv2 backend. Classic load balancers, which share its address, are not there."""

from __future__ import annotations

from typing import Any

from moto.elbv2 import urls as their_urls
from moto.elbv2.exceptions import DuplicateListenerError, ELBClientError, TargetGroupNotFoundError
from moto.elbv2.models import FakeHealthStatus, FakeListener
from moto.elbv2.responses import ELBV2Response

from drydock.region.api.gaps import overlay
from drydock.region.api.gaps.elbv2.balancers import BalancerOperations
from drydock.region.api.gaps.elbv2.targets import TargetGroup


class ElbBackend(BalancerOperations):
    """ELBv2 as it is asked for; the controller writes states and target health."""

    target_groups: dict[str, TargetGroup]  # type: ignore[assignment]

    @property
    def _url_module(self) -> Any:
        return overlay.urls(their_urls, ELBV2Response)

    def create_target_group(self, name: str, **kwargs: Any) -> TargetGroup:
        group: Any = super().create_target_group(name, **kwargs)
        group.__class__ = TargetGroup
        return group  # type: ignore[no-any-return]

    def describe_target_health(
        self, target_group_arn: str, targets: list[dict[str, Any]]
    ) -> list[FakeHealthStatus]:
        """DescribeTargetHealth: what was observed."""
        group: Any = self.target_groups.get(target_group_arn)
        if group is None:
            raise TargetGroupNotFoundError
        return [group.health_for(one, self.ec2) for one in targets or group.described()]

    def create_listener(
        self, load_balancer_arn: str, protocol: str, port: str, *args: Any, **kwargs: Any
    ) -> FakeListener:
        """CreateListener; moto 5.2.5 takes a second one on the same port and unknown target groups."""
        balancer = self.load_balancers.get(load_balancer_arn)
        if balancer is not None and any(
            str(one.port) == str(port) for one in balancer.listeners.values()
        ):
            raise DuplicateListenerError
        certificate = kwargs.get("certificate")
        if certificate and not self._certificate_exists(certificate):
            raise ELBClientError("CertificateNotFound", f"Certificate '{certificate}' not found")
        for action in kwargs.get("actions", []):
            for arn in self._get_target_group_arns_from(action_data=action):
                if arn not in self.target_groups:
                    raise TargetGroupNotFoundError
        return super().create_listener(load_balancer_arn, protocol, port, *args, **kwargs)
