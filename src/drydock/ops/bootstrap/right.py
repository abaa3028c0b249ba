"""One right, as the tables of `reads` and `rights` write it. Pure."""

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
    """`right("ec2:CreateVpc DeleteVpc", "ec2:vpc/*")`; `iam__PassedToService="…"` is a condition."""
    service, _, names = actions.partition(":")
    held = {key.replace("__", ":"): value for key, value in condition.items()}
    return Right(
        tuple(f"{service}:{name}" for name in names.split()),
        resources or ("*",),
        {"StringEquals": held} if held else None,
    )


def linked(service: str) -> Right:
    """The role of the service itself, which the first such resource of an account brings along."""
    name = f"{service}.amazonaws.com"
    return right(
        "iam:CreateServiceLinkedRole",
        f"iam::role/aws-service-role/{name}/*",
        iam__AWSServiceName=name,
    )


def passed(service: str) -> Right:
    return right("iam:PassRole", "iam::role/{p}-*", iam__PassedToService=f"{service}.amazonaws.com")
