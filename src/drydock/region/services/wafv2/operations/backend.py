"""The WAFv2 backend.

moto 5.2.5 checks no rule and no reference, deletes what is in use, forgets that an update may empty
the rules, gives an IP set no unique name and fails without tags, has the capacity 3 for every web
ACL, and lacks CheckCapacity and ListResourcesForWebACL.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import uuid4

from moto.core.utils import get_service_model
from moto.elbv2.models import elbv2_backends
from moto.wafv2.models import WAFV2Backend
from moto.wafv2.utils import make_arn

from drydock.region.services.kit import constraints
from drydock.region.services.wafv2.operations import capacity, problems, sets
from drydock.region.services.wafv2.operations.problems import InvalidParameterError
from drydock.region.services.wafv2.operations.rules import check_default, check_rules
from drydock.region.services.wafv2.records import Item, Json, Kind, settings_of

_REFERRING = {
    "IPSetReferenceStatement": Kind.IP_SET,
    "RegexPatternSetReferenceStatement": Kind.REGEX_SET,
    "RuleGroupReferenceStatement": Kind.RULE_GROUP,
}
_LOG_NAME = "aws-waf-logs-"


class WafBackend(WAFV2Backend):
    """The WAFv2 backend of a region, or (region `global`) of CloudFront."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.items: dict[str, Item] = {}
        """By ARN. The controller reads them under the store's lock."""
        self.associations: dict[str, str] = {}
        """Load balancer → web ACL."""
        self.logging: dict[str, Json] = {}
        """Web ACL → its logging configuration."""

    # -- operations shared by all kinds

    def of_kind(self, kind: Kind) -> list[Item]:
        return [one for one in self.items.values() if one.kind is kind]

    def find(self, kind: Kind, request: Json) -> Item:
        """Return the resource that a request names. Raises WafError: there is none."""
        arn, name, key = (request.get(one) for one in ("ARN", "Name", "Id"))
        for one in self.of_kind(kind):
            if (arn and one.arn == arn) or (not arn and (one.name, one.id) == (name, key)):
                return one
        raise problems.nonexistent(str(arn or f"{kind.noun} {name} {key}"))

    def create(self, kind: Kind, request: Json) -> Item:
        """Create a resource. Raises WafError."""
        self._check(kind, request, "Create")
        name, scope, key = request["Name"], request["Scope"], str(uuid4())
        if any(one.name == name for one in self.of_kind(kind)):
            raise problems.duplicate()
        arn = make_arn(name, self.account_id, self.region_name, key, scope, kind.value)
        item = Item(kind, name, key, arn, scope, self.account_id, settings_of(request))
        item.capacity = self._capacity(kind, request)
        self.items[arn] = item
        self.tag_resource(arn, request.get("Tags") or [])
        return item

    def update(self, kind: Kind, request: Json) -> str:
        """Update a resource; return the next lock token. Raises WafError."""
        item = self._locked(kind, request)
        full = {**request, "Capacity": item.settings.get("Capacity")}
        full["IPAddressVersion"] = item.settings.get("IPAddressVersion")
        self._check(kind, full, "Update")
        item.capacity = self._capacity(kind, full)
        return item.change(request)

    def delete(self, kind: Kind, request: Json) -> None:
        """Delete a resource. Raises WafError: it is in use, or does not exist."""
        item = self._locked(kind, request)
        users = [*self.protected_by(item.arn), *self._referring_to(item.arn)]
        if users:
            raise problems.in_use(", ".join(users))
        del self.items[item.arn]
        self.logging.pop(item.arn, None)
        self.tagging_service.delete_all_tags_for_resource(item.arn)

    def _locked(self, kind: Kind, request: Json) -> Item:
        item = self.find(kind, request)
        if item.lock_token != request["LockToken"]:
            raise problems.changed_meanwhile()
        return item

    def _check(self, kind: Kind, request: Json, verb: str) -> None:
        model = get_service_model("wafv2").operation_model(f"{verb}{kind.noun}")
        named = {name: value for name, value in request.items() if value is not None}
        if found := constraints.problems(model.input_shape, named):
            raise problems.out_of_bounds(found)
        bodies = request.get("CustomResponseBodies") or {}
        if kind is Kind.WEB_ACL:
            check_default(request["DefaultAction"], bodies)
        if kind in (Kind.WEB_ACL, Kind.RULE_GROUP):
            in_group = kind is Kind.RULE_GROUP
            check_rules(request.get("Rules") or [], bodies, self._exists, in_group=in_group)
        if kind is Kind.IP_SET:
            sets.check_addresses(request["Addresses"], request["IPAddressVersion"])
        if kind is Kind.REGEX_SET:
            sets.check_regexes(request["RegularExpressionList"], request["Name"])

    def _capacity(self, kind: Kind, request: Json) -> int:
        """Return the WCU in use. Raises WafError: above the limit."""
        used = self.capacity_of(request.get("Rules") or [])
        most = request["Capacity"] if kind is Kind.RULE_GROUP else capacity.LARGEST
        if used > most:
            raise problems.too_much(f"the rules need {used} WCU, and {most} is the most")
        return used

    def capacity_of(self, rules: list[Json]) -> int:
        """Return the WCU of checked rules."""
        return capacity.of_rules(rules, lambda arn: int(self.items[arn].settings["Capacity"]))

    def check_capacity(self, rules: list[Json]) -> int:
        """CheckCapacity. Raises WafError for invalid rules."""
        check_rules(rules, {}, self._exists, in_group=False)
        return self.capacity_of(rules)

    def _exists(self, kind: Kind, arn: str) -> bool:
        return arn in self.items and self.items[arn].kind is kind

    def _referring_to(self, arn: str) -> Iterator[str]:
        for item in self.items.values():
            for rule in item.rules:
                for name, content in capacity.flat(rule["Statement"]):
                    if name in _REFERRING and content["ARN"] == arn:
                        yield item.arn

    # -- load balancers

    def associate_web_acl(self, web_acl_arn: str, resource_arn: str) -> None:
        """AssociateWebACL, replacing the former one. Raises WafError."""
        if not self._exists(Kind.WEB_ACL, web_acl_arn):
            raise problems.nonexistent(web_acl_arn)
        if ":global/" in web_acl_arn:
            reason = "The scope isn't valid. A load balancer takes a web ACL of the scope REGIONAL."
            raise InvalidParameterError(reason, "SCOPE_VALUE", web_acl_arn)
        self._balancer(resource_arn)
        self.associations[resource_arn] = web_acl_arn

    def disassociate_web_acl(self, resource_arn: str) -> None:
        self._balancer(resource_arn)
        self.associations.pop(resource_arn, None)

    def web_acl_of(self, resource_arn: str) -> Item | None:
        """Return the web ACL of a load balancer; None if it has none."""
        return self.items.get(self.associations.get(resource_arn, ""))

    def protected_by(self, web_acl_arn: str) -> list[str]:
        """Return the existing load balancers that have a web ACL."""
        known = elbv2_backends[self.account_id]
        return [
            resource
            for resource, web_acl in self.associations.items()
            if web_acl == web_acl_arn
            and self.region_name in known
            and resource in known[self.region_name].load_balancers
        ]

    def _balancer(self, arn: str) -> None:
        wrong = partial(InvalidParameterError, field="RESOURCE_ARN", parameter=arn)
        if ":elasticloadbalancing:" not in arn:
            raise wrong("Drydock's local region protects Application Load Balancers alone.")
        known: Any = elbv2_backends[self.account_id][self.region_name].load_balancers.get(arn)
        if known is None:
            raise problems.unavailable(arn)
        if known.type != "application":
            raise wrong("The ARN isn't valid. It has to be that of an Application Load Balancer.")

    # -- logs

    def put_logging(self, configuration: Json) -> Json:
        """PutLoggingConfiguration. Raises WafError."""
        arn, destinations = configuration["ResourceArn"], configuration["LogDestinationConfigs"]
        if not self._exists(Kind.WEB_ACL, arn):
            raise problems.nonexistent(arn)
        for one in destinations:
            if _LOG_NAME not in one:
                reason = f"The ARN isn't valid. The destination's name begins with {_LOG_NAME}"
                raise InvalidParameterError(reason, "LOG_DESTINATION", one)
        defaults = {
            "ManagedByFirewallManager": False,
            "LogType": "WAF_LOGS",
            "LogScope": "CUSTOMER",
        }
        self.logging[arn] = {**defaults, **configuration}
        return self.logging[arn]

    def logging_of(self, arn: str) -> Json:
        """Return a logging configuration. Raises WafError: there is none."""
        if arn not in self.logging:
            raise problems.nonexistent(f"the logging configuration of {arn}")
        return self.logging[arn]

    def stop_logging(self, arn: str) -> None:
        """DeleteLoggingConfiguration. Raises WafError: there is none."""
        self.logging_of(arn)
        del self.logging[arn]
