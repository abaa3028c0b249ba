"""One right: an entry of the tables in `reads` and `rights`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Right:
    """Actions of one service on resources."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: Mapping[str, Mapping[str, str]] | None = None


def right(actions: str, *resources: str, **condition: str) -> Right:
    """Return a right from a short form: `right("ec2:CreateVpc DeleteVpc", "ec2:vpc/*")`.

    Keywords are conditions: `iam__PassedToService="…"` means `iam:PassedToService`.
    """
    service, _, names = actions.partition(":")
    held = {key.replace("__", ":"): value for key, value in condition.items()}
    return Right(
        tuple(f"{service}:{name}" for name in names.split()),
        resources or ("*",),
        {"StringEquals": held} if held else None,
    )


def linked(service: str) -> Right:
    """Return the right to create a service's linked role, needed for its first resource in an account."""
    name = f"{service}.amazonaws.com"
    return right(
        "iam:CreateServiceLinkedRole",
        f"iam::role/aws-service-role/{name}/*",
        iam__AWSServiceName=name,
    )


def passed(service: str) -> Right:
    return right("iam:PassRole", "iam::role/{p}-*", iam__PassedToService=f"{service}.amazonaws.com")
