"""What every part of the build shares: clients, settings, names, tags."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from drydock.ops import wait
from drydock.ops.clients import Clients
from drydock.ops.failures import code
from drydock.stack.quick.settings import Settings

T = TypeVar("T")
AVAILABLE_TIMEOUT = 1800.0
"""Seconds; on AWS a database takes up to fifteen minutes."""

FREE_TIMEOUT = 900.0


@dataclass(frozen=True)
class Work:
    """One build. `tell` gets a line for everything that is made or removed."""

    clients: Clients
    settings: Settings
    tell: Callable[[str], None]

    def name(self, *parts: str) -> str:
        """A derived name: a second run finds by it what the first has made."""
        return "-".join((self.settings.prefix, *parts))

    def tags(self, name: str = "", **more: str) -> dict[str, str]:
        """`infra/`'s default tags, but for who manages it."""
        own = {"Name": name} if name else {}
        return {"Application": self.settings.prefix, "ManagedBy": "drydock", **own, **more}

    def made(self, what: str) -> None:
        self.tell(f"    made {what}")

    def removed(self, what: str) -> None:
        self.tell(f"    removed {what}")


def pairs(tags: dict[str, str]) -> list[Any]:
    """Tags as most services take them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def small_pairs(tags: dict[str, str]) -> list[Any]:
    """Tags as ECS takes them."""
    return [{"key": key, "value": value} for key, value in tags.items()]


def ec2_tags(kind: Any, tags: dict[str, str]) -> list[Any]:
    """Tags as EC2 takes them at creation."""
    return [{"ResourceType": kind, "Tags": pairs(tags)}]


def filters(**values: str) -> list[Any]:
    """EC2's filters; `tag_Name` stands for `tag:Name`, `vpc_id` for `vpc-id`."""
    return [
        {
            "Name": f"tag:{key[4:]}" if key.startswith("tag_") else key.replace("_", "-"),
            "Values": [value],
        }
        for key, value in values.items()
    ]


def unless_absent(call: Callable[[], T], *codes: str) -> T | None:
    """What the call gives, or None where the API says with one of `codes` that it is not there."""
    try:
        return call()
    except ClientError as error:
        if code(error) in codes:
            return None
        raise


def when_free(work: Work, delete: Callable[[], bool], what: str) -> None:
    """Delete as soon as nothing uses it: AWS takes minutes to let go of what was deleted before."""
    wait.until(
        lambda: unless_absent(delete, "DependencyViolation"),
        what=f"{what} to be free",
        timeout=FREE_TIMEOUT,
        every=work.clients.pace.every,
    )
