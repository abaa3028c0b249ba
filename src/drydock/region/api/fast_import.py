"""Import moto quickly, with a fixed list of AWS's regions instead of botocore's list of endpoints.

moto 5.2.5 calls `boto3.Session().get_available_regions(service)` when EC2 is imported and when the
first backend is made: 0.2 s each. Here every service is in every region of the commercial
partition.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import boto3

NAMES = (
    "af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3",
    "ap-south-1", "ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3",
    "ap-southeast-4", "ap-southeast-5", "ap-southeast-7", "ca-central-1", "ca-west-1",
    "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1",
    "eu-west-2", "eu-west-3", "il-central-1", "me-central-1", "me-south-1", "mx-central-1",
    "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
)  # fmt: skip
"""https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html"""


class _Session(boto3.Session):
    """A boto3 session with a fixed list of regions."""

    def get_available_regions(
        self, service_name: str, partition_name: str = "aws", allow_non_regional: bool = False
    ) -> list[str]:
        del service_name, allow_non_regional
        return list(NAMES) if partition_name == "aws" else []


def install() -> None:
    """Make moto's backends use it. Light: moto.ec2 is not imported."""
    import_module("moto.core.base_backend").Session = _Session  # type: ignore[attr-defined]


def import_ec2() -> None:
    """Import moto.ec2 without its tables of instance types (0.2 s and more): no EC2 instance runs
    here.

    Meanwhile `boto3.Session` is ours, which differs only in the names of regions.
    """
    if "moto.ec2.models" in sys.modules:
        return
    install()
    utilities = import_module("moto.utilities.utils")
    load, theirs = utilities.load_resource, boto3.Session

    def without_instance_types(resource: str) -> Any:
        if resource.startswith("ec2/resources/instance_type"):
            return {}
        return load(resource)

    boto3.Session = _Session  # type: ignore[misc]
    utilities.load_resource = without_instance_types  # type: ignore[attr-defined]
    try:
        import_module("moto.ec2.models")
    finally:
        boto3.Session = theirs  # type: ignore[misc]
        utilities.load_resource = load  # type: ignore[attr-defined]
