"""Load balancers: provisioning until the controller changes it, with an interface per subnet.

moto 5.2.5: a load balancer becomes active when it is described, its DNS name ends in "-1", its
hosted zone is made up, it has no network interfaces, its deletion protection does nothing, and
AWS's conditions on subnets are not checked.
"""

from __future__ import annotations

from typing import Any

from moto.core.utils import iso_8601_datetime_with_milliseconds
from moto.ec2.exceptions import InvalidSubnetIdError
from moto.elbv2 import models
from moto.elbv2.exceptions import ELBClientError, LoadBalancerNotFoundError
from moto.elbv2.models import ELBv2Backend
from moto.moto_api._internal import mock_random

from drydock.region.services.ec2 import Ec2Backend
from drydock.region.services.elbv2.operations import balancer_attributes, limits, log_buckets, names
from drydock.region.services.elbv2.operations.problems import invalid, misconfigured, unserved
from drydock.region.services.elbv2.operations.tags import check as check_tags


class LoadBalancer(models.FakeLoadBalancer):
    """A load balancer. The controller sets `state`: provisioning, active, failed.

    `enis` by subnet id.
    """

    enis: dict[str, str]
    state_reason: str | None
    ipam_pools: dict[str, str] | None = None
    minimum_capacity: int = 0
    """Capacity units that are reserved; kept, and nothing more."""
    capacity_modified: str | None = None
    """When they were last changed, in ISO 8601."""

    def activate(self) -> None:
        """Do nothing: moto activates a load balancer when it is described, here the controller
        does.
        """

    @property
    def load_balancer_state(self) -> dict[str, str]:
        reason = {"Reason": self.state_reason} if self.state_reason else {}
        return {"Code": self.state, **reason}


