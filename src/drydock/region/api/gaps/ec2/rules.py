"""Security group rules as Terraform's one-rule-a-resource reads and changes them.

moto 5.2.5 forgets the description of a rule that names a group or a prefix list, and
ModifySecurityGroupRules can neither change such a rule nor one for all protocols.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.ec2.exceptions import (
    EC2ClientError,
    InvalidSecurityGroupNotFoundError,
    InvalidSecurityGroupRuleIdNotFoundError,
)
from moto.ec2.models import EC2Backend
from moto.ec2.models.security_groups import SecurityGroupRule

_PEERS = ("CidrIpv4", "CidrIpv6", "PrefixListId", "ReferencedGroupId")


class Rule(SecurityGroupRule):
    """A rule that keeps its description wherever it came with."""

    @property
    def description(self) -> str | None:
        found = self.ip_range.get("Description") or self.source_group.get("Description")
        return found or self.__dict__.get("prefix_description")


class RuleOperations(EC2Backend):
    """The rules' part of our EC2 backend."""

    def _iterate_security_rules(self, *args: Any, **kwargs: Any) -> Iterator[SecurityGroupRule]:
        prefixes = kwargs.get("prefix_list_ids") or (args[6] if len(args) > 6 else [])
        descriptions = {one["PrefixListId"]: one.get("Description") for one in prefixes}
        for rule in super()._iterate_security_rules(*args, **kwargs):
            rule.__class__ = Rule
            if rule.prefix_list_id:
                rule.prefix_description = descriptions.get(rule.prefix_list_id)  # type: ignore[attr-defined]
            yield rule

    def modify_security_group_rules(self, group_id: str, rules: dict[str, dict[str, Any]]) -> None:
        """ModifySecurityGroupRules; all or none are changed."""
        group = self.get_security_group_by_name_or_id(group_id)
        if group is None:
            raise InvalidSecurityGroupNotFoundError(group_id)
        found = {rule_id: group.get_rule(rule_id) for rule_id in rules}
        for rule_id, wanted in rules.items():
            if found[rule_id] is None:
                raise InvalidSecurityGroupRuleIdNotFoundError(rule_id)
            self._check_rule(wanted)
        for rule_id, wanted in rules.items():
            _change(found[rule_id], wanted, self.account_id)

    def _check_rule(self, wanted: dict[str, Any]) -> None:
        if sum(wanted.get(key) is not None for key in _PEERS) != 1:
            raise EC2ClientError(
                "InvalidParameterCombination",
                "The request must contain exactly one of: cidrIp, cidrIpv6, prefixListId, or "
                "referencedGroupId",
            )
        if wanted.get("IpProtocol") is None:
            raise EC2ClientError(
                "InvalidParameterValue",
                "Invalid value 'null' for protocol. VPC security group rules must specify protocols "
                "explicitly.",
            )
        group = wanted.get("ReferencedGroupId")
        if group and self.get_security_group_from_id(group) is None:
            raise InvalidSecurityGroupNotFoundError(group)


def _change(rule: Any, wanted: dict[str, Any], account_id: str) -> None:
    rule.__class__ = Rule
    rule.ip_protocol = str(wanted["IpProtocol"])
    all_protocols = rule.ip_protocol == "-1"
    rule.from_port = None if all_protocols else _port(wanted.get("FromPort"))
    rule.to_port = None if all_protocols else _port(wanted.get("ToPort"))
    note = {"Description": wanted["Description"]} if wanted.get("Description") else {}
    rule.ip_range, rule.source_group, rule.prefix_list_id = {}, {}, None
    if wanted.get("CidrIpv4"):
        rule.ip_range = {"CidrIp": wanted["CidrIpv4"], **note}
    elif wanted.get("CidrIpv6"):
        rule.ip_range = {"CidrIpv6": wanted["CidrIpv6"], **note}
    elif wanted.get("PrefixListId"):
        rule.prefix_list_id = wanted["PrefixListId"]
        rule.prefix_description = wanted.get("Description")
    else:
        owner = {"OwnerId": account_id, "UserId": account_id}
        rule.source_group = {"GroupId": wanted["ReferencedGroupId"], **owner, **note}


def _port(value: Any) -> int | None:
    return None if value is None else int(value)
