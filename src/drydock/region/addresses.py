"""The addresses of the backbone, which represents the internet and AWS's own endpoints."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

ENDPOINTS = IPv4Network("198.18.0.0/24")
"""AWS's public endpoints and the public registries. A range for benchmarks, unused on the internet."""
API = ENDPOINTS[1]
"""The address of the region's API, for every service."""
TRANSIT = IPv4Network("169.254.128.0/18")
"""Between routers and backbone. AWS keeps 169.254.0.0/16 for itself, so no VPC overlaps with it."""
PEERING = IPv4Network("169.254.64.0/18")
"""Each router's own address towards the routers of peered VPCs."""
TASK_ENDPOINT = IPv4Address("169.254.170.2")
"""The address of each task's metadata and credentials endpoint; no router's transit address."""
GATEWAY = TRANSIT[1]
"""The backbone's end of every transit link."""

_SERVICES = (
    "s3",
    "ecr.api",
    "ecr.dkr",
    "logs",
    "secretsmanager",
    "ssm",
    "ssmmessages",
    "kms",
    "sts",
    "monitoring",
    "registry-1.docker.io",
    "public.ecr.aws",
)
"""Services that a rule, a route or a VPC endpoint may single out: each has its own address."""


_OTHERS = (
    "application-autoscaling",
    "autoscaling",
    "dynamodb",
    "ec2",
    "ecs",
    "elasticloadbalancing",
    "events",
    "iam",
    "rds",
    "servicediscovery",
    "sns",
    "sqs",
)
"""Services at the API's own address."""


def address_of(service: str) -> IPv4Address:
    """Return the public address of an AWS service (its name in endpoint names) or of a registry."""
    return ENDPOINTS[2 + _SERVICES.index(service)] if service in _SERVICES else API


def host_names(service: str, region: str, account: str) -> tuple[str, ...]:
    """Return the host names of a service:
    https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html
    """
    if service in ("registry-1.docker.io", "public.ecr.aws"):
        return (service,)
    if service == "ecr.api":
        return (f"api.ecr.{region}.amazonaws.com",)
    if service == "ecr.dkr":
        return (f"{account}.dkr.ecr.{region}.amazonaws.com",)
    if service == "iam":
        return ("iam.amazonaws.com",)
    if service == "servicediscovery":  # DiscoverInstances has a name of its own
        return tuple(f"{one}{service}.{region}.amazonaws.com" for one in ("", "data-"))
    return (f"{service}.{region}.amazonaws.com",)


def public_names(region: str, account: str) -> dict[str, IPv4Address]:
    """Return every name of AWS's endpoints and the public registries, as the internet resolves
    them.
    """
    return {
        name: address_of(service)
        for service in (*_SERVICES, *_OTHERS)
        for name in host_names(service, region, account)
    }


def s3_prefix() -> IPv4Network:
    """Return the network of S3's prefix list, for routes to a gateway endpoint."""
    return IPv4Network(address_of("s3"))
