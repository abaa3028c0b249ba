"""The chain of security groups of `infra/modules/security`: load balancer → tasks → database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from drydock.stack.quick.network import ANYWHERE
from drydock.stack.quick.work import Work, ec2_tags, filters, when_free


@dataclass(frozen=True)
class Rule:
    """One rule. The peer is a CIDR range or a group's id; port None means all protocols and ports."""

    peer: str
    port: int | None
    description: str

    @property
    def permission(self) -> dict[str, Any]:
        """The rule as EC2's API takes it."""
        if self.peer.startswith("sg-"):
            side = {"UserIdGroupPairs": [{"GroupId": self.peer, "Description": self.description}]}
        else:
            side = {"IpRanges": [{"CidrIp": self.peer, "Description": self.description}]}
        if self.port is None:
            return {"IpProtocol": "-1", **side}
        return {"IpProtocol": "tcp", "FromPort": self.port, "ToPort": self.port, **side}


@dataclass(frozen=True)
class Groups:
    """Ids of the security groups."""

    load_balancer: str
    task: str
    database: str


_PEERS = {
    "IpRanges": "CidrIp",
    "Ipv6Ranges": "CidrIpv6",
    "UserIdGroupPairs": "GroupId",
    "PrefixListIds": "PrefixListId",
}
"""The lists of peers in a permission => the field that identifies a peer."""
DESCRIPTIONS = {
    "load-balancer": "Load balancer: in from anywhere, out to the tasks",
    "task": "Tasks: in from the load balancer, out everywhere",
    "database": "Database: in from the tasks, nothing out",
}


def plan_rules(groups: Groups, port: int) -> dict[str, tuple[list[Rule], list[Rule]]]:
    """Return each group's rules in and rules out, by group id. Pure."""
    return {
        groups.load_balancer: (
            [Rule(ANYWHERE, 80, "HTTP from anywhere"), Rule(ANYWHERE, 443, "HTTPS from anywhere")],
            [Rule(groups.task, port, "To the tasks")],
        ),
        groups.task: (
            [Rule(groups.load_balancer, port, "From the load balancer")],
            [Rule(ANYWHERE, None, "To the image, the secrets, the logs and the database")],
        ),
        groups.database: ([Rule(groups.task, 5432, "PostgreSQL from the tasks")], []),
    }


def ensure(work: Work, vpc: str) -> Groups:
    """Create the groups and give each exactly its rules."""
    ids = {name: _group(work, vpc, name) for name in DESCRIPTIONS}
    groups = Groups(ids["load-balancer"], ids["task"], ids["database"])
    for group, (into, out) in plan_rules(groups, work.settings.container_port).items():
        _rules(work, group, into, out)
    return groups


def find(work: Work, vpc: str) -> Groups | None:
    found = [_find(work, vpc, name) for name in ("load-balancer", "task", "database")]
    ids = [one["GroupId"] for one in found if one is not None]
    return Groups(*ids) if len(ids) == len(found) else None


def remove(work: Work, vpc: str) -> None:
    """Remove the groups. Their rules go first, since the groups refer to each other."""
    ec2 = work.clients.ec2
    found = [one for name in DESCRIPTIONS if (one := _find(work, vpc, name)) is not None]
    for group in found:
        key = group["GroupId"]
        if group["IpPermissions"]:
            ec2.revoke_security_group_ingress(GroupId=key, IpPermissions=group["IpPermissions"])
        if group["IpPermissionsEgress"]:
            ec2.revoke_security_group_egress(
                GroupId=key, IpPermissions=group["IpPermissionsEgress"]
            )
    for group in found:
        _delete(work, group["GroupId"])
        work.removed(f"security group {group['GroupName']}")


def _delete(work: Work, group: str) -> None:
    def delete() -> bool:
        work.clients.ec2.delete_security_group(GroupId=group)
        return True

    when_free(work, delete, f"security group {group}")


def _find(work: Work, vpc: str, name: str) -> Any | None:
    wanted = filters(vpc_id=vpc, group_name=work.name(name))
    found = work.clients.ec2.describe_security_groups(Filters=wanted)["SecurityGroups"]
    return found[0] if found else None


def _group(work: Work, vpc: str, name: str) -> str:
    found = _find(work, vpc, name)
    if found is not None:
        return str(found["GroupId"])
    full = work.name(name)
    made = work.clients.ec2.create_security_group(
        GroupName=full,
        Description=DESCRIPTIONS[name],
        VpcId=vpc,
        TagSpecifications=ec2_tags("security-group", work.tags(full)),
    )
    work.made(f"security group {full}")
    return made["GroupId"]


def _rules(work: Work, group: str, into: list[Rule], out: list[Rule]) -> None:
    ec2 = work.clients.ec2
    there = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    # Revoke first: EC2 takes no rule that differs from another by its description alone.
    add, drop = difference(into, there["IpPermissions"])
    if drop:
        ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=drop)
    if add:
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=add)
    # A new group allows all egress; Terraform removes that rule too.
    add, drop = difference(out, there["IpPermissionsEgress"])
    if drop:
        ec2.revoke_security_group_egress(GroupId=group, IpPermissions=drop)
    if add:
        ec2.authorize_security_group_egress(GroupId=group, IpPermissions=add)


def difference(rules: list[Rule], there: list[Any]) -> tuple[list[Any], list[Any]]:
    """Return what to add and what to revoke so that exactly `rules` remain. Pure."""
    wanted = {(one.peer, one.port, one.description): one.permission for one in rules}
    have = {_key(one): one for permission in there for one in _single(permission)}
    add = [permission for key, permission in wanted.items() if key not in have]
    drop = [permission for key, permission in have.items() if key not in wanted]
    return add, drop


def _single(permission: Any) -> list[Any]:
    """Split a permission into one per peer: EC2 groups the peers of one port range."""
    base = {
        key: permission[key] for key in ("IpProtocol", "FromPort", "ToPort") if key in permission
    }
    sides = [
        {kind: [{key: one[key] for key in (name, "Description") if key in one}]}
        for kind, name in _PEERS.items()
        for one in permission.get(kind, [])
    ]
    return [{**base, **side} for side in sides]


def _key(single: Any) -> tuple[str, int | None, str]:
    kind = next(kind for kind in _PEERS if kind in single)
    [peer] = single[kind]
    port = None if single["IpProtocol"] == "-1" else single.get("FromPort")
    return peer[_PEERS[kind]], port, peer.get("Description", "")
