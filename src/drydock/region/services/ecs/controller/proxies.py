"""Service Connect's proxy in each task that has it: its listeners, and the tasks it forwards to.

Targets are read from Cloud Map, where the service's controller registers tasks that run and are
healthy. Names are the deployment's:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-connect-concepts-deploy.html
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, cast

from drydock.errors import BalancerFailed, DrydockError
from drydock.region.dataplane.balancer.mesh.config import ingress_key
from drydock.region.dataplane.balancer.mesh.proxy import Proxy
from drydock.region.dataplane.balancer.mesh.spec import (
    IngressPort,
    Mesh,
    Protocol,
    Route,
    Server,
    places,
    reachable,
)
from drydock.region.dataplane.runtime.output import Sink
from drydock.region.services.ecs.connect import Connect, Endpoint, Ingress
from drydock.region.services.ecs.controller.folders import TaskFolders
from drydock.region.services.ecs.records import Task
from drydock.region.services.kit.parts import Parts

_AGAIN = 0.5
"""Seconds between two checks whether a removed server has ended its last call."""
_PROTOCOLS = frozenset({"http", "http2", "grpc"})


class TaskProxies:
    """Runs one proxy per task. Thread-safe, with one thread at a time per task."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._store = parts.store
        self._folders = TaskFolders(parts.workspace.region / "connect")
        self._lock = threading.Lock()
        self._open: dict[str, tuple[Proxy, list[Route], Callable[[], int] | None]] = {}
        self._told: dict[str, set[str]] = {}
        """Task → the tasks that its proxy sends calls to, by their ids."""

    def open(self, task: Task, sink: Sink | None, wake: Callable[[], None]) -> None:
        """Start the proxy where the task has Service Connect; idempotent. `sink`: for its log.

        Raises BalancerFailed, ProgramMissing.
        """
        connect = task.connect
        if connect is None or task.id in self._open:
            return
        routes = reachable([_route(one) for one in connect.endpoints])
        mesh = Mesh(routes, [_ingress_port(one) for one in connect.ingress])
        if not mesh.routes and not mesh.ingress:
            return
        proxy = self._listen(task, mesh)
        pump = self._parts.pump
        output = None if sink is None else lambda: pump.open(sink).writer
        with self._lock:
            self._open[task.id] = (proxy, routes, output)
        self.converge(task, wake)

    def converge(self, task: Task, wake: Callable[[], None]) -> float | None:
        """Keep the proxy running with current targets; return the seconds until the next call, if
        any.

        `wake` is called when the proxy ends. Raises BalancerFailed.
        """
        with self._lock:
            found = self._open.get(task.id)
        if found is None or task.connect is None:
            return None
        proxy, routes, output = found
        serving, their_ids = self._serving(task.connect, {one.key for one in routes})
        try:
            settled = proxy.converge(serving, wake, output)
        except DrydockError:
            with self._lock:
                self._told.pop(task.id, None)  # nobody waits for one that cannot be told
            raise
        with self._lock:
            if task.id in self._open:
                self._told[task.id] = their_ids
        return None if settled else _AGAIN

    def send_to(self, task_id: str) -> bool:
        """Return whether some proxy still sends calls to a task."""
        with self._lock:
            return any(task_id in each for each in self._told.values())

    def hosts(self, task: Task) -> str:
        """Return the lines for the task's /etc/hosts."""
        with self._lock:
            found = self._open.get(task.id)
        addresses = places(found[1]) if found is not None else {}
        return "".join(f"{address} {name}\n" for name, address in addresses.items())

    def close(self, task_id: str) -> None:
        """Stop a task's proxy, before its interface is removed. Idempotent."""
        with self._lock:
            found = self._open.get(task_id)
            self._told.pop(task_id, None)
        if found is not None:
            found[0].stop()
        with self._lock:
            self._open.pop(task_id, None)  # not before: one that does not end is tried again
        self._folders.remove(task_id)

    def close_all(self) -> None:
        """Stop all proxies; no task runs any more."""
        for task_id in list(self._open):
            self.close(task_id)

    def _listen(self, task: Task, mesh: Mesh) -> Proxy:
        """Open the proxy's sockets.

        Aliases are redirected to free ports: the containers may use any port.
        """
        eni = str(task.eni_id)
        namespace = self._parts.fabric.namespace(eni)
        own, nobody = self._parts.fabric.enis()[eni].address, (IPv4Address("127.0.0.1"), 0)
        wanted = {one.key: nobody for one in mesh.routes}
        wanted |= {ingress_key(one): (own, one.port) for one in mesh.ingress}
        sockets: dict[str, socket.socket] = {}
        try:
            for key, place in wanted.items():
                sockets[key] = namespace.listen(*place)
            addresses = places(mesh.routes)
            self._parts.fabric.redirect(
                eni,
                {
                    (addresses[one.name], one.port): sockets[one.key].getsockname()[1]
                    for one in mesh.routes
                },
            )
        except (OSError, DrydockError) as error:
            for opened in sockets.values():
                opened.close()
            raise BalancerFailed(
                "the proxy of Service Connect cannot listen", str(error)
            ) from error
        folder = Path(self._folders.stage(task.id))
        return Proxy(self._parts.spawner, folder, namespace.descriptor, mesh, sockets)

    def _serving(
        self, connect: Connect, wanted: set[str]
    ) -> tuple[dict[str, set[Server]], set[str]]:
        """Return the servers of each route, and the ids of all of them."""
        with self._store.locked():
            known: Iterable[Any] = self._store.backend("servicediscovery").services.values()
            by_name = {(one.namespace_id, one.name): one.instances for one in known}
            instances = {
                _key(one): _healthy(by_name.get((one.namespace, one.discovery_name), ()))
                for one in connect.endpoints
                if _key(one) in wanted
            }
            ids = {str(one.instance_id) for each in instances.values() for one in each}
            return {key: _servers(each) for key, each in instances.items()}, ids


def _healthy(instances: Iterable[Any]) -> list[Any]:
    return [
        one
        for one in instances
        if one.health_status != "UNHEALTHY" and "AWS_INSTANCE_PORT" in one.attributes
    ]


def _servers(instances: Iterable[Any]) -> set[Server]:
    return {
        (IPv4Address(one.attributes["AWS_INSTANCE_IPV4"]), int(one.attributes["AWS_INSTANCE_PORT"]))
        for one in instances
    }


def _key(endpoint: Endpoint) -> str:
    return endpoint.discovery_name


def _route(endpoint: Endpoint) -> Route:
    return Route(
        _key(endpoint),
        endpoint.dns_name,
        endpoint.port,
        _protocol(endpoint.protocol),
        endpoint.idle,
        endpoint.per_request,
    )


def _ingress_port(ingress: Ingress) -> IngressPort:
    return IngressPort(
        ingress.port, ingress.container_port, _protocol(ingress.protocol), ingress.idle
    )


def _protocol(name: str) -> Protocol:
    return cast("Protocol", name if name in _PROTOCOLS else "tcp")
