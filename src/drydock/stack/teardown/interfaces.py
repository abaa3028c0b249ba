"""Network interfaces that AWS's services still hold in a stack's subnets, minutes after they are gone."""

from __future__ import annotations

import re
from collections.abc import Callable

from drydock.errors import WaitTimedOut
from drydock.ops import wait
from drydock.ops.clients import Clients
from drydock.ops.failures import translated
from drydock.stack.teardown.remains import Remains

IN_USE = re.compile(
    r"DependencyViolation|InvalidGroup\.InUse|has dependencies and cannot be deleted"
)
_TIMEOUT = {True: 30.0, False: 900.0}
"""Seconds, in a local region and on AWS."""


def wait_until_gone(clients: Clients, remains: Remains, tell: Callable[[str], None]) -> None:
    """Until no interface is left in the stack's subnets and security groups.

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
        wait.until(
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
    """Each interface as `eni-1 (its description)`."""
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
