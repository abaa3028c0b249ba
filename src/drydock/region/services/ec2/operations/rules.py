"""Security group rules as Terraform's one-rule-a-resource reads and changes them.

moto 5.2.5 forgets the description of a rule that names a group or a prefix list, and
ModifySecurityGroupRules can neither change such a rule nor one for all protocols. A default group
lacks its own rule, any word is accepted as a protocol, a protocol without ports fails, and a group
may be in a VPC that does not exist.
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
from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupRule

_NAMED_PROTOCOLS = ("tcp", "udp", "icmp", "icmpv6", "all", "-1")
_WITH_PORTS = ("tcp", "udp", "6", "17")
_PEERS = ("CidrIpv4", "CidrIpv6", "PrefixListId", "ReferencedGroupId")


class Rule(SecurityGroupRule):
    """A rule that keeps its description, whatever its source."""

    @property
    def description(self) -> str | None:
        found = self.ip_range.get("Description") or self.source_group.get("Description")
        return found or self.__dict__.get("prefix_description")


class RuleOperations(EC2Backend):
    """The rules' part of the EC2 backend."""

    def create_security_group(
        self, name: str, description: str, vpc_id: str | None = None, *args: Any, **kwargs: Any
    ) -> SecurityGroup:
        """CreateSecurityGroup, in an existing VPC; its default group lets its own members in.

        https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html
        """
        if vpc_id:
            self.get_vpc(vpc_id)
        group = super().create_security_group(name, description, vpc_id, *args, **kwargs)
        if group.is_default:
            own = {"GroupId": group.id, "OwnerId": self.account_id, "UserId": self.account_id}
            rules = self._iterate_security_rules("-1", group.id, None, None, [], [own], [])
            for rule in rules:
                group.add_ingress_rule(rule)
        return group

    def _iterate_security_rules(
        self,
        ip_protocol: str,
        group_id: str,
        from_port: str | None,
        to_port: str | None,
        *args: Any,
        **kwargs: Any,
    ) -> Iterator[SecurityGroupRule]:
        _check_ports(ip_protocol, from_port, to_port)
        has_ports = from_port is not None and to_port is not None
        ports: Any = (from_port, to_port) if has_ports else ("-1", "-1")
        prefixes = kwargs.get("prefix_list_ids") or (args[2] if len(args) > 2 else [])
        descriptions = {one["PrefixListId"]: one.get("Description") for one in prefixes}
        for rule in super()._iterate_security_rules(ip_protocol, group_id, *ports, *args, **kwargs):
            rule.__class__ = Rule
            if not has_ports:
                rule.from_port = rule.to_port = None
            if rule.prefix_list_id:
                rule.prefix_description = descriptions.get(rule.prefix_list_id)  # type: ignore[attr-defined]
            yield rule

    def modify_security_group_rules(self, group_id: str, rules: dict[str, dict[str, Any]]) -> None:
        """ModifySecurityGroupRules; changes all or none."""
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
        _check_ports(wanted["IpProtocol"], wanted.get("FromPort"), wanted.get("ToPort"))
        group = wanted.get("ReferencedGroupId")
        if group and self.get_security_group_from_id(group) is None:
            raise InvalidSecurityGroupNotFoundError(group)


def _check_ports(protocol: Any, first: Any, last: Any) -> None:
    """Raise EC2ClientError for an unknown protocol or an invalid range of ports."""
    word = str(protocol).lower()
    if word not in _NAMED_PROTOCOLS and not (word.isdecimal() and int(word) <= 255):
        raise EC2ClientError(
            "InvalidParameterValue",
            f"Invalid value '{protocol}' for IP protocol. Unknown protocol.",
        )
    if word not in _WITH_PORTS:
        return
    if first is None or last is None:
        raise EC2ClientError(
            "InvalidParameterValue",
            "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.",
        )
    if not 0 <= int(first) <= int(last) <= 65535:
        raise EC2ClientError(
            "InvalidParameterValue", f"Invalid TCP/UDP port range ({first}:{last})"
        )


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
