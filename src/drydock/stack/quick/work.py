"""What all parts of the build share: clients, settings, names, tags."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from drydock.aws import waiting
from drydock.aws.clients import Clients
from drydock.aws.failures import code
from drydock.stack.quick.settings import Settings

T = TypeVar("T")
AVAILABLE_TIMEOUT = 1800.0
"""Seconds; on AWS a database takes up to fifteen minutes."""

FREE_TIMEOUT = 900.0


@dataclass(frozen=True)
class Work:
    """One build. `tell` gets a line for everything that is created or removed."""

    clients: Clients
    settings: Settings
    tell: Callable[[str], None]

    def name(self, *parts: str) -> str:
        """Return a derived name, by which a second run finds what the first has created."""
        return "-".join((self.settings.prefix, *parts))

    def tags(self, name: str = "", **more: str) -> dict[str, str]:
        """Return `infra/`'s default tags, with ManagedBy=drydock."""
        own = {"Name": name} if name else {}
        return {"Application": self.settings.prefix, "ManagedBy": "drydock", **own, **more}

    def made(self, what: str) -> None:
        self.tell(f"    made {what}")

    def removed(self, what: str) -> None:
        self.tell(f"    removed {what}")


def pairs(tags: dict[str, str]) -> list[Any]:
    """Return tags as most services take them (`Key`, `Value`)."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def small_pairs(tags: dict[str, str]) -> list[Any]:
    """Return tags as ECS takes them (`key`, `value`)."""
    return [{"key": key, "value": value} for key, value in tags.items()]


def ec2_tags(kind: Any, tags: dict[str, str]) -> list[Any]:
    """Return tags as EC2 takes them at creation."""
    return [{"ResourceType": kind, "Tags": pairs(tags)}]


def filters(**values: str) -> list[Any]:
    """Return EC2 filters; `tag_Name` becomes `tag:Name`, `vpc_id` becomes `vpc-id`."""
    return [
        {
            "Name": f"tag:{key[4:]}" if key.startswith("tag_") else key.replace("_", "-"),
            "Values": [value],
        }
        for key, value in values.items()
    ]


def unless_absent(call: Callable[[], T], *codes: str) -> T | None:
    """Return the call's result, or None if the API answers with one of the error codes `codes`."""
    try:
        return call()
    except ClientError as error:
        if code(error) in codes:
            return None
        raise


def when_free(work: Work, delete: Callable[[], bool], what: str) -> None:
    """Delete as soon as nothing uses it: AWS takes minutes to release deleted dependencies."""
    waiting.until(
        lambda: unless_absent(delete, "DependencyViolation"),
        what=f"{what} to be free",
        timeout=FREE_TIMEOUT,
        every=work.clients.pace.every,
    )
