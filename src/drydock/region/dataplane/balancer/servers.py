"""Add and remove targets in a running HAProxy by its runtime API, without losing a request."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from drydock.region.dataplane.balancer.groups import (
    group_name,
    open_name,
    open_options,
    server_options,
)
from drydock.region.dataplane.balancer.health import Server, parse_servers
from drydock.region.dataplane.balancer.runtime import Runtime
from drydock.region.dataplane.balancer.spec import Target, TargetGroup


def look(runtime: Runtime) -> dict[tuple[str, str], Server]:
    """Return all servers, by backend and name. Raises BalancerFailed, as everything here."""
    return parse_servers(runtime.ask("show stat -1 4 -1"))


def add(runtime: Runtime, group: TargetGroup, target: Target) -> None:
    """Add a new target. It gets no traffic before a check has passed."""
    name = server_name(group.key, target)
    # HAProxy takes a server out of maintenance as up: without weight it gets nothing until it is down
    options = f"{server_options(group)} weight 0".strip()
    runtime.send(f"add server {name} {target.name} {options}", "New server registered.")
    if group.health_check is not None:
        runtime.send(f"enable health {name}")
    runtime.send(f"enable server {name}")
    _start_unproven(runtime, group, name)


def readmit(runtime: Runtime, group: TargetGroup, target: Target) -> None:
    """Readmit a draining target that is registered again: it has to pass a check like a new one."""
    name = server_name(group.key, target)
    runtime.send(f"set server {name} weight 0; set server {name} state ready")
    _start_unproven(runtime, group, name)


def admit(runtime: Runtime, key: str, target: Target) -> None:
    """Send a target traffic from now on, before the healthy threshold is reached."""
    runtime.send(f"set server {server_name(key, target)} health up")


def drain(runtime: Runtime, key: str, target: Target) -> None:
    """Send a target no new requests, not even sticky ones; those in flight go on."""
    if (group_name(key), target.name) in look(runtime):
        runtime.send(f"set server {server_name(key, target)} state maint")


def delete(runtime: Runtime, key: str, target: Target) -> bool:
    """End a target's requests in flight and remove it; return False while its last connection
    closes.
    """
    if (group_name(key), target.name) not in look(runtime):
        return True
    name = server_name(key, target)
    runtime.send(f"set server {name} state maint; shutdown sessions server {name}")
    return runtime.ask(f"del server {name}") == "Server deleted."


def keep_open(
    runtime: Runtime,
    group: TargetGroup,
    targets: Collection[Target],
    seen: Mapping[tuple[str, str], Server],
) -> None:
    """Let exactly `targets` take requests although they are unhealthy; `seen` is the result of
    `look`.
    """
    backend = group_name(group.key)
    wanted = {open_name(target): target for target in targets}
    present = {name for proxy, name in seen if proxy == backend and name.startswith("open:")}
    for name in wanted.keys() - present:
        options = open_options(group)
        runtime.send(
            f"add server {backend}/{name} {wanted[name].name} {options}", "New server registered."
        )
        runtime.send(f"enable server {backend}/{name}")
    for name in present & wanted.keys():
        if not seen[backend, name].up:
            runtime.send(f"set server {backend}/{name} state ready")
    for name in present - wanted.keys():
        # requests in flight go on; while one does, it stays there in maintenance and is tried again
        runtime.send(f"set server {backend}/{name} state maint")
        runtime.ask(f"del server {backend}/{name}")


def server_name(key: str, target: Target) -> str:
    return f"{group_name(key)}/{target.name}"


def _start_unproven(runtime: Runtime, group: TargetGroup, name: str) -> None:
    if group.health_check is not None:
        runtime.send(f"set server {name} health down")
    runtime.send(f"set server {name} weight 1")
