"""A load balancer: one HAProxy per listener, so that a change of one keeps the others' connections.

Each checks the targets that it sends requests to, as each node of AWS's does.
"""

from __future__ import annotations

import hashlib
import shutil
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from drydock.errors import BalancerFailed
from drydock.region.dataplane.balancer.balancer import Balancer
from drydock.region.dataplane.balancer.health import TargetHealth, combined
from drydock.region.dataplane.balancer.plan import TargetId
from drydock.region.dataplane.balancer.spec import Forward, Listener, LoadBalancer, Redirect
from drydock.region.dataplane.balancer.traffic import Traffic
from drydock.region.dataplane.processes.client import Spawner


class Fleet:
    """One load balancer. Thread-safe."""

    def __init__(
        self,
        spawner: Spawner,
        folder: Path,
        key: str,
        netns: int | None = None,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        """`folder` is its own and exists; for the other parameters see `Balancer`."""
        self._spawner = spawner
        self._folder = folder
        self._key = key
        self._netns = netns
        self._on_change = on_change
        self._lock = threading.RLock()
        self._serving: dict[str, Balancer] = {}
        self._leaving: dict[str, Balancer] = {}
        self._groups: dict[str, frozenset[str]] = {}
        self._gone = Traffic()
        """Traffic of deleted listeners' processes that was not taken yet."""
        # of a region that was killed: its processes ended with it, its files did not
        self._forget_files()

    @property
    def running(self) -> bool:
        """Whether every listener has its process."""
        with self._lock:
            return bool(self._serving) and all(one.running for one in self._serving.values())

    def apply(self, spec: LoadBalancer, sockets: Mapping[str, Sequence[socket.socket]]) -> None:
        """Apply `spec`; see `Balancer.apply`. A listener that fails does not stop the others.

        Raises BalancerFailed for the first listener that could not be served as asked.
        """
        with self._lock:
            failed: list[BalancerFailed] = []
            for key in self._serving.keys() - {one.key for one in spec.listeners}:
                self._leaving[key] = self._serving.pop(key)
                del self._groups[key]
                self._leaving[key].apply(LoadBalancer(), {})
            for listener in spec.listeners:
                part = alone(spec, listener)
                try:
                    self._balancer(part).apply(part, sockets)
                except BalancerFailed as error:
                    failed.append(error)
            for key in [key for key, one in self._leaving.items() if one.idle]:
                gone = self._leaving.pop(key)
                self._gone.add(gone.take_traffic())
                gone.stop()
            if failed:
                raise failed[0]

    def health(self) -> Mapping[TargetId, TargetHealth]:
        """Return the observed health of each target, by all listeners together; see
        `Balancer.health`.
        """
        with self._lock:
            seen: dict[TargetId, list[TargetHealth]] = {}
            for balancer in (*self._leaving.values(), *self._serving.values()):
                for key, health in balancer.health().items():
                    seen.setdefault(key, []).append(health)
        return {key: combined(healths) for key, healths in seen.items()}

    def take_traffic(self) -> Traffic:
        """Return the traffic since the last call; see `Balancer.take_traffic`."""
        with self._lock:
            taken, self._gone = self._gone, Traffic()
            for balancer in (*self._leaving.values(), *self._serving.values()):
                taken.add(balancer.take_traffic())
            return taken

    def stop(self) -> None:
        """End every process at once, with its requests in flight. The sockets stay open."""
        with self._lock:
            balancers = [*self._serving.values(), *self._leaving.values()]
            self._serving, self._leaving = {}, {}
        for balancer in balancers:
            balancer.stop()
        self._forget_files()

    def _forget_files(self) -> None:
        for left in self._folder.glob("[0-9a-f]" * 12):
            shutil.rmtree(left)

    def _balancer(self, part: LoadBalancer) -> Balancer:
        """Return the balancer of a listener.

        For groups new to it, it adopts the health seen by others.
        """
        listener = part.listeners[0].key
        balancer = self._serving.get(listener) or self._leaving.pop(listener, None)
        if balancer is None:
            folder = self._folder / hashlib.sha256(listener.encode()).hexdigest()[:12]
            folder.mkdir(mode=0o700, exist_ok=True)
            balancer = Balancer(self._spawner, folder, self._key, self._netns, self._on_change)
        groups = frozenset(group.key for group in part.target_groups)
        if groups - self._groups.get(listener, frozenset()):
            balancer.trust(self.health())
        self._groups[listener] = groups
        self._serving[listener] = balancer
        return balancer


def alone(spec: LoadBalancer, listener: Listener) -> LoadBalancer:
    """Return the part of a load balancer that the process of one listener needs."""
    actions = [listener.default_action, *(rule.action for rule in listener.rules)]
    used = {group.key for one in actions if isinstance(one, Forward) for group in one.groups}
    redirects = any(isinstance(one, Redirect) for one in actions)
    ports = tuple((one.port, one.host_port) for one in spec.listeners if one.host_port)
    return replace(
        spec,
        listeners=(listener,),
        target_groups=tuple(group for group in spec.target_groups if group.key in used),
        # else a new listener would restart the others, which it does not concern
        host_ports=ports if redirects else (),
    )
