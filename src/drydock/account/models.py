"""The models of `[account]`, one per type of resource. All are frozen and refuse unknown keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_serializer, model_validator

from drydock.account import formats


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Valued(_Entry):
    """An entry with a secret. `value` is never in the file: it is read from the environment."""

    value_from: formats.VariableName = ""
    """The environment variable that holds the value; if it is unset or empty, one is generated."""
    value: SecretStr = SecretStr("")

    @field_serializer("value", when_used="json")
    def _reveal(self, value: SecretStr) -> str:
        """Write the value in clear: JSON is used only for the region's private copy of its settings."""
        return value.get_secret_value()


class Subnet(_Entry):
    """`[[account.vpcs.subnets]]`."""

    id: formats.SubnetId
    cidr: formats.Cidr
    zone: formats.AvailabilityZone
    public: bool = False
    """Its routes lead to an internet gateway."""
    name: str = ""
    tags: dict[str, str] = {}


class Vpc(_Entry):
    """`[[account.vpcs]]`."""

    id: formats.VpcId
    cidr: formats.Cidr
    name: str = ""
    tags: dict[str, str] = {}
    dns_hostnames: bool = False
    nat: bool = False
    """A NAT gateway in the first public subnet routes the private subnets to the internet."""
    subnets: tuple[Subnet, ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for subnet in self.subnets:
            if not subnet.cidr.subnet_of(self.cidr):
                raise ValueError(
                    f"the subnet {subnet.id} ({subnet.cidr}) lies outside of {self.id} ({self.cidr})"
                )
        for one, other in combinations(self.subnets, 2):
            if one.cidr.overlaps(other.cidr):
                raise ValueError(
                    f"the subnets {one.id} and {other.id} overlap: {one.cidr}, {other.cidr}"
                )
        if self.nat and not any(subnet.public for subnet in self.subnets):
            raise ValueError(
                f"nat = true needs a subnet of {self.id} with public = true to stand in"
            )
        return self


class Record(_Entry):
    """A record set of a hosted zone."""

    name: formats.RecordName
    type: Literal["A", "AAAA", "CAA", "CNAME", "MX", "NS", "SRV", "TXT"]
    ttl: int = Field(default=300, ge=0, le=2147483647)
    values: tuple[str, ...] = Field(min_length=1)


class HostedZone(_Entry):
    """`[[account.hosted_zones]]`."""

    name: formats.DomainName
    id: formats.ZoneId = ""
    """If empty, any zone of that name is meant."""
    vpcs: tuple[formats.VpcId, ...] = ()
    """A zone with VPCs is a private one."""
    records: tuple[Record, ...] = ()

    @model_validator(mode="after")
    def _within(self) -> Self:
        for record in self.records:
            if record.name != self.name and not record.name.endswith(f".{self.name}"):
                raise ValueError(
                    f"the record {record.name} is not within {self.name}; write its whole name"
                )
        return self


class Certificate(_Entry):
    """`[[account.certificates]]`: the region's authority issues it under this ARN."""

    arn: formats.CertificateArn
    domain_names: tuple[formats.CertifiedName, ...] = Field(min_length=1, max_length=10)
    algorithm: Literal["RSA_2048", "EC_prime256v1", "EC_secp384r1"] = "RSA_2048"


class Secret(_Valued):
    """`[[account.secrets]]`, of Secrets Manager."""

    arn: formats.SecretArn = ""
    name: formats.SecretName = ""
    generated_keys: tuple[str, ...] = ()
    """Keys of a generated value, which is a JSON object; without keys it is a plain string."""

    @property
    def full_name(self) -> str:
        """The secret's name; an ARN ends in it, followed by a hyphen and six letters."""
        return self.name or self.arn.split(":secret:", 1)[-1][:-7]

    @model_validator(mode="after")
    def _named(self) -> Self:
        if not self.arn and not self.name:
            raise ValueError("give its arn (with the six letters at the end), or its name")
        if self.arn and self.name and self.arn.split(":secret:", 1)[-1][:-7] != self.name:
            raise ValueError(f"{self.arn} is not of a secret named {self.name}; leave name out")
        return self


class Parameter(_Valued):
    """`[[account.parameters]]`, of Systems Manager's Parameter Store."""

    name: formats.ParameterName
    type: Literal["SecureString", "String"] = "SecureString"

    @model_validator(mode="after")
    def _valued(self) -> Self:
        if self.type == "String" and not self.value.get_secret_value():
            raise ValueError(
                f"the parameter {self.name} has no value: give it value, or value_from with a "
                "variable that is set (only a SecureString is generated)"
            )
        return self


class Repository(_Entry):
    """`[[account.repositories]]`, of ECR."""

    name: formats.RepositoryName
    images: tuple[formats.Image, ...] = ()
    """Tags that exist in the repository. A task's image is still resolved like any other image."""


class KmsKey(_Entry):
    """`[[account.kms_keys]]`."""

    id: formats.KeyId = ""
    arn: formats.KeyArn = ""
    alias: formats.KeyAlias = ""

    @property
    def key_id(self) -> str:
        """The key's id; empty if only an alias is given."""
        return self.id or self.arn.rpartition("/")[2]

    @model_validator(mode="after")
    def _named(self) -> Self:
        if not self.id and not self.arn and not self.alias:
            raise ValueError("give its id, its arn or its alias")
        if self.id and self.arn and not self.arn.endswith(f"/{self.id}"):
            raise ValueError(f"{self.arn} is not of the key {self.id}; leave id out")
        return self


class Bucket(_Entry):
    """`[[account.buckets]]`, of S3."""

    name: formats.BucketName


class Account(_Entry):
    """`[account]`."""

    vpcs: tuple[Vpc, ...] = ()
    hosted_zones: tuple[HostedZone, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    secrets: tuple[Secret, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    repositories: tuple[Repository, ...] = ()
    kms_keys: tuple[KmsKey, ...] = ()
    buckets: tuple[Bucket, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not any(getattr(self, name) for name in Account.model_fields)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        for kind, names in self._identities():
            seen: set[str] = set()
            for name in names:
                if name in seen:
                    raise ValueError(f"{kind}: {name} is declared twice; leave one out")
                seen.add(name)
        return self

    def _identities(self) -> Iterator[tuple[str, Iterable[str]]]:
        yield "vpcs", (one.id for one in self.vpcs)
        yield "subnets", (subnet.id for one in self.vpcs for subnet in one.subnets)
        yield "hosted_zones", (one.id for one in self.hosted_zones if one.id)
        unnamed = [one for one in self.hosted_zones if not one.id]
        yield "hosted_zones", (one.name for one in unnamed if not one.vpcs)
        yield "hosted_zones", (one.name for one in unnamed if one.vpcs)
        yield "certificates", (one.arn for one in self.certificates)
        yield "secrets", (one.full_name for one in self.secrets)
        yield "parameters", (one.name for one in self.parameters)
        yield "repositories", (one.name for one in self.repositories)
        yield "kms_keys", (one.key_id for one in self.kms_keys if one.key_id)
        yield "kms_keys", (one.alias for one in self.kms_keys if one.alias)
        yield "buckets", (one.name for one in self.buckets)

    def misplaced(self, region: str, account: str) -> str:
        """Return why an entry belongs to another region or account than the local one; empty if none does."""
        for vpc in self.vpcs:
            for subnet in vpc.subnets:
                if subnet.zone[:-1] != region:
                    return (
                        f"the subnet {subnet.id} is in {subnet.zone}, but [region] name is {region}"
                    )
        for arn in self._arns():
            _, _, _, its_region, its_account, *_ = arn.split(":")
            if its_region != region:
                return f'{arn} is of the region {its_region}: set [region] name = "{its_region}"'
            if its_account != account:
                return (
                    f"{arn} is of the account {its_account}: "
                    f'set [region] account_id = "{its_account}"'
                )
        return ""

    def _arns(self) -> Iterator[str]:
        yield from (one.arn for one in self.certificates)
        yield from (one.arn for one in self.secrets if one.arn)
        yield from (one.arn for one in self.kms_keys if one.arn)
