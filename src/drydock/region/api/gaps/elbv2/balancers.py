"""Load balancers: provisioning until a controller says otherwise, with an interface per subnet.

moto 5.2.5: a load balancer is active when it is described, its DNS name ends in "-1", its hosted zone
is a made-up one, it has no network interfaces, its deletion protection protects nothing, and AWS's
conditions on subnets are not asked.
"""

from __future__ import annotations

from typing import Any

from moto.ec2.exceptions import InvalidSubnetIdError
from moto.elbv2 import models
from moto.elbv2.exceptions import ELBClientError, LoadBalancerNotFoundError
from moto.elbv2.models import ELBv2Backend
from moto.moto_api._internal import mock_random

from drydock.region.api.gaps.ec2 import Ec2Backend

_ZONES = {
    "af-south-1": "Z268VQBMOI5EKX",
    "ap-east-1": "Z3DQVH9N71FHZ0",
    "ap-northeast-1": "Z14GRHDCWA56QT",
    "ap-northeast-2": "ZWKZPGTI48KDX",
    "ap-northeast-3": "Z5LXEXXYW11ES",
    "ap-south-1": "ZP97RAFLXTNZK",
    "ap-southeast-1": "Z1LMS91P8CMLE5",
    "ap-southeast-2": "Z1GM3OXH4ZPM65",
    "ca-central-1": "ZQSVJUPU6J1EY",
    "eu-central-1": "Z215JYRZR1TBD5",
    "eu-north-1": "Z23TAZ6LKFMNIO",
    "eu-south-1": "Z3ULH7SSC9OV64",
    "eu-west-1": "Z32O12XQLNTSW2",
    "eu-west-2": "ZHURV8PSTC4K8",
    "eu-west-3": "Z3Q77PNBQS71R4",
    "me-south-1": "ZS929ML54UICD",
    "sa-east-1": "Z2P70J7HTTTPLU",
    "us-east-1": "Z35SXDOTRQ7X7K",
    "us-east-2": "Z3AADJGX6KTTL2",
    "us-west-1": "Z368ELLRRE2KJ0",
    "us-west-2": "Z1H1FL5HABSF5",
}
"""Hosted zone of the load balancers' names (https://docs.aws.amazon.com/general/latest/gr/elb.html)."""

_DEFAULTS = {
    "access_logs.s3.enabled": "false",
    "client_keep_alive.seconds": "3600",
    "connection_logs.s3.enabled": "false",
    "connection_logs.s3.bucket": "",
    "connection_logs.s3.prefix": "",
    "idle_timeout.timeout_seconds": "60",
    "load_balancing.cross_zone.enabled": "true",
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true",
    "waf.fail_open.enabled": "false",
    "zonal_shift.config.enabled": "false",
}
"""An Application Load Balancer's attributes when nothing is asked for."""


class LoadBalancer(models.FakeLoadBalancer):
    """`state`: provisioning, active, failed; the controller's to set. `enis` by subnet id."""

    enis: dict[str, str]
    state_reason: str | None

    def activate(self) -> None:
        """moto's way of becoming active by being described; ours is the controller's."""

    @property
    def load_balancer_state(self) -> dict[str, str]:
        reason = {"Reason": self.state_reason} if self.state_reason else {}
        return {"Code": self.state, **reason}


