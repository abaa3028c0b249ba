"""VPC association authorizations of private zones; moto 5.2.5 lacks the three operations.

On AWS they are for VPCs of other accounts. Here there is one account, so nothing depends on them.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.route53.exceptions import PublicZoneVPCAssociation
from moto.route53.responses import Route53 as TheirResponses

from drydock.region.services.route53.operations.errors import Refused


class AuthorizationResponses(TheirResponses):
    """Requests and responses of the operations."""

    def create_vpc_association_authorization(self) -> ActionResult:
        zone, vpc = self._zone(), self._vpc()
        if not zone.private_zone:
            raise PublicZoneVPCAssociation
        if vpc not in zone.authorized:
            zone.authorized = [*zone.authorized, vpc]
        return ActionResult({"HostedZoneId": zone.resource_id, "VPC": vpc})

    def list_vpc_association_authorizations(self) -> ActionResult:
        zone = self._zone()
        return ActionResult({"HostedZoneId": zone.resource_id, "VPCs": zone.authorized})

    def delete_vpc_association_authorization(self) -> ActionResult:
        zone, vpc = self._zone(), self._vpc()
        if vpc not in zone.authorized:
            raise Refused(
                "VPCAssociationAuthorizationNotFound",
                f"The VPC that you specified is not authorized: {vpc['VPCId']}",
            )
        zone.authorized = [one for one in zone.authorized if one != vpc]
        return EmptyResult()

    def _zone(self) -> Any:
        ours: Any = self.backend
        return ours.get_hosted_zone(self._get_param("HostedZoneId"))

    def _vpc(self) -> dict[str, str]:
        names = ("VPCRegion", "VPCId")
        return {name: self._get_param(f"VPC.{name}") for name in names}
