"""ELBv2 operations that moto 5.2.5 lacks, or whose parameters it does not pass to its backend."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.core.utils import get_service_model
from moto.elbv2.exceptions import ELBClientError, ListenerOrBalancerMissingError
from moto.elbv2.models import elbv2_backends
from moto.elbv2.responses import ELBV2Response

from drydock.region.services.elbv2.operations import certificates, limits, policies, values
from drydock.region.services.elbv2.operations.problems import invalid
from drydock.region.services.elbv2.operations.rules import RuleOperations
from drydock.region.services.kit import constraints

_PAGE = 400


def _only_default(certificates: Sequence[str] | None) -> list[dict[str, str]] | None:
    """Return the default certificate; DescribeListenerCertificates shows the others."""
    return [{"CertificateArn": one} for one in (certificates or [])[:1]] or None


class ElbResponse(ELBV2Response):
    """The ELBv2 operations on our backend."""

    RESPONSE_KEY_PATH_TO_TRANSFORMER = {  # noqa: RUF012  (moto's way)
        key: _only_default if key.endswith(".Listener.Certificates") else transformer
        for key, transformer in ELBV2Response.RESPONSE_KEY_PATH_TO_TRANSFORMER.items()
    }

    @property
    def elbv2_backend(self) -> RuleOperations:
        backend: Any = elbv2_backends[self.current_account][self.region]
        return backend  # type: ignore[no-any-return]

    def call_action(self) -> Any:
        """Refuse a request that violates the API's model before the operation begins."""
        model = get_service_model("elbv2").operation_model(self._get_action())
        try:
            constraints.check(model.input_shape, self._get_params())
        except ServiceException as error:
            status, headers, body = self.serialized(ActionResult(error))
            headers["status"] = status
            answer = self._transform_response(self.response_headers, (body, headers))
            return answer[0], *self._enrich_response(answer[1], answer[2])
        return super().call_action()

    def serialized(self, action_result: ActionResult) -> Any:
        """Serialize without moto's warning for an error that ELB gives and its model does not list."""
        if getattr(action_result.result, "code", "") != certificates.UNSUPPORTED:
            return super().serialized(action_result)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Exception.* does not match an error shape")
            return super().serialized(action_result)

    # -- load balancers

    def create_load_balancer(self) -> ActionResult:
        pools = self._get_param("IpamPools")
        result = super().create_load_balancer()
        if pools:
            made: Any = result.result
            self.elbv2_backend.set_ip_pools(made["LoadBalancers"][0].arn, pools, [])
        return result

    def describe_load_balancers(self) -> ActionResult:
        found = self.elbv2_backend.describe_load_balancers(
            self._get_param("LoadBalancerArns", []), self._get_param("Names", [])
        )
        return self._page("LoadBalancers", found, lambda one: one.arn)

    def modify_load_balancer_attributes(self) -> ActionResult:
        wanted = values.pairs(self._get_param("Attributes", []))
        arn = self._get_param("LoadBalancerArn")
        return ActionResult(
            {"Attributes": self.elbv2_backend.modify_load_balancer_attributes(arn, wanted)}
        )

    def set_security_groups(self) -> ActionResult:
        arn, groups = self._get_param("LoadBalancerArn"), self._get_param("SecurityGroups", [])
        self.elbv2_backend.set_security_groups(arn, groups)
        return ActionResult({"SecurityGroupIds": groups})

    def set_subnets(self) -> ActionResult:
        arn, backend = self._get_param("LoadBalancerArn"), self.elbv2_backend
        zones = backend.set_subnets(
            arn, self._get_param("Subnets", []), self._get_param("SubnetMappings", [])
        )
        kind = self._get_param("IpAddressType")
        if kind:
            backend.set_ip_address_type(arn, kind)
        shown = {"AvailabilityZones": zones, "IpAddressType": backend.balancer(arn).ip_address_type}
        return ActionResult(shown)

    def modify_ip_pools(self) -> ActionResult:
        pools = self.elbv2_backend.set_ip_pools(
            self._get_param("LoadBalancerArn"),
            self._get_param("IpamPools"),
            self._get_param("RemoveIpamPools", []),
        )
        return ActionResult({"IpamPools": pools})

    def modify_capacity_reservation(self) -> ActionResult:
        units = (self._get_param("MinimumLoadBalancerCapacity") or {}).get("CapacityUnits")
        reset = bool(self._get_bool_param("ResetCapacityReservation"))
        balancer = self.elbv2_backend.set_capacity(
            self._get_param("LoadBalancerArn"), units, reset=reset
        )
        return ActionResult(_capacity(balancer))

    def describe_capacity_reservation(self) -> ActionResult:
        return ActionResult(
            _capacity(self.elbv2_backend.balancer(self._get_param("LoadBalancerArn")))
        )

    def describe_account_limits(self) -> ActionResult:
        named = [{"Name": name, "Max": str(most)} for name, most in limits.NAMED.items()]
        return self._page("Limits", named, lambda one: one["Name"])

    # -- listeners and rules

    def create_listener(self) -> ActionResult:
        return ActionResult(
            {"Listeners": [self.elbv2_backend.create_listener_from(self._get_params())]}
        )

    def modify_listener(self) -> ActionResult:
        return ActionResult(
            {"Listeners": [self.elbv2_backend.modify_listener_from(self._get_params())]}
        )

    def describe_listeners(self) -> ActionResult:
        balancer, arns = self._get_param("LoadBalancerArn"), self._get_param("ListenerArns", [])
        if not balancer and not arns:
            raise ListenerOrBalancerMissingError
        found = self.elbv2_backend.describe_listeners(balancer, arns)
        return self._page("Listeners", found, lambda one: one.arn)

    def modify_listener_attributes(self) -> ActionResult:
        wanted = values.pairs(self._get_param("Attributes", []))
        arn = self._get_param("ListenerArn")
        return ActionResult({"Attributes": self.elbv2_backend.set_listener_attributes(arn, wanted)})

    def create_rule(self) -> ActionResult:
        return ActionResult({"Rules": [self.elbv2_backend.create_rule_from(self._get_params())]})

    def modify_rule(self) -> ActionResult:
        return ActionResult({"Rules": [self.elbv2_backend.modify_rule_from(self._get_params())]})

    def describe_rules(self) -> ActionResult:
        found = self.elbv2_backend.describe_rules(
            self._get_param("ListenerArn"), self._get_param("RuleArns")
        )
        return self._page("Rules", found, lambda one: one.arn)

    def describe_ssl_policies(self) -> ActionResult:
        names = self._get_param("Names") or list(policies.POLICIES)
        for name in names:
            if name not in policies.POLICIES:
                raise ELBClientError("SSLPolicyNotFound", f"SSL policy '{name}' not found")
        return self._page("SslPolicies", [_policy(one) for one in names], lambda one: one["Name"])

    # -- target groups

    def create_target_group(self) -> ActionResult:
        return ActionResult(
            {"TargetGroups": [self.elbv2_backend.create_target_group_from(self._get_params())]}
        )

    def modify_target_group(self) -> ActionResult:
        return ActionResult(
            {"TargetGroups": [self.elbv2_backend.modify_target_group_from(self._get_params())]}
        )

    def describe_target_groups(self) -> ActionResult:
        found = self.elbv2_backend.describe_target_groups(
            self._get_param("LoadBalancerArn"),
            self._get_param("TargetGroupArns", []),
            self._get_param("Names", []),
        )
        return self._page("TargetGroups", found, lambda one: one.arn)

    def modify_target_group_attributes(self) -> ActionResult:
        arn, backend = self._get_param("TargetGroupArn"), self.elbv2_backend
        wanted = values.pairs(self._get_param("Attributes", []))
        backend.modify_target_group_attributes(arn, wanted)
        return ActionResult({"Attributes": backend.target_group(arn).attributes})

    def describe_target_health(self) -> ActionResult:
        found: list[Any] = list(
            self.elbv2_backend.describe_target_health(
                self._get_param("TargetGroupArn"), self._get_param("Targets", [])
            )
        )
        if not {"AnomalyDetection", "All"}.intersection(self._get_param("Include", [])):
            for one in found:
                one.anomaly_detection = None
        return ActionResult({"TargetHealthDescriptions": found})

    def _page(self, name: str, found: Sequence[Any], key: Callable[[Any], str]) -> ActionResult:
        """Return one page; its marker is the last item's key.

        Raises ELBClientError for an unknown marker.
        """
        marker, start = self._get_param("Marker"), 0
        if marker:
            keys = [key(one) for one in found]
            if marker not in keys:
                raise invalid(f"The marker '{marker}' is not valid")
            start = keys.index(marker) + 1
        page = found[start : start + self._get_int_param("PageSize", _PAGE)]
        more = start + len(page) < len(found)
        return ActionResult({name: page, "NextMarker": key(page[-1]) if more else None})


def _policy(name: str) -> dict[str, Any]:
    policy = policies.POLICIES[name]
    return {
        "Name": name,
        "SslProtocols": list(policy.protocols),
        "Ciphers": [
            {"Name": cipher, "Priority": number} for number, cipher in enumerate(policy.ciphers, 1)
        ],
        "SupportedLoadBalancerTypes": ["application", "network"],
    }


def _capacity(balancer: Any) -> Mapping[str, Any]:
    units = balancer.minimum_capacity
    if not units:
        return {"CapacityReservationState": []}
    zones = [one.zone_name for one in balancer.availability_zones]
    return {
        "LastModifiedTime": balancer.capacity_modified,
        "MinimumLoadBalancerCapacity": {"CapacityUnits": units},
        "CapacityReservationState": [
            {
                "State": {"Code": "provisioned"},
                "AvailabilityZone": zone,
                "EffectiveCapacityUnits": units / len(zones),
            }
            for zone in zones
        ],
    }
