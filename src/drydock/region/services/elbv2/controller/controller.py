"""The controller of load balancers: one key is one load balancer's ARN.

Its HAProxy runs in the network namespace of the first node (the interface in its first subnet) and
answers on every node and on the host's ports; target health is what HAProxy's own checks saw.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from drydock.errors import BalancerFailed
from drydock.region.dataplane.balancer.fleet import Fleet
from drydock.region.dataplane.balancer.traffic import Traffic
from drydock.region.services.elbv2 import Health
from drydock.region.services.elbv2.controller.hostports import HostPorts
from drydock.region.services.elbv2.controller.view import View, Views
from drydock.region.services.kit.controller import DONE, Outcome, Requeue, TerminalError
from drydock.region.services.kit.parts import Parts

log = logging.getLogger(__name__)


@dataclass
class _Running:
    balancer: Fleet
    enis: tuple[str, ...]
    nodes: dict[str, list[socket.socket]]
    """Listener → its sockets on the nodes."""
    ports: dict[str, int]
    """Listener → its port."""


class LoadBalancerController:
    """Makes HAProxy match ELB's resources, and target health match HAProxy's checks."""

    name = "elbv2"
    wakes_on = frozenset({"acm", "ec2", "elbv2", "iam", "wafv2"})
    resync = 5.0

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._store = parts.store
        self._ports = HostPorts(parts.porter, parts.workspace.region / "ports.json")
        self._views = Views(parts, self._ports)
        self._lock = threading.Lock()
        self._running: dict[str, _Running] = {}
        self._urls: dict[str, list[dict[str, Any]]] = {}
        self._last: dict[str, Traffic] = {}
        """The traffic of deleted load balancers, until it is taken."""
        self.wake: Callable[[str], None] = lambda _key: None
        """Set by the daemon: queue a key again."""

    def urls(self) -> list[dict[str, Any]]:
        """Return each listener's load_balancer, arn, port and url (on the host's loopback)."""
        with self._lock:
            return [entry for entries in self._urls.values() for entry in entries]

    def take_traffic(self, arn: str) -> Traffic | None:
        """Return a load balancer's traffic since the last call; None: it does not run here."""
        with self._lock:
            running, last = self._running.get(arn), self._last.pop(arn, None)
        return running.balancer.take_traffic() if running is not None else last

    def all_keys(self) -> Iterable[str]:
        with self._store.locked():
            wanted = set(self._store.backend("elbv2").load_balancers)
        with self._lock:
            return wanted | set(self._running)

    def reconcile(self, key: str) -> Outcome:
        view = self._views.read(key)
        if view is None:
            return self._remove(key)
        attached = self._parts.fabric.enis()
        if not view.enis or any(eni not in attached for eni in view.enis):
            return Requeue(1.0)  # the VPC's controller makes them, which wakes this one
        running = self._ensure(view)
        self._close_removed_listeners(view, running)
        sockets = {
            listener.key: self._sockets(view, running, listener.key, listener.port)
            for listener in view.spec.listeners
        }
        view = self._views.read(key)  # once more: the host's ports are known only now
        if view is None:
            return self._remove(key)
        if view.spec.logs is not None:
            Path(view.spec.logs.folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            running.balancer.apply(view.spec, sockets)
        except BalancerFailed:
            self._write_back(view, running)  # of the targets all the same
            raise
        self._publish(view, running)
        self._write_back(view, running)
        if view.unserved:
            raise TerminalError("; ".join(view.unserved))
        return DONE  # the balancer wakes us when it sees something new

    def close(self) -> None:
        """Stop every HAProxy."""
        with self._lock:
            all_running = list(self._running.values())
        for running in all_running:
            running.balancer.stop()

    # -- doing

    def _ensure(self, view: View) -> _Running:
        """Return the load balancer's HAProxy on its current nodes, starting it if necessary."""
        running = self._running.get(view.arn)
        if running is not None and running.enis == view.enis:
            return running
        if running is not None:
            running.balancer.stop()
            _close(running)
        folder = self._parts.workspace.region / "balancers" / view.arn.rsplit("/", maxsplit=1)[-1]
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        balancer = Fleet(
            self._parts.spawner,
            folder,
            view.name,
            self._parts.fabric.namespace(view.enis[0]).descriptor,
            lambda: self.wake(view.arn),
        )
        running = _Running(balancer, view.enis, {}, {})
        with self._lock:
            self._running[view.arn] = running
        return running

    def _sockets(
        self, view: View, running: _Running, listener: str, port: int
    ) -> Sequence[socket.socket]:
        if listener not in running.nodes:
            addresses = self._parts.fabric.enis()
            running.nodes[listener] = [
                self._parts.fabric.namespace(eni).listen(IPv4Address(addresses[eni].address), port)
                for eni in view.enis
            ]
            running.ports[listener] = port
        if listener in view.closed:
            self._ports.refuse(listener)
            return running.nodes[listener]
        on_host, _ = self._ports.open(listener, port)
        return [on_host, *running.nodes[listener]]

    def _close_removed_listeners(self, view: View, running: _Running) -> None:
        wanted = {listener.key: listener.port for listener in view.spec.listeners}
        for listener in [key for key, port in running.ports.items() if wanted.get(key) != port]:
            for bound in running.nodes.pop(listener):
                bound.shutdown(socket.SHUT_RDWR)
                bound.close()
            del running.ports[listener]
            self._ports.close(listener)

    def _remove(self, arn: str) -> Outcome:
        with self._lock:
            running = self._running.pop(arn, None)
            self._urls.pop(arn, None)
        if running is not None:
            try:
                last = running.balancer.take_traffic()
            except BalancerFailed as error:
                log.warning("its last requests are not counted", extra={"why": str(error)})
            else:
                with self._lock:
                    self._last[arn] = last
            running.balancer.stop()
            for listener in running.ports:
                self._ports.close(listener)
            _close(running)
        self._forget_draining()
        return DONE

    def _forget_draining(self) -> None:
        """Clear the draining targets of groups without a load balancer: none can send them
        requests.
        """
        with self._store.locked():
            groups: list[Any] = list(self._store.backend("elbv2").target_groups.values())
            left = [group for group in groups if group.draining and not group.load_balancer_arns]
        for group in left:
            with self._store.changing("elbv2"):
                group.draining.clear()

    # -- writing back

    def _publish(self, view: View, running: _Running) -> None:
        protocols = {one.key: one.protocol for one in view.spec.listeners}
        entries = [
            {
                "load_balancer": view.name,
                "arn": view.arn,
                "port": port,
                "url": _url(protocols[listener], self._ports.port(listener)),
            }
            for listener, port in sorted(running.ports.items(), key=lambda item: item[1])
            if listener not in view.closed
        ]
        with self._lock:
            self._urls[view.arn] = entries

    def _write_back(self, view: View, running: _Running) -> None:
        seen = running.balancer.health()
        with self._store.locked():
            elb = self._store.backend("elbv2")
            record: Any = elb.load_balancers.get(view.arn)
            if record is None:
                return
            serves = running.balancer.running or not (view.spec.listeners or view.unserved)
            changed = record.state != "active" and serves
            if changed:
                record.state = "active"
            known: dict[str, set[tuple[str, int]]] = {}
            for (group_key, target), health in seen.items():
                key = (target.address, target.port)
                known.setdefault(group_key, set()).add(key)
                group: Any = elb.target_groups.get(group_key)
                if group is not None and key in group.registered:
                    observed = Health(
                        health.state, health.reason or None, health.description or None
                    )
                    changed = group.observe(key, observed) or changed
            for spec in view.spec.target_groups:
                group = elb.target_groups.get(spec.key)
                for key in list(group.draining) if group is not None else ():
                    if key not in known.get(spec.key, set()):
                        group.drained(key)
                        changed = True
            if changed:
                self._store.changed("elbv2")


def _close(running: _Running) -> None:
    for sockets in running.nodes.values():
        for bound in sockets:
            bound.close()


def _url(protocol: str, port: int | None) -> str:
    usual = {"HTTP": 80, "HTTPS": 443}[protocol]
    return f"{protocol.lower()}://127.0.0.1{'' if port in (usual, None) else f':{port}'}"
