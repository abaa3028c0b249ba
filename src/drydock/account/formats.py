"""The formats of ids, ARNs and names, each with an example for error messages. Pure."""

from __future__ import annotations

import re
from ipaddress import IPv4Network
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

_HEX = r"([0-9a-f]{8}|[0-9a-f]{17})"
_ARN = r"arn:aws[a-z-]*:{}:[a-z0-9-]+:\d{{12}}:{}"
_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_DOMAIN = rf"{_LABEL}(\.{_LABEL})+"
_UUID = r"(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})"
_PART = r"[a-z0-9]+([._-]+[a-z0-9]+)*"


def _like(pattern: str, what: str, example: str) -> AfterValidator:
    expression = re.compile(pattern)

    def check(value: str) -> str:
        if not expression.fullmatch(value):
            raise ValueError(f"{value!r} is no {what}; write it as AWS shows it, like {example}")
        return value

    return AfterValidator(check)


def _network(value: object) -> object:
    """Parse an IPv4 network, with a clearer error than pydantic's."""
    if isinstance(value, str):
        try:
            return IPv4Network(value)
        except ValueError as error:
            raise ValueError(f"{error}; write an IPv4 range like 10.0.0.0/16") from None
    return value


def _range(value: IPv4Network) -> IPv4Network:
    if not 16 <= value.prefixlen <= 28:
        raise ValueError(f"{value} is a /{value.prefixlen}; AWS takes ranges of /16 to /28")
    return value


def domain(name: str) -> str:
    """Return a domain name in lower case, without a trailing dot."""
    return name.lower().rstrip(".")


VpcId = Annotated[str, _like(f"vpc-{_HEX}", "VPC's id", "vpc-0123456789abcdef0")]
SubnetId = Annotated[str, _like(f"subnet-{_HEX}", "subnet's id", "subnet-0123456789abcdef0")]
ZoneId = Annotated[
    str,
    _like(
        r"(Z[0-9A-Z]{1,31})?", "hosted zone's id", "Z0123456789ABCDEFGHIJ (without /hostedzone/)"
    ),
]
AvailabilityZone = Annotated[
    str, _like(r"[a-z]{2}(-[a-z]+)+-\d[a-z]", "availability zone", "ap-southeast-2a")
]
Cidr = Annotated[IPv4Network, BeforeValidator(_network), AfterValidator(_range)]
CertificateArn = Annotated[
    str,
    _like(
        _ARN.format("acm", r"certificate/[0-9a-zA-Z-]+"),
        "certificate's ARN",
        "arn:aws:acm:REGION:ACCOUNT:certificate/ID",
    ),
]
SecretArn = Annotated[
    str,
    _like(
        f"({_ARN.format('secretsmanager', r'secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}')})?",
        "secret's whole ARN",
        "arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-AbCdEf",
    ),
]
SecretName = Annotated[str, _like(r"[A-Za-z0-9/_+=.@-]{0,512}", "secret's name", "app/database")]
ParameterName = Annotated[
    str, _like(r"/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+){0,14}", "parameter's name", "/app/key")
]
KeyId = Annotated[str, _like(f"({_UUID})?", "KMS key's id", "12345678-1234-1234-1234-123456789012")]
KeyArn = Annotated[
    str,
    _like(
        f"({_ARN.format('kms', f'key/{_UUID}')})?",
        "KMS key's ARN",
        "arn:aws:kms:REGION:ACCOUNT:key/12345678-1234-1234-1234-123456789012",
    ),
]
KeyAlias = Annotated[str, _like(r"(alias/(?!aws/)[A-Za-z0-9/_-]+)?", "key's alias", "alias/app")]
RepositoryName = Annotated[
    str, _like(rf"(?=.{{2,256}}$){_PART}(/{_PART})*", "ECR repository's name", "team/app")
]
Image = Annotated[
    str,
    _like(
        r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}(@sha256:[0-9a-f]{64})?",
        "image of a repository",
        "1.4.2, or 1.4.2@sha256:DIGEST where the digest matters",
    ),
]
BucketName = Annotated[
    str, _like(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "bucket's name", "my-team-artifacts")
]
DomainName = Annotated[str, AfterValidator(domain), _like(_DOMAIN, "domain name", "example.com")]
CertifiedName = Annotated[
    str,
    AfterValidator(domain),
    _like(rf"(\*\.)?{_DOMAIN}", "name for a certificate", "example.com or *.example.com"),
]
RecordName = Annotated[
    str,
    AfterValidator(domain),
    _like(rf"(\*\.)?{_DOMAIN}", "record's whole name", "db.example.com"),
]
VariableName = Annotated[
    str, _like(r"([A-Za-z_][A-Za-z0-9_]*)?", "environment variable's name", "DB_PASSWORD")
]
