"""Wait for network interfaces that AWS services hold in a stack's subnets minutes after deletion."""

from __future__ import annotations

import re
from collections.abc import Callable

from drydock.aws import waiting
from drydock.aws.clients import Clients
from drydock.aws.failures import translated
from drydock.errors import WaitTimedOut
from drydock.stack.teardown.remains import Remains

IN_USE = re.compile(
    r"DependencyViolation|InvalidGroup\.InUse|has dependencies and cannot be deleted"
)
_TIMEOUT = {True: 30.0, False: 900.0}
"""Seconds, in a local region and on AWS."""


def wait_until_gone(clients: Clients, remains: Remains, tell: Callable[[str], None]) -> None:
    """Wait until no interface is left in the stack's subnets and security groups.

    Raises WaitTimedOut, naming those that are left, and OpsError.
    """
    last: list[str] = []

    def gone() -> bool:
        found = left(clients, remains)
        if found != last:
            last[:] = found
            if found:
                tell(f"waiting for network interfaces: {', '.join(found)}")
        return not found

    timeout = _TIMEOUT[clients.is_local]
    try:
        waiting.until(
            gone,
            what="the network interfaces in the stack's subnets to go",
            timeout=timeout,
            every=clients.pace.every,
        )
    except WaitTimedOut as error:
        raise WaitTimedOut(
            error.subject,
            f"after {timeout:g} s there are still {', '.join(last)}",
            "delete what they belong to, then drydock destroy again",
        ) from error


def left(clients: Clients, remains: Remains) -> list[str]:
    """Return each remaining interface as `eni-1 (its description)`. Raises OpsError."""
    found: dict[str, str] = {}
    for name, values in (("subnet-id", remains.subnets), ("group-id", remains.groups)):
        if not values:
            continue
        with translated(clients.endpoint):
            pages = clients.ec2.get_paginator("describe_network_interfaces").paginate(
                Filters=[{"Name": name, "Values": list(values)}]
            )
            for page in pages:
                for one in page["NetworkInterfaces"]:
                    about = one.get("Description") or one.get("InterfaceType") or "of nobody"
                    found[one["NetworkInterfaceId"]] = f"{one['NetworkInterfaceId']} ({about})"
    return [found[key] for key in sorted(found)]
