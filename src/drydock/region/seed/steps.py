"""The steps of making an account's resources, one each. Data only.

`service` is moto's name of the service that has it; `said` names it to a user, without any value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from drydock.account import (
    Bucket,
    Certificate,
    HostedZone,
    KmsKey,
    Parameter,
    Record,
    Repository,
    Secret,
    Subnet,
    Vpc,
)


@dataclass(frozen=True)
class MakeVpc:
    """Make a VPC, with its main route table, network ACL and default group."""

    service: ClassVar[str] = "ec2"
    vpc: Vpc

    @property
    def said(self) -> str:
        return f"the VPC {self.vpc.id}"


@dataclass(frozen=True)
class MakeGateway:
    """Make and attach an internet gateway."""

    service: ClassVar[str] = "ec2"
    vpc_id: str

    @property
    def said(self) -> str:
        return f"an internet gateway of {self.vpc_id}"


@dataclass(frozen=True)
class MakeSubnet:
    """Make a subnet, with the routes of its kind."""

    service: ClassVar[str] = "ec2"
    vpc_id: str
    subnet: Subnet

    @property
    def said(self) -> str:
        return f"the subnet {self.subnet.id}"


@dataclass(frozen=True)
class MakeNat:
    """Make a NAT gateway, which the VPC's main route table leads to."""

    service: ClassVar[str] = "ec2"
    vpc_id: str
    subnet_id: str

    @property
    def said(self) -> str:
        return f"a NAT gateway of {self.vpc_id}"


@dataclass(frozen=True)
class MakeZone:
    """Make a hosted zone, without its records."""

    service: ClassVar[str] = "route53"
    zone: HostedZone

    @property
    def said(self) -> str:
        return f"the hosted zone {self.zone.id or self.zone.name}"


@dataclass(frozen=True)
class AddRecords:
    """Add records to a zone, in one batch."""

    service: ClassVar[str] = "route53"
    zone: HostedZone
    records: tuple[Record, ...]

    @property
    def said(self) -> str:
        return f"records of {self.zone.name}"


@dataclass(frozen=True)
class MakeCertificate:
    """Make an issued certificate."""

    service: ClassVar[str] = "acm"
    certificate: Certificate

    @property
    def said(self) -> str:
        return f"the certificate {self.certificate.arn}"


@dataclass(frozen=True)
class MakeSecret:
    """Make a secret, with its value."""

    service: ClassVar[str] = "secretsmanager"
    secret: Secret

    @property
    def said(self) -> str:
        return f"the secret {self.secret.full_name}"


@dataclass(frozen=True)
class MakeParameter:
    """Make a parameter, with its value."""

    service: ClassVar[str] = "ssm"
    parameter: Parameter

    @property
    def said(self) -> str:
        return f"the parameter {self.parameter.name}"


@dataclass(frozen=True)
class MakeRepository:
    """Make a repository, without images."""

    service: ClassVar[str] = "ecr"
    repository: Repository

    @property
    def said(self) -> str:
        return f"the repository {self.repository.name}"


@dataclass(frozen=True)
class AddImages:
    """Add image tags to a repository."""

    service: ClassVar[str] = "ecr"
    repository: str
    images: tuple[str, ...]

    @property
    def said(self) -> str:
        return f"images of {self.repository}"


@dataclass(frozen=True)
class MakeKey:
    """Make a key, with its alias."""

    service: ClassVar[str] = "kms"
    key: KmsKey

    @property
    def said(self) -> str:
        return f"the key {self.key.key_id or self.key.alias}"


@dataclass(frozen=True)
class MakeAlias:
    """Make an alias of an existing key."""

    service: ClassVar[str] = "kms"
    alias: str
    key_id: str

    @property
    def said(self) -> str:
        return f"the key's alias {self.alias}"


@dataclass(frozen=True)
class MakeBucket:
    """Make an empty bucket."""

    service: ClassVar[str] = "s3"
    bucket: Bucket

    @property
    def said(self) -> str:
        return f"the bucket {self.bucket.name}"


Step = (
    MakeVpc
    | MakeGateway
    | MakeSubnet
    | MakeNat
    | MakeZone
    | AddRecords
    | MakeCertificate
    | MakeSecret
    | MakeParameter
    | MakeRepository
    | AddImages
    | MakeKey
    | MakeAlias
    | MakeBucket
)
