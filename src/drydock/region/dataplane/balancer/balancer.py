"""A running load balancer: its HAProxy process, the draining ones, and the watching thread."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from drydock.errors import BalancerFailed
from drydock.region.dataplane.balancer import certificates, servers
from drydock.region.dataplane.balancer.firewall import addresses, counts
from drydock.region.dataplane.balancer.groups import group_name
from drydock.region.dataplane.balancer.health import DRAINING, UNKNOWN, Server, TargetHealth
from drydock.region.dataplane.balancer.instance import Instance, Launch
from drydock.region.dataplane.balancer.plan import (
    AddServer,
    DeleteServer,
    DrainServer,
    ReadmitServer,
    Restart,
    SetAddresses,
    SetCertificates,
    Step,
    TargetId,
    plan,
)
from drydock.region.dataplane.balancer.retired import Retired
from drydock.region.dataplane.balancer.runtime import Runtime
from drydock.region.dataplane.balancer.silence import Silence
from drydock.region.dataplane.balancer.spec import LoadBalancer
from drydock.region.dataplane.balancer.targets import Targets, targets_of
from drydock.region.dataplane.balancer.traffic import Grown, Names, Traffic, traffic
from drydock.region.dataplane.processes.client import Spawner

log = logging.getLogger(__name__)

Sockets = Mapping[str, Sequence[socket.socket]]

_STOP_TIMEOUT = 10.0


class Balancer:
    """One load balancer. Thread-safe."""

    def __init__(
        self,
        spawner: Spawner,
        folder: Path,
        key: str,
        netns: int | None = None,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        """`folder` is its own and exists; `netns` is the namespace from which it reaches its
        targets.

        `on_change` is called from a thread of the balancer, with no lock held, when a target's
        health changed or HAProxy ended; it must not block.
        """
        self._spawner = spawner
        self._folder = folder
        self._key = key
        self._netns = netns
        self._on_change = on_change
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._closed = False
        self._watcher: threading.Thread | None = None
        self._generation = 0
        self._instance: Instance | None = None
        self._retired = Retired()
        self._spec: LoadBalancer | None = None
        self._socket_ids: object = None
        self._targets = Targets()
        self._told: object = None
        self._silence = Silence()
        self._grown = Grown()
        self._names = Names()
        for left in folder.glob("haproxy-*"):
            # of a region that was killed: its processes ended with it, its files did not
            shutil.rmtree(left) if left.is_dir() else left.unlink()

    @property
    def running(self) -> bool:
        instance = self._instance
        return instance is not None and instance.process.running

    @property
    def idle(self) -> bool:
        """Whether no process is left, not even one that drains."""
        with self._lock:
            self._sweep()
            return self._instance is None and not self._retired.instances

    def trust(self, healths: Mapping[TargetId, TargetHealth]) -> None:
        """Adopt health observed elsewhere: these targets need no first check here."""
        with self._lock:
            self._targets.trust(healths)

    def apply(self, spec: LoadBalancer, sockets: Sockets) -> None:
        """Apply `spec` without refusing or losing a request. Idempotent.

        `sockets` are listening sockets by listener key; they stay the caller's and must stay open
        while the balancer runs. A listener without any is not served; without a listener nothing
        runs. Raises BalancerFailed with HAProxy's message; what ran before then still runs.
        """
        with self._lock:
            if not spec.listeners:
                self._idle(spec)
                return
            socket_ids = _socket_ids(spec, sockets)
            steps = plan(
                spec,
                self._spec if self.running else None,
                same_sockets=socket_ids == self._socket_ids,
                present=self._present(spec) if self.running else (),
                draining=self._targets.draining,
                now=time.monotonic(),
            )
            for step in steps:
                self._take(step, spec, sockets)
            self._spec, self._socket_ids = spec, socket_ids
            self._names.learn(spec)
            self._targets.keep(spec)
            self._watch()
        if steps:
            self._wake.set()

    def health(self) -> Mapping[TargetId, TargetHealth]:
        """Return the observed health of each registered target and of those that still drain.

        While HAProxy runs and does not answer, registered targets are unavailable.
        """
        with self._lock:
            if self.running:
                try:
                    self._observe()
                except BalancerFailed as error:
                    self._unanswered(error)
            return self._healths()

    def take_traffic(self) -> Traffic:
        """Return the traffic since the last call, as far as HAProxy reports it.

        Raises BalancerFailed if HAProxy runs and does not answer; the next call returns it then.
        """
        with self._lock:
            self._sweep()
            rows = [row for each in self._retired.instances for row in each.tally.rows]
            if self._instance is not None:
                self._instance.count(self._grown)
                rows += self._instance.tally.rows
            grown, self._grown = self._grown, Grown()
            return traffic(grown, self._names, rows)

    def stop(self) -> None:
        """End every process at once, with its requests in flight. The sockets stay open."""
        with self._lock:
            self._closed = True
            instances = [*self._retired.instances, *([self._instance] if self._instance else [])]
            self._instance, self._retired = None, Retired()
        self._wake.set()
        if self._watcher is not None and self._watcher is not threading.current_thread():
            self._watcher.join()
        for instance in instances:
            instance.kill()
        for instance in instances:
            if instance.process.wait(_STOP_TIMEOUT) is None:
                raise BalancerFailed(f"HAProxy {instance.process.host_pid}", "it does not end")
            instance.forget_files()

    # steps of a plan

    def _take(self, step: Step, spec: LoadBalancer, sockets: Sockets) -> None:
        log.info("balancer step", extra={"balancer": self._key, "step": type(step).__name__})
        match step:
            case Restart():
                self._restart(spec, sockets)
            case SetCertificates():
                before = self._spec.listeners if self._spec else ()
                logged = spec.logs is not None and spec.logs.requests
                certificates.change(self._runtime(), before, spec.listeners, logged=logged)
            case SetAddresses():
                known = self._spec.firewall if self._spec else None
                addresses.change(self._runtime(), known, spec.firewall)
            case AddServer(group, target):
                servers.add(self._runtime(), group, target)
                self._targets.register((group.key, target))
            case ReadmitServer(group, target):
                servers.readmit(self._runtime(), group, target)
                self._targets.register((group.key, target))
            case DrainServer(key, target, delay):
                servers.drain(self._runtime(), key, target)
                self._targets.deregister((key, target), delay)
            case DeleteServer(key, target):
                self._count()
                if servers.delete(self._runtime(), key, target):
                    del self._targets.draining[key, target]

    def _restart(self, spec: LoadBalancer, sockets: Sockets) -> None:
        self._generation += 1
        launch = Launch(
            spec=spec,
            sockets=sockets,
            states=self._targets.state_file(spec),
            fail_open=[one.key for one in spec.target_groups if self._targets.fails_open(one)],
            base=self._folder / f"haproxy-{self._generation}",
            netns=self._netns,
        )
        new = Instance.start(self._spawner, launch, lambda _process: self._wake.set())
        self._take_over(new, spec)
        self._retire()
        self._instance = new
        # registered again: the new process knows nothing of its draining, and checks it anew
        for target_id in self._targets.draining.keys() & set(targets_of(spec)):
            self._targets.register(target_id)

    def _take_over(self, new: Instance, spec: LoadBalancer) -> None:
        """Carry the firewall's counts over to a new process, which serves even if that fails."""
        if self._instance is None or not self.running or self._spec is None:
            return
        try:
            counts.carry_over(
                self._instance.runtime, new.runtime, self._spec.firewall, spec.firewall
            )
        except BalancerFailed as error:
            log.warning("counts are lost", extra={"balancer": self._key, "why": str(error)})

    def _idle(self, spec: LoadBalancer) -> None:
        self._retire()
        self._spec, self._socket_ids = spec, None
        self._targets = Targets()

    def _retire(self) -> None:
        if self._instance is not None:
            self._retired.add(self._instance)
            self._instance = None

    def _runtime(self) -> Runtime:
        if self._instance is None:
            raise BalancerFailed(f"load balancer {self._key}", "no HAProxy runs")
        return self._instance.runtime

    def _count(self) -> None:
        """Read the counters, before a target with its counters is removed."""
        if self._instance is not None:
            self._instance.count(self._grown)

    # observing

    def _present(self, spec: LoadBalancer) -> set[TargetId]:
        seen = self._observe()
        known = {*targets_of(spec), *targets_of(self._spec), *self._targets.draining}
        return {each for each in known if (group_name(each[0]), each[1].name) in seen}

    def _observe(self) -> Mapping[tuple[str, str], Server]:
        """Read the state of every server, and admit new targets that have passed their first check."""
        seen = servers.look(self._runtime())
        self._silence.end()
        for group in self._spec.target_groups if self._spec else ():
            for target in group.targets:
                server = seen.get((group_name(group.key), target.name))
                if server is not None and self._targets.earns_traffic((group.key, target), server):
                    servers.admit(self._runtime(), group.key, target)
                    server = replace(server, up=True)
                self._targets.observe(group, target, server)
            targets = group.targets if self._targets.fails_open(group) else ()
            if not targets and any(name.startswith("open:") for _, name in seen):
                self._count()
            servers.keep_open(self._runtime(), group, targets, seen)
        return seen

    def _healths(self) -> dict[TargetId, TargetHealth]:
        known = self._targets.healths(self._spec)
        if not self.running or not self._silence.counts(time.monotonic()):
            return known
        return {key: one if one == DRAINING else UNKNOWN for key, one in known.items()}

    def _unanswered(self, error: BalancerFailed) -> None:
        """Handle a HAProxy that does not answer: after a time limit end it; `apply` starts another."""
        instance, now = self._instance, time.monotonic()
        if instance is None or not instance.process.running:
            return
        fields = {"balancer": self._key, "why": str(error)}
        self._silence.begin(instance.process.host_pid, now)
        if self._silence.is_over(now):
            log.error("HAProxy does not answer and is ended", extra=fields)
            instance.kill()
        else:
            log.warning("balancer not observed", extra=fields)

    # the watcher

    def _watch(self) -> None:
        if self._watcher is None:
            name = f"balancer-{self._key}"
            self._watcher = threading.Thread(target=self._watch_on, name=name, daemon=True)
            self._watcher.start()

    def _watch_on(self) -> None:
        while not self._closed:
            self._wake.wait(_period(self._spec))
            self._wake.clear()
            changed = self._tick()
            if changed and self._on_change is not None:
                self._on_change()

    def _tick(self) -> bool:
        """Observe, and do what is due; return whether something changed since the last time."""
        with self._lock:
            if self._closed:
                return False
            self._sweep()
            if self.running and self._spec is not None:
                try:
                    self._keep(self._spec)
                except BalancerFailed as error:
                    # it may be ending just now: the next round shows whether it did
                    self._unanswered(error)
            told = (self.running, self._healths())
            changed, self._told = told != self._told, told
            return changed

    def _keep(self, spec: LoadBalancer) -> None:
        """Do the steps that are due by time. Raises BalancerFailed."""
        steps = plan(
            spec,
            spec,
            same_sockets=True,
            present=self._present(spec),
            draining=self._targets.draining,
            now=time.monotonic(),
        )
        for step in steps:
            self._take(step, spec, {})

    def _sweep(self) -> None:
        """Clean up old processes that ended, end overdue ones, and log when the current one died."""
        self._retired.sweep(self._grown)
        current = self._instance
        if current is not None and not current.process.running:
            fields = {
                "balancer": self._key,
                "exit_code": current.process.exit_code,
                "words": current.last_words(),
            }
            log.error("HAProxy ended", extra=fields)
            current.forget_files()
            self._instance = None
            self._silence.end()


def _socket_ids(spec: LoadBalancer, sockets: Sockets) -> object:
    """Return an identity of a set of sockets, even when a descriptor's number is used again."""
    return [
        (listener.key, [os.fstat(each.fileno()).st_ino for each in sockets.get(listener.key, ())])
        for listener in spec.listeners
    ]


def _period(spec: LoadBalancer | None) -> float:
    """Return the seconds between two observations: several per check, so that results are recent."""
    checks = [group.health_check for group in spec.target_groups] if spec else []
    intervals = [check.interval for check in checks if check is not None]
    return min(1.0, max(0.1, min(intervals, default=5.0) / 5))
