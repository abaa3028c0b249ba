"""Plan the steps from the running HAProxy to the desired load balancer. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from drydock.region.dataplane.balancer.spec import LoadBalancer, Target, TargetGroup

TargetId: TypeAlias = tuple[str, Target]
"""The key of a target group, and a target."""


@dataclass(frozen=True)
class Restart:
    """Replace the process by a new one with the same sockets; the old one drains."""


@dataclass(frozen=True)
class AddServer:
    group: TargetGroup
    target: Target


@dataclass(frozen=True)
class ReadmitServer:
    """Readmit a draining target that is registered again."""

    group: TargetGroup
    target: Target


@dataclass(frozen=True)
class DrainServer:
    """Send no new requests to a target; those in flight go on for `delay` seconds at most."""

    key: str
    target: Target
    delay: float


@dataclass(frozen=True)
class DeleteServer:
    """Remove a target after its delay: requests in flight are cut."""

    key: str
    target: Target


@dataclass(frozen=True)
class SetCertificates:
    """Replace the certificates for new connections."""


@dataclass(frozen=True)
class SetAddresses:
    """Replace the addresses in the firewall's sets."""


Step: TypeAlias = (
    Restart
    | SetCertificates
    | SetAddresses
    | AddServer
    | ReadmitServer
    | DrainServer
    | DeleteServer
)


def plan(
    wanted: LoadBalancer,
    running: LoadBalancer | None,
    *,
    same_sockets: bool,
    present: Collection[TargetId],
    draining: Mapping[TargetId, float],
    now: float,
) -> list[Step]:
    """Return the steps from the running to the desired state; none if they are equal.

    `running` is the spec that the process was given last (None: none runs), `present` the servers
    that it has, `draining` the deadline (monotonic seconds, like `now`) of each target that was
    deregistered.
    """
    steps: list[Step] = []
    if running is None or not same_sockets or running.structure() != wanted.structure():
        steps.append(Restart())
        # a new process knows all wanted targets from its configuration
        present = ()
    else:
        if running.listeners != wanted.listeners:
            steps.append(SetCertificates())
        if running.firewall != wanted.firewall:
            steps.append(SetAddresses())
    wanted_ids = {(group.key, target) for group in wanted.target_groups for target in group.targets}
    delays = {group.key: group.deregistration_delay for group in wanted.target_groups}
    before = running.target_groups if running else ()
    registered = {(group.key, target) for group in before for target in group.targets}
    for key, target in sorted((registered | set(present)) - wanted_ids - draining.keys()):
        if key in delays:
            steps.append(DrainServer(key, target, delays[key]))
    for (key, target), deadline in sorted(draining.items()):
        if (key, target) not in wanted_ids and (now >= deadline or key not in delays):
            steps.append(DeleteServer(key, target))
    if not steps or not isinstance(steps[0], Restart):
        steps += _missing(wanted, present, draining)
    return steps


def _missing(
    wanted: LoadBalancer, present: Collection[TargetId], draining: Mapping[TargetId, float]
) -> list[Step]:
    steps: list[Step] = []
    for group in wanted.target_groups:
        for target in dict.fromkeys(group.targets):
            if (group.key, target) not in present:
                steps.append(AddServer(group, target))
            elif (group.key, target) in draining:
                steps.append(ReadmitServer(group, target))
    return steps
