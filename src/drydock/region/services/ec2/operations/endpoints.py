"""VPC endpoints: changes of one apply to its interfaces and routes too.

moto 5.2.5 gives an interface a random address outside the VPC, forgets the endpoint's security
groups on it, ModifyVpcEndpoint changes the endpoint's own lists alone, and one that was made
without a type cannot be deleted.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.vpcs import VPCEndPoint
from moto.ec2.responses.vpcs import VPCs

from drydock.region.services.ec2.operations.interfaces import InterfaceOperations


class EndpointOperations(InterfaceOperations):
    """The endpoints' part of the EC2 backend."""

    def create_vpc_endpoint(self, vpc_id: str, *args: Any, **kwargs: Any) -> VPCEndPoint:
        """CreateVpcEndpoint.

        An interface endpoint without security groups gets the VPC's default one.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html
        """
        is_interface = _is_interface(kwargs.get("endpoint_type"))
        if is_interface and _is_true(kwargs.get("private_dns_enabled")):
            self._check_dns(vpc_id)
        endpoint = super().create_vpc_endpoint(vpc_id, *args, **kwargs)
        endpoint.vpc_endpoint_type = endpoint.vpc_endpoint_type or "Gateway"
        if is_interface and not endpoint.security_group_ids:
            default = self.get_default_security_group(vpc_id)
            endpoint.security_group_ids = [default.id] if default else []
        for eni_id in endpoint.network_interface_ids or []:
            self._attach(endpoint, eni_id)
        return endpoint

    def modify_vpc_endpoint(
        self,
        vpc_id: str,
        policy_doc: str,
        add_subnets: list[str] | None,
        remove_subnets: list[str] | None,
        remove_route_tables: list[str] | None,
        add_route_tables: list[str] | None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        """ModifyVpcEndpoint; moto calls the endpoint's id `vpc_id`."""
        endpoint: Any
        (endpoint,) = self.describe_vpc_endpoints([vpc_id])
        subnets, tables = set(endpoint.subnet_ids or ()), set(endpoint.route_table_ids or ())
        super().modify_vpc_endpoint(
            vpc_id,
            policy_doc,
            add_subnets,
            remove_subnets,
            remove_route_tables,
            add_route_tables,
            *args,
            **kwargs,
        )
        if _is_interface(endpoint.vpc_endpoint_type):
            self._change_interfaces(endpoint, subnets)
        else:
            self._change_routes(endpoint, tables)

    def _change_routes(self, endpoint: Any, before: set[str]) -> None:
        prefix_list, after = endpoint.destination_prefix_list_id, set(endpoint.route_table_ids)
        for table in before - after:
            self.delete_route(table, prefix_list)
        for table in after - before:
            self.create_route(
                table, None, gateway_id=endpoint.id, destination_prefix_list_id=prefix_list
            )

    def _change_interfaces(self, endpoint: Any, before: set[str]) -> None:
        after = set(endpoint.subnet_ids or ())
        own = list(endpoint.network_interface_ids or ())
        for eni_id in [one for one in own if self.enis[one].subnet.id not in after]:
            own.remove(eni_id)
            self.delete_managed_eni(eni_id)
        own += [self.create_network_interface(subnet, None).id for subnet in sorted(after - before)]
        endpoint.network_interface_ids = own
        for eni_id in own:
            self._attach(endpoint, eni_id)

    def _attach(self, endpoint: VPCEndPoint, eni_id: str) -> None:
        self.manage(self.enis[eni_id], "vpce", f"VPC Endpoint Interface {endpoint.id}")
        self.modify_network_interface_attribute(eni_id, endpoint.security_group_ids)

    def _check_dns(self, vpc_id: str) -> None:
        """Raise EC2ClientError unless the VPC has both DNS attributes that private DNS needs."""
        vpc = self.get_vpc(vpc_id)
        if not (_is_true(vpc.enable_dns_support) and _is_true(vpc.enable_dns_hostnames)):
            raise EC2ClientError(
                "InvalidParameter",
                "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC "
                f"attributes set to true for {vpc_id}",
            )


class EndpointResponses(VPCs):
    """The endpoints' part of the EC2 operations."""

    def modify_vpc_endpoint(self) -> ActionResult:
        answer = super().modify_vpc_endpoint()
        private_dns = self._get_param("PrivateDnsEnabled")
        if private_dns is not None:
            backend: Any = self.ec2_backend
            (endpoint,) = backend.describe_vpc_endpoints([self._get_param("VpcEndpointId")])
            if _is_true(private_dns):
                backend._check_dns(endpoint.vpc_id)
            endpoint.private_dns_enabled = private_dns
        return answer


def _is_interface(kind: Any) -> bool:
    return str(kind).lower() == "interface"


def _is_true(value: Any) -> bool:
    """Return whether a value is true; moto keeps some booleans as text."""
    return str(value).lower() == "true"
