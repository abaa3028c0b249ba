"""Make one declared resource: zone, certificate, secret, parameter, repository, key or bucket."""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from drydock import account as declared
from drydock.region.api.store import Store
from drydock.region.services.acm import Certificate
from drydock.region.services.route53.operations.backend import Route53Backend

_LETTERS = string.ascii_letters + string.digits
_GENERATED = 32
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


class Issued(Protocol):
    """A certificate, its key and its chain, in PEM."""

    @property
    def certificate(self) -> bytes: ...
    @property
    def key(self) -> bytes: ...
    @property
    def chain(self) -> bytes: ...


Issue = Callable[[declared.Certificate], Issued]


@dataclass(frozen=True)
class Maker:
    """Makes resources in a store's backends, inside `Store.changing`."""

    store: Store
    issue: Issue

    def zone(self, wanted: declared.HostedZone) -> None:
        """Make a hosted zone without records of its own; private with VPCs."""
        route53: Route53Backend = self.store.backend("route53")
        first, *others = wanted.vpcs or ("",)
        kind = "private" if first else "public"
        made = route53.create_hosted_zone(
            wanted.name,
            bool(first),
            f"drydock-account-{kind}-{wanted.id or wanted.name}",
            first or None,
            self.store.region if first else None,
            zone_id=wanted.id,
        )
        for vpc in others:
            route53.associate_vpc_with_hosted_zone(made.resource_id, vpc, self.store.region)

    def records(self, zone: declared.HostedZone, wanted: tuple[declared.Record, ...]) -> None:
        """Add records in one batch."""
        route53: Route53Backend = self.store.backend("route53")
        found = (
            one.resource_id
            for one in route53.zones.values()
            if one.name.rstrip(".") == zone.name and bool(one.private_zone) == bool(zone.vpcs)
        )
        route53.change_resource_record_sets(
            zone.id or next(found),
            [{"Action": "CREATE", "ResourceRecordSet": _set(one)} for one in wanted],
        )

    def certificate(self, wanted: declared.Certificate) -> None:
        """Make a certificate issued by the region's authority, without validation of its names."""
        names = list(dict.fromkeys(wanted.domain_names))
        record = Certificate(wanted.arn, "AMAZON_ISSUED", names, wanted.algorithm, {})
        issued = self.issue(wanted)
        record.issue(issued.certificate, issued.key, issued.chain, datetime.now(UTC))
        record.vouched = True
        self.store.backend("acm").certificates[wanted.arn] = record

    def secret(self, wanted: declared.Secret) -> None:
        value = wanted.value.get_secret_value() or _generate(wanted.generated_keys)
        backend: Any = self.store.backend("secretsmanager")
        backend.create_secret(wanted.full_name, value, None, None, None, None, None, [], False)
        if wanted.arn:
            backend.secrets[wanted.full_name].arn = wanted.arn

    def parameter(self, wanted: declared.Parameter) -> None:
        secure = wanted.type == "SecureString"
        value = wanted.value.get_secret_value() or _generate(())
        key = "alias/aws/ssm" if secure else ""
        backend: Any = self.store.backend("ssm")
        backend.put_parameter(
            wanted.name, "", value, wanted.type, "", key, False, [], "text", None, None
        )

    def repository(self, wanted: declared.Repository) -> None:
        backend: Any = self.store.backend("ecr")
        backend.create_repository(
            wanted.name, self.store.account_id, {"encryptionType": "AES256"}, None, "MUTABLE", []
        )

    def images(self, repository: str, images: tuple[str, ...]) -> None:
        """Add image tags, with a digest where one is given; the images have no content to pull."""
        backend: Any = self.store.backend("ecr")
        for image in images:
            tag, _, digest = image.partition("@")
            backend.put_image(repository, _manifest(digest or tag), tag, _MANIFEST, digest or None)

    def key(self, wanted: declared.KmsKey) -> None:
        backend: Any = self.store.backend("kms")
        multi_region = wanted.key_id.startswith("mrk-")
        key = backend.create_key(None, "ENCRYPT_DECRYPT", "", "", None, multi_region)
        if wanted.key_id:
            del backend.keys[key.id]
            key.arn = key.arn.replace(key.id, wanted.key_id)
            key.id = wanted.key_id
            backend.keys[key.id] = key
        if wanted.alias:
            self.alias(wanted.alias, key.id)

    def alias(self, alias: str, key_id: str) -> None:
        self.store.backend("kms").create_alias(key_id, alias)

    def bucket(self, wanted: declared.Bucket) -> None:
        self.store.backend("s3").create_bucket(wanted.name, self.store.region)


def _set(record: declared.Record) -> dict[str, Any]:
    return {
        "Name": record.name,
        "Type": record.type,
        "TTL": record.ttl,
        "ResourceRecords": [{"Value": value} for value in record.values],
    }


def _generate(keys: tuple[str, ...]) -> str:
    """Return a random value of letters and digits, which every database accepts as a password."""

    def word() -> str:
        return "".join(secrets.choice(_LETTERS) for _ in range(_GENERATED))

    return json.dumps({key: word() for key in keys}) if keys else word()


def _manifest(of: str) -> str:
    """Return an image's manifest without layers, different for every image."""
    empty = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    config = {"mediaType": "application/vnd.oci.empty.v1+json", "digest": empty, "size": 2}
    annotations = {"org.opencontainers.image.title": of}
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": config,
            "layers": [],
            "annotations": annotations,
        }
    )
