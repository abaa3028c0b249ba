"""Read the control plane's resources of the declared kinds, under the store's lock.

Only services with declared resources are read: the others' backends need not be made for it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from drydock.account import Account
from drydock.region.api.store import Store
from drydock.region.seed.plan import Seen, SeenZone
from drydock.region.services.acm import AcmBackend


def see(store: Store, account: Account) -> Seen:
    """Return the existing resources. Call it inside `locked` or `changing`."""
    found: dict[str, Any] = {}
    if account.vpcs:
        found |= _network(store.backend("ec2"))
    if account.hosted_zones:
        found["zones"] = _zones(store.backend("route53"))
    if account.certificates:
        found["certificates"] = _certificates(store.backend("acm"))
    if account.secrets:
        secrets: Any = dict.values(store.backend("secretsmanager").secrets)
        found["secrets"] = {one.name: one.arn for one in secrets}
    if account.parameters:
        ssm = store.backend("ssm")
        found["parameters"] = frozenset(
            one.name for one in account.parameters if _has(ssm, one.name)
        )
    if account.repositories:
        found["repositories"] = _repositories(store.backend("ecr"))
    if account.kms_keys:
        kms = store.backend("kms")
        found["keys"] = frozenset(kms.keys)
        found["aliases"] = frozenset(name for key in kms.keys.values() for name in key.aliases)
    if account.buckets:
        found["buckets"] = frozenset(store.backend("s3").buckets)
    return Seen(**found)


def _network(ec2: Any) -> dict[str, Any]:
    subnets = [one for zone in ec2.subnets.values() for one in zone.values()]
    gateways = ec2.internet_gateways.values()
    nats = [one for one in ec2.nat_gateways.values() if one.state != "deleted"]
    return {
        "vpcs": {one.id: one.cidr_block for one in ec2.vpcs.values()},
        "subnets": {one.id: (one.vpc_id, one.cidr_block, one.availability_zone) for one in subnets},
        "with_gateway": frozenset(one.vpc.id for one in gateways if one.vpc),
        "with_nat": frozenset(one.vpc_id for one in nats),
    }


def _zones(route53: Any) -> dict[str, SeenZone]:
    return {
        zone_id: SeenZone(
            zone.name.rstrip("."),
            bool(zone.private_zone),
            frozenset((_plain(one.name), str(one.type)) for one in zone.rrsets),
        )
        for zone_id, zone in route53.zones.items()
    }


def _certificates(acm: AcmBackend) -> dict[str, frozenset[str]]:
    """Return the certificates, except expired ones: the account's is still valid."""
    now = datetime.now(UTC)
    return {
        arn: frozenset(one.names)
        for arn, one in acm.certificates.items()
        if one.x509 is None or one.x509.not_valid_after_utc > now
    }


def _plain(name: str) -> str:
    r"""Return a name without the final dot; Route 53 keeps an asterisk as \052."""
    return name.rstrip(".").replace("\\052", "*")


def _repositories(ecr: Any) -> dict[str, frozenset[str]]:
    return {
        name: frozenset(tag for image in one.images for tag in image.image_tags)
        for name, one in ecr.repositories.items()
    }


def _has(ssm: Any, name: str) -> bool:
    return bool(ssm._parameters.get(name))
