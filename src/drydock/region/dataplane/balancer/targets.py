"""The history of a load balancer's targets: their health, and how long each still drains."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from drydock.region.dataplane.balancer import groups
from drydock.region.dataplane.balancer.health import (
    DRAINING,
    Server,
    TargetHealth,
    Track,
    earns_first_traffic,
    observe,
)
from drydock.region.dataplane.balancer.plan import TargetId
from drydock.region.dataplane.balancer.spec import LoadBalancer, Target, TargetGroup


class Targets:
    """The targets of one listener."""

    def __init__(self) -> None:
        self.draining: dict[TargetId, float] = {}
        """The deadline (monotonic seconds) of each target that was deregistered."""
        self._tracks: dict[TargetId, Track] = {}

    def trust(self, healths: Mapping[TargetId, TargetHealth]) -> None:
        """Adopt health observed elsewhere for targets that are unknown here."""
        for key, health in healths.items():
            if health.state != "draining":
                self._tracks.setdefault(key, Track(health))

    def register(self, target: TargetId) -> None:
        """Register a target, whose history begins anew."""
        self.draining.pop(target, None)
        self._tracks[target] = Track()

    def deregister(self, target: TargetId, delay: float) -> None:
        """Deregister a target: it drains for so many seconds."""
        self.draining[target] = time.monotonic() + delay
        self._tracks.pop(target, None)

    def keep(self, spec: LoadBalancer) -> None:
        """Forget the health of all targets except those of a load balancer."""
        wanted = set(targets_of(spec))
        self._tracks = {key: track for key, track in self._tracks.items() if key in wanted}

    def earns_traffic(self, target: TargetId, server: Server) -> bool:
        """Return whether a new target gets requests from now on."""
        return earns_first_traffic(self._track(target), server)

    def observe(self, group: TargetGroup, target: Target, server: Server | None) -> None:
        """Record one observation of a target's server; None: HAProxy has none."""
        key = group.key, target
        track = observe(self._track(key), server, group.health_check, time.monotonic())
        self._tracks[key] = track

    def healths(self, spec: LoadBalancer | None) -> dict[TargetId, TargetHealth]:
        """Return the health of each registered target, and of those that still drain."""
        registered = {key: self._track(key).health for key in targets_of(spec)}
        now = time.monotonic()
        draining = {key: DRAINING for key, deadline in self.draining.items() if now < deadline}
        return {**draining, **registered}

    def fails_open(self, group: TargetGroup) -> bool:
        """Return whether a group sends requests to targets that are all unhealthy."""
        tracks = [self._track((group.key, target)) for target in group.targets]
        return groups.fails_open([track.health.state for track in tracks])

    def state_file(self, spec: LoadBalancer) -> str:
        """Return the state file: targets with traffic keep it; the others wait for a check."""
        up: list[tuple[TargetGroup, Target]] = []
        down: list[tuple[TargetGroup, Target]] = []
        for group in spec.target_groups:
            for target in group.targets:
                state = self._track((group.key, target)).health.state
                served = group.health_check is None or state in ("healthy", "unavailable")
                (up if served else down).append((group, target))
        return groups.state_file(up, down)

    def _track(self, target: TargetId) -> Track:
        return self._tracks.get(target, Track())


def targets_of(spec: LoadBalancer | None) -> Iterator[TargetId]:
    """Yield every target of every group of a load balancer."""
    for group in spec.target_groups if spec else ():
        for target in group.targets:
            yield group.key, target
