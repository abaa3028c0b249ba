"""What can be made for an account, one at a time. Data only.

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
    """With its main route table, network ACL and default group."""

    service: ClassVar[str] = "ec2"
    vpc: Vpc

    @property
    def said(self) -> str:
        return f"the VPC {self.vpc.id}"


@dataclass(frozen=True)
class MakeGateway:
    """An internet gateway, attached."""

    service: ClassVar[str] = "ec2"
    vpc_id: str

    @property
    def said(self) -> str:
        return f"an internet gateway of {self.vpc_id}"


@dataclass(frozen=True)
class MakeSubnet:
    """With the routes of its kind."""

    service: ClassVar[str] = "ec2"
    vpc_id: str
    subnet: Subnet

    @property
    def said(self) -> str:
        return f"the subnet {self.subnet.id}"


@dataclass(frozen=True)
class MakeNat:
    """A NAT gateway, which the VPC's main route table leads to."""

    service: ClassVar[str] = "ec2"
    vpc_id: str
    subnet_id: str

    @property
    def said(self) -> str:
        return f"a NAT gateway of {self.vpc_id}"


@dataclass(frozen=True)
class MakeZone:
    """Without its records."""

    service: ClassVar[str] = "route53"
    zone: HostedZone

    @property
    def said(self) -> str:
        return f"the hosted zone {self.zone.id or self.zone.name}"


@dataclass(frozen=True)
class AddRecords:
    """In one batch."""

    service: ClassVar[str] = "route53"
    zone: HostedZone
    records: tuple[Record, ...]

    @property
    def said(self) -> str:
        return f"records of {self.zone.name}"


@dataclass(frozen=True)
class MakeCertificate:
    """Issued."""

    service: ClassVar[str] = "acm"
    certificate: Certificate

    @property
    def said(self) -> str:
        return f"the certificate {self.certificate.arn}"


@dataclass(frozen=True)
class MakeSecret:
    """With its value."""

    service: ClassVar[str] = "secretsmanager"
    secret: Secret

    @property
    def said(self) -> str:
        return f"the secret {self.secret.full_name}"


@dataclass(frozen=True)
class MakeParameter:
    """With its value."""

    service: ClassVar[str] = "ssm"
    parameter: Parameter

    @property
    def said(self) -> str:
        return f"the parameter {self.parameter.name}"


@dataclass(frozen=True)
class MakeRepository:
    """Without images."""

    service: ClassVar[str] = "ecr"
    repository: Repository

    @property
    def said(self) -> str:
        return f"the repository {self.repository.name}"


@dataclass(frozen=True)
class AddImages:
    """Tags of a repository."""

    service: ClassVar[str] = "ecr"
    repository: str
    images: tuple[str, ...]

    @property
    def said(self) -> str:
        return f"images of {self.repository}"


@dataclass(frozen=True)
class MakeKey:
    """With its alias."""

    service: ClassVar[str] = "kms"
    key: KmsKey

    @property
    def said(self) -> str:
        return f"the key {self.key.key_id or self.key.alias}"


@dataclass(frozen=True)
class MakeAlias:
    """Of a key that is there."""

    service: ClassVar[str] = "kms"
    alias: str
    key_id: str

    @property
    def said(self) -> str:
        return f"the key's alias {self.alias}"


@dataclass(frozen=True)
class MakeBucket:
    """Empty."""

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
