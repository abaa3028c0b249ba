"""The controller of interface VPC endpoints: one key is one of their network interfaces.

The API answers on the interface itself, port 443, so that its security groups and routes decide
which clients reach the service.
https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from drydock.region.services.kit.controller import DONE, Outcome
from drydock.region.services.kit.parts import Parts
from drydock.region.services.route53.names.aws import is_interface

PORT = 443


class Answering(Protocol):
    """A server of the API that can be closed."""

    def close(self) -> None: ...


Serve = Callable[[list[socket.socket]], Answering]


class EndpointController:
    """Serves the API on the interfaces of endpoints."""

    name = "vpc-endpoint"
    wakes_on = frozenset({"ec2"})
    resync = 30.0

    def __init__(self, parts: Parts, serve: Serve) -> None:
        self._store = parts.store
        self._fabric = parts.fabric
        self._serve = serve
        self._lock = threading.Lock()
        self._servers: dict[str, Answering] = {}

    def all_keys(self) -> Iterable[str]:
        with self._lock:
            return self._wanted() | set(self._servers)

    def _wanted(self) -> set[str]:
        with self._store.locked():
            endpoints: Iterable[Any] = self._store.backend("ec2").vpc_end_points.values()
            return {
                eni
                for endpoint in endpoints
                if is_interface(endpoint)
                for eni in endpoint.network_interface_ids or ()
            }

    def reconcile(self, key: str) -> Outcome:
        spec = self._fabric.enis().get(key)
        if key not in self._wanted() or spec is None:
            with self._lock:
                server = self._servers.pop(key, None)
            if server is not None:
                server.close()
        elif key not in self._servers:
            bound = self._fabric.namespace(key).listen(spec.address, PORT)
            with self._lock:
                self._servers[key] = self._serve([bound])
        return DONE

    def close(self) -> None:
        """Close every endpoint's server."""
        with self._lock:
            servers = list(self._servers.values())
        for server in servers:
            server.close()