class BalancerOperations(ELBv2Backend):
    """The load balancers' part of our backend."""

    load_balancers: dict[str, LoadBalancer]  # type: ignore[assignment]

    @property
    def ec2(self) -> Ec2Backend:
        backend: Any = self.ec2_backend
        return backend  # type: ignore[no-any-return]

    def create_load_balancer(
        self,
        name: str,
        security_groups: list[str],
        subnet_ids: list[str],
        subnet_mappings: list[dict[str, str]] | None = None,
        scheme: str = "internet-facing",
        loadbalancer_type: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> LoadBalancer:
        """CreateLoadBalancer."""
        scheme = scheme or "internet-facing"
        kind = loadbalancer_type or "application"
        if any(one.name == name for one in self.load_balancers.values()):
            raise ELBClientError(
                "DuplicateLoadBalancerName",
                f"A load balancer with the same name '{name}' exists, but with different settings",
            )
        wanted = [*subnet_ids, *(one["SubnetId"] for one in subnet_mappings or [])]
        vpc = self._check_subnets(wanted, kind, scheme)
        if kind == "application":
            security_groups = security_groups or self._default_groups(vpc)
            self._check_groups(security_groups)
        balancer: Any = super().create_load_balancer(
            name, security_groups, subnet_ids, subnet_mappings, scheme, kind, *args, **kwargs
        )
        balancer.__class__ = LoadBalancer
        prefix = "internal-" if scheme == "internal" else ""
        number = mock_random.randint(10**8, 2 * 10**9)
        balancer.dns_name = f"{prefix}{name}-{number}.{self.region_name}.elb.amazonaws.com"
        balancer.canonical_hosted_zone_id = _ZONES.get(self.region_name, _ZONES["us-east-1"])
        balancer.state_reason = None
        balancer.enis = {}
        if kind == "application":
            balancer.attrs.update(_DEFAULTS)
        self._place(balancer)
        return balancer  # type: ignore[no-any-return]

    def _check_subnets(self, subnet_ids: list[str], kind: str, scheme: str) -> str:
        """The VPC of the subnets. Raises ELBClientError in ELB's words."""
        try:
            subnets = [self.ec2.get_subnet(one) for one in subnet_ids]
        except InvalidSubnetIdError as error:
            raise ELBClientError("SubnetNotFound", error.message) from error
        if not subnets:
            raise ELBClientError("ValidationError", "You must specify subnets.")
        zones = {one.availability_zone for one in subnets}
        if len(zones) < len(subnets):
            raise ELBClientError(
                "InvalidConfigurationRequest",
                "A load balancer cannot be attached to multiple subnets in the same Availability Zone",
            )
        if kind == "application" and len(zones) < 2:
            raise ELBClientError(
                "ValidationError",
                "At least two subnets in two different Availability Zones must be specified",
            )
        vpcs = {one.vpc_id for one in subnets}
        if len(vpcs) > 1:
            raise ELBClientError("InvalidConfigurationRequest", "Subnets must be in the same VPC")
        vpc = str(vpcs.pop())
        gateways = self.ec2.describe_internet_gateways(filters={"attachment.vpc-id": [vpc]})
        if scheme == "internet-facing" and not gateways:
            raise ELBClientError("InvalidSubnet", f"VPC {vpc} has no internet gateway")
        return vpc

    def _default_groups(self, vpc: str) -> list[str]:
        group = self.ec2.get_default_security_group(vpc)
        return [group.id] if group is not None else []

    def _check_groups(self, groups: list[str]) -> None:
        for group in groups:
            if self.ec2.get_security_group_from_id(group) is None:
                raise ELBClientError(
                    "InvalidSecurityGroup",
                    f"One or more security groups are invalid: {group} does not exist",
                )

    def _place(self, balancer: LoadBalancer) -> None:
        """One interface per subnet, as many as there are now and with the groups of now."""
        wanted = {subnet.id for subnet in balancer.subnets}
        for subnet_id in set(balancer.enis) - wanted:
            self.ec2.delete_managed_eni(balancer.enis.pop(subnet_id))
        for subnet_id in sorted(wanted - set(balancer.enis)):
            eni = self.ec2.create_managed_eni(
                subnet_id,
                group_ids=balancer.security_groups,
                description=f"ELB {balancer.arn.split(':loadbalancer/')[1]}",
                requester="elb",
                public_ip=balancer.scheme == "internet-facing",
            )
            balancer.enis[subnet_id] = eni.id
        for eni_id in balancer.enis.values():
            self.ec2.modify_network_interface_attribute(eni_id, balancer.security_groups)

    def describe_load_balancers(  # type: ignore[override]
        self, arns: list[str] | None, names: list[str] | None
    ) -> list[LoadBalancer]:
        """DescribeLoadBalancers. Raises LoadBalancerNotFoundError for any that is unknown."""
        balancers: list[Any] = list(self.load_balancers.values())
        if not arns and not names:
            return balancers
        found = [one for one in balancers if one.arn in (arns or []) or one.name in (names or [])]
        known = {one.arn for one in found} | {one.name for one in found}
        if not known.issuperset([*(arns or []), *(names or [])]):
            raise LoadBalancerNotFoundError
        return found

    def set_security_groups(self, arn: str, sec_groups: list[str]) -> None:
        """SetSecurityGroups, on the interfaces too."""
        super().set_security_groups(arn, sec_groups)
        self._place(self._balancer(arn))

    def set_subnets(
        self, arn: str, subnets: list[str], subnet_mappings: list[dict[str, Any]]
    ) -> Any:
        """SetSubnets, on the interfaces too."""
        zones = super().set_subnets(arn, subnets, subnet_mappings)
        self._place(self._balancer(arn))
        return zones

    def delete_load_balancer(self, arn: str) -> None:
        """DeleteLoadBalancer with its interfaces, unless it is protected; an unknown one is no error."""
        if arn not in self.load_balancers:
            return
        balancer = self._balancer(arn)
        if balancer.attrs.get("deletion_protection.enabled") == "true":
            raise ELBClientError(
                "OperationNotPermitted",
                f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled",
            )
        for eni_id in balancer.enis.values():
            self.ec2.delete_managed_eni(eni_id)
        super().delete_load_balancer(arn)

    def _balancer(self, arn: str) -> LoadBalancer:
        balancer: Any = self.load_balancers[arn]
        return balancer  # type: ignore[no-any-return]
