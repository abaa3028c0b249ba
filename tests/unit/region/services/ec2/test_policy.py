"""From EC2's records to a policy: what cannot be understood stays as it was."""

from __future__ import annotations

from ipaddress import IPv4Network
from types import SimpleNamespace
from typing import Any

from drydock.region.dataplane.network.security import (
    TCP,
    Acl,
    AclRule,
    Policy,
    SecurityGroup,
    SecurityRule,
    Traffic,
)
from drydock.region.services.ec2.controller.policy import read_policy

ANYWHERE = IPv4Network("0.0.0.0/0")
LAST = SecurityGroup("sg-1", ingress=(SecurityRule(Traffic(TCP, 80, 80), (ANYWHERE,)),))


def rule(protocol: str, first: int | None, last: int | None) -> Any:
    return SimpleNamespace(
        ip_protocol=protocol,
        from_port=first,
        to_port=last,
        ip_range={"CidrIp": "0.0.0.0/0"},
        source_group={},
        prefix_list_id=None,
    )


def entry(protocol: str) -> Any:
    return SimpleNamespace(
        egress=False,
        protocol=protocol,
        rule_number=100,
        rule_action="allow",
        cidr_block="0.0.0.0/0",
        port_range_from=None,
        port_range_to=None,
    )


def ec2(*ingress: Any, entries: tuple[Any, ...] = ()) -> Any:
    """A VPC with two interfaces of one group each; the rules are the first group's."""
    subnet = SimpleNamespace(id="subnet-1")
    enis = {
        f"eni-{n}": SimpleNamespace(
            id=f"eni-{n}",
            vpc_id="vpc-1",
            private_ip_address=f"10.0.0.{n}",
            subnet=subnet,
            group_set=[SimpleNamespace(id=f"sg-{n}")],
        )
        for n in (1, 2)
    }
    groups = {
        "sg-1": SimpleNamespace(ingress_rules=list(ingress), egress_rules=[]),
        "sg-2": SimpleNamespace(ingress_rules=[rule("tcp", 443, 443)], egress_rules=[]),
    }
    acl = SimpleNamespace(
        id="acl-1", associations=[SimpleNamespace(subnet_id="subnet-1")], entries=list(entries)
    )
    return SimpleNamespace(
        enis=enis, nat_gateways={}, groups={"vpc-1": groups}, network_acls={"acl-1": acl}
    )


def test_a_group_that_is_not_understood_stays_as_it_was() -> None:
    policy, problems = read_policy(
        ec2(rule("banana", 1, 2)), "vpc-1", Policy(groups={"sg-1": LAST})
    )
    assert policy.groups["sg-1"] == LAST
    assert problems == ("security group sg-1: the protocol banana is not known",)
    [other] = policy.groups["sg-2"].ingress
    assert other.traffic == Traffic(TCP, 443, 443)


def test_one_that_was_never_understood_lets_nothing_pass() -> None:
    policy, problems = read_policy(ec2(rule("tcp", 443, 80)), "vpc-1", Policy())
    assert policy.groups["sg-1"] == SecurityGroup("sg-1")
    assert problems == ("security group sg-1: 443-80 is no range of ports",)


def test_an_acl_that_is_not_understood_stays_as_it_was() -> None:
    last = Acl((AclRule(1, True, Traffic(), ANYWHERE),), ())
    broken = ec2(rule("tcp", 80, 80), entries=(entry("banana"),))
    policy, problems = read_policy(broken, "vpc-1", Policy(acls={"subnet-1": last}))
    assert policy.acls["subnet-1"] == last
    assert problems == ("network ACL acl-1: the protocol banana is not known",)
    policy, _ = read_policy(broken, "vpc-1", Policy())
    assert policy.acls["subnet-1"] == Acl((), ())


def test_what_is_understood_is_no_problem() -> None:
    policy, problems = read_policy(ec2(rule("tcp", 80, 80)), "vpc-1", Policy())
    assert (policy.groups["sg-1"], problems) == (LAST, ())