class BalancerOperations(ELBv2Backend):
    """The load balancers' part of the ELBv2 backend."""

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
        names.check(name)
        check_tags(kwargs.get("tags"))
        if len(self.load_balancers) >= limits.BALANCERS:
            raise ELBClientError(
                "TooManyLoadBalancers", "The maximum number of load balancers has been reached"
            )
        if any(one.name == name for one in self.load_balancers.values()):
            raise ELBClientError(
                "DuplicateLoadBalancerName",
                f"A load balancer with the same name '{name}' exists, but with different settings",
            )
        wanted = [*subnet_ids, *(one["SubnetId"] for one in subnet_mappings or [])]
        vpc = self._check_subnets(wanted, kind, scheme)
        if kind == "application":
            security_groups = security_groups or self._default_groups(vpc)
            self._check_groups(security_groups, vpc)
        self._check_address_type(kwargs.get("ip_address_type", "ipv4"), wanted)
        balancer: Any = super().create_load_balancer(
            name, security_groups, subnet_ids, subnet_mappings, scheme, kind, *args, **kwargs
        )
        balancer.__class__ = LoadBalancer
        prefix = "internal-" if scheme == "internal" else ""
        number = mock_random.randint(10**8, 2 * 10**9)
        balancer.dns_name = f"{prefix}{name}-{number}.{self.region_name}.elb.amazonaws.com"
        balancer.canonical_hosted_zone_id = names.hosted_zone(self.region_name)
        balancer.state_reason = None
        balancer.enis = {}
        if kind == "application":
            balancer.attrs = balancer_attributes.defaults(scheme)
        self._place(balancer)
        return balancer  # type: ignore[no-any-return]

    def _check_subnets(self, subnet_ids: list[str], kind: str, scheme: str) -> str:
        """Return the VPC of the subnets. Raises ELBClientError with ELB's message."""
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

    def _check_groups(self, groups: list[str], vpc: str) -> None:
        for one in groups:
            group = self.ec2.get_security_group_from_id(one)
            if group is None:
                raise ELBClientError(
                    "InvalidSecurityGroup",
                    f"One or more security groups are invalid: {one} does not exist",
                )
            if group.vpc_id != vpc:
                raise misconfigured(
                    f"The security group '{one}' is not in the VPC of the load balancer, '{vpc}'"
                )

    def _check_address_type(self, kind: str, subnet_ids: list[str]) -> None:
        if kind not in ("ipv4", "dualstack"):
            raise unserved(f"load balancers with addresses of type '{kind}'")
        subnets: list[Any] = [self.ec2.get_subnet(one) for one in subnet_ids]
        if kind == "dualstack" and not all(one.ipv6_cidr_block_associations for one in subnets):
            raise ELBClientError(
                "InvalidSubnet", "You must specify subnets with an associated IPv6 CIDR block."
            )

    def _place(self, balancer: LoadBalancer) -> None:
        """Make one interface per current subnet, with the current security groups; delete the
        others.
        """
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
        """DescribeLoadBalancers. Raises LoadBalancerNotFoundError for an unknown one."""
        balancers: list[Any] = list(self.load_balancers.values())
        if not arns and not names:
            return balancers
        found = [one for one in balancers if one.arn in (arns or []) or one.name in (names or [])]
        known = {one.arn for one in found} | {one.name for one in found}
        if not known.issuperset([*(arns or []), *(names or [])]):
            raise LoadBalancerNotFoundError
        return found

    def set_security_groups(self, arn: str, sec_groups: list[str]) -> None:
        """SetSecurityGroups, also on the interfaces."""
        balancer = self.balancer(arn)
        if not sec_groups:
            raise misconfigured("A load balancer must have at least one security group")
        self._check_groups(sec_groups, balancer.vpc_id)
        super().set_security_groups(arn, sec_groups)
        self._place(balancer)

    def set_subnets(
        self, arn: str, subnets: list[str], subnet_mappings: list[dict[str, Any]]
    ) -> Any:
        """SetSubnets, also on the interfaces."""
        balancer = self.balancer(arn)
        wanted = [*subnets, *(one["SubnetId"] for one in subnet_mappings or [])]
        vpc = self._check_subnets(wanted, balancer.type, balancer.scheme)
        if vpc != balancer.vpc_id:
            raise misconfigured(f"The subnets are not in the VPC '{balancer.vpc_id}'")
        self._check_address_type(balancer.ip_address_type, wanted)
        zones = super().set_subnets(arn, subnets, subnet_mappings)
        self._place(balancer)
        return zones

    def set_ip_address_type(self, arn: str, ip_type: str) -> None:
        """SetIpAddressType."""
        balancer = self.balancer(arn)
        self._check_address_type(ip_type, [one.id for one in balancer.subnets])
        balancer.ip_address_type = ip_type

    def set_ip_pools(
        self, arn: str, pools: dict[str, str] | None, removed: list[str]
    ) -> dict[str, str] | None:
        """ModifyIpPools; the pool is stored, but addresses are not taken from it."""
        balancer = self.balancer(arn)
        if pools and removed:
            raise misconfigured("You cannot set and remove an IPAM pool at the same time")
        if pools and balancer.scheme != "internet-facing":
            raise misconfigured("IPAM pools are only supported for internet-facing load balancers")
        balancer.ipam_pools = None if removed else pools or balancer.ipam_pools
        return balancer.ipam_pools

    def set_capacity(self, arn: str, units: int | None, *, reset: bool) -> LoadBalancer:
        """ModifyCapacityReservation, in load balancer capacity units."""
        balancer = self.balancer(arn)
        if reset == (units is not None):
            raise invalid("You must specify either the capacity units or that they are reset")
        if units is not None and not limits.LEAST_CAPACITY <= units <= limits.MOST_CAPACITY:
            raise ELBClientError(
                "CapacityUnitsLimitExceeded",
                f"Capacity units '{units}' must be between {limits.LEAST_CAPACITY} and"
                f" {limits.MOST_CAPACITY}",
            )
        balancer.minimum_capacity = units or 0
        balancer.capacity_modified = iso_8601_datetime_with_milliseconds()
        return balancer

    def modify_load_balancer_attributes(self, arn: str, attrs: dict[str, Any]) -> dict[str, Any]:
        """ModifyLoadBalancerAttributes; returns all attributes."""
        balancer = self.balancer(arn)
        balancer_attributes.check(attrs, balancer.type)
        kinds = {key.split(".")[0] for key in attrs}
        for kind, bucket, prefix in balancer_attributes.logs({**balancer.attrs, **attrs}):
            if kind in kinds:
                log_buckets.check(self, arn, bucket, prefix)
        balancer.attrs.update(attrs)
        return balancer.attrs

    def delete_load_balancer(self, arn: str) -> None:
        """DeleteLoadBalancer with its interfaces, unless it is protected; an unknown ARN is not an
        error.
        """
        if arn not in self.load_balancers:
            return
        balancer = self.balancer(arn)
        if balancer.attrs.get("deletion_protection.enabled") == "true":
            raise ELBClientError(
                "OperationNotPermitted",
                f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled",
            )
        for eni_id in balancer.enis.values():
            self.ec2.delete_managed_eni(eni_id)
        super().delete_load_balancer(arn)

    def add_tags(self, resource_arns: list[str], tags: list[dict[str, str]]) -> None:
        """AddTags: on all of the resources or none."""
        for arn in resource_arns:
            self._get_resource_by_arn(arn)
            check_tags(tags, self.tagging_service.get_tag_dict_for_resource(arn))
        for arn in resource_arns:
            self.tagging_service.tag_resource(arn, tags)

    def balancer(self, arn: str) -> LoadBalancer:
        """Return a load balancer. Raises LoadBalancerNotFoundError."""
        found = self.load_balancers.get(arn)
        if found is None:
            raise LoadBalancerNotFoundError
        return found
