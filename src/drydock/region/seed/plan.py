"""Determine what an account lacks of what `[account]` declares. Pure.

Existing resources are left as they are, whoever changed them. Only what cannot be changed in AWS (a
VPC's range, a certificate's names) is compared: a difference means that the file was changed, and
is reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from drydock.account import Account, Certificate, HostedZone, KmsKey, Repository, Secret, Vpc
from drydock.errors import ConfigError
from drydock.region.seed.steps import (
    AddImages,
    AddRecords,
    MakeAlias,
    MakeBucket,
    MakeCertificate,
    MakeGateway,
    MakeKey,
    MakeNat,
    MakeParameter,
    MakeRepository,
    MakeSecret,
    MakeSubnet,
    MakeVpc,
    MakeZone,
    Step,
)


@dataclass(frozen=True)
class SeenZone:
    """An existing hosted zone; its name and its records' without a dot at the end."""

    name: str
    private: bool
    records: frozenset[tuple[str, str]] = frozenset()
    """Name and type of each."""


@dataclass(frozen=True)
class Seen:
    """The account's resources of the declared kinds; nothing of the other kinds."""

    vpcs: dict[str, str] = field(default_factory=dict)
    """Id → range."""
    subnets: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    """Id → VPC, range, zone."""
    with_gateway: frozenset[str] = frozenset()
    """VPCs that have an internet gateway."""
    with_nat: frozenset[str] = frozenset()
    """VPCs that have a NAT gateway."""
    zones: dict[str, SeenZone] = field(default_factory=dict)
    certificates: dict[str, frozenset[str]] = field(default_factory=dict)
    """ARN → names."""
    secrets: dict[str, str] = field(default_factory=dict)
    """Name → ARN."""
    parameters: frozenset[str] = frozenset()
    repositories: dict[str, frozenset[str]] = field(default_factory=dict)
    """Name → tags."""
    keys: frozenset[str] = frozenset()
    aliases: frozenset[str] = frozenset()
    buckets: frozenset[str] = frozenset()


def plan(account: Account, seen: Seen) -> list[Step]:
    """Return the steps, in order.

    Raises ConfigError: an existing resource contradicts its declaration.
    """
    steps: list[Step] = []
    for vpc in account.vpcs:
        steps += _vpc(vpc, seen)
    for zone in account.hosted_zones:
        steps += _zone(zone, seen)
    for certificate in account.certificates:
        steps += _certificate(certificate, seen)
    for key in account.kms_keys:
        steps += _key(key, seen)
    for secret in account.secrets:
        steps += _secret(secret, seen)
    steps += [MakeParameter(one) for one in account.parameters if one.name not in seen.parameters]
    for repository in account.repositories:
        steps += _repository(repository, seen)
    steps += [MakeBucket(one) for one in account.buckets if one.name not in seen.buckets]
    return steps


def _vpc(vpc: Vpc, seen: Seen) -> Iterator[Step]:
    if vpc.id not in seen.vpcs:
        yield MakeVpc(vpc)
    else:
        _same(f"the VPC {vpc.id}", "the range", seen.vpcs[vpc.id], str(vpc.cidr))
    if any(one.public for one in vpc.subnets) and vpc.id not in seen.with_gateway:
        yield MakeGateway(vpc.id)
    for subnet in vpc.subnets:
        if subnet.id not in seen.subnets:
            yield MakeSubnet(vpc.id, subnet)
            continue
        place, cidr, zone = seen.subnets[subnet.id]
        _same(f"the subnet {subnet.id}", "the VPC", place, vpc.id)
        _same(f"the subnet {subnet.id}", "the range", cidr, str(subnet.cidr))
        _same(f"the subnet {subnet.id}", "the zone", zone, subnet.zone)
    if vpc.nat and vpc.id not in seen.with_nat:
        yield MakeNat(vpc.id, next(one.id for one in vpc.subnets if one.public))


def _zone(zone: HostedZone, seen: Seen) -> Iterator[Step]:
    there = find_zone(zone, seen.zones)
    if there is None:
        yield MakeZone(zone)
    elif zone.id:
        private = {True: "private", False: "public"}
        _same(f"the hosted zone {zone.id}", "the name", there.name, zone.name)
        kind = private[bool(zone.vpcs)]
        _same(f"the hosted zone {zone.id}", "the kind", private[there.private], kind)
    known = there.records if there is not None else frozenset()
    missing = tuple(one for one in zone.records if (one.name, one.type) not in known)
    if missing:
        yield AddRecords(zone, missing)


def find_zone(zone: HostedZone, zones: dict[str, SeenZone]) -> SeenZone | None:
    """Return the zone with its id, or if it has none, with its name and kind."""
    if zone.id:
        return zones.get(zone.id)
    same = (one for one in zones.values() if one.name == zone.name)
    return next((one for one in same if one.private == bool(zone.vpcs)), None)


def _certificate(certificate: Certificate, seen: Seen) -> Iterator[Step]:
    names = seen.certificates.get(certificate.arn)
    if names is None:
        yield MakeCertificate(certificate)
    else:
        wanted = _listed(certificate.domain_names)
        _same(f"the certificate {certificate.arn}", "the names", _listed(names), wanted)


def _key(key: KmsKey, seen: Seen) -> Iterator[Step]:
    known = key.key_id in seen.keys if key.key_id else key.alias in seen.aliases
    if not known:
        yield MakeKey(key)
    elif key.alias and key.alias not in seen.aliases:
        yield MakeAlias(key.alias, key.key_id)


def _secret(secret: Secret, seen: Seen) -> Iterator[Step]:
    name = secret.full_name
    if name not in seen.secrets:
        yield MakeSecret(secret)
    elif secret.arn:
        _same(f"the secret {name}", "the ARN", seen.secrets[name], secret.arn)


def _repository(repository: Repository, seen: Seen) -> Iterator[Step]:
    tags = seen.repositories.get(repository.name)
    if tags is None:
        yield MakeRepository(repository)
    known = tags or frozenset()
    missing = tuple(one for one in repository.images if one.partition("@")[0] not in known)
    if missing:
        yield AddImages(repository.name, missing)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _same(subject: str, what: str, there: str, declared: str) -> None:
    if there != declared:
        raise ConfigError(
            f"drydock.toml: {subject}",
            f"the region has it with {what} {there}, and [account] says {declared}",
            "write that back; or start the region with the old value, delete the thing through the "
            "API, and start again with the new one",
        )
