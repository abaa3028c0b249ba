"""The name servers: each VPC's resolver, at its base + 2, and the host's. Answers: `dataplane.dns`.

There is no forwarding: a name that the region does not have is NXDOMAIN inside a VPC, and refused
on the host. https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html
"""

from __future__ import annotations

import logging
import selectors
import socket
import threading
from dataclasses import dataclass
from ipaddress import IPv4Address

from drydock.region.dataplane.dns.answering import resolve
from drydock.region.dataplane.dns.model import View
from drydock.region.dataplane.dns.names import labels
from drydock.region.dataplane.dns.wire import LARGEST, TCP, reply
from drydock.region.dataplane.network.namespaces import Namespace

log = logging.getLogger(__name__)

_IDLE = 5.0
"""Seconds after which a silent TCP client is disconnected."""
_CONNECTIONS = 200
"""The limit of TCP clients at a time, of all servers; more are refused."""


@dataclass
class _Server:
    """A server's sockets."""

    udp: socket.socket
    tcp: socket.socket


class Resolvers:
    """Name servers for every VPC and for the host, over UDP and TCP, on one thread. Thread-safe."""

    def __init__(self) -> None:
        self._servers: dict[str, _Server] = {}
        self._views: dict[str, View] = {}
        self._selector = selectors.DefaultSelector()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._selector.register(self._wake_reader, selectors.EVENT_READ)
        self._lock = threading.Lock()
        self._connections = threading.BoundedSemaphore(_CONNECTIONS)
        threading.Thread(target=self._serve, name="dns", daemon=True).start()

    def add(self, vpc_id: str, router: Namespace, address: IPv4Address) -> None:
        """Answer at an address of a VPC's router, once there is a view. Raises OSError."""
        udp = router.listen(address, 53, socket.SOCK_DGRAM)
        self.serve(vpc_id, udp, router.listen(address, 53))

    def serve(self, key: str, udp: socket.socket, tcp: socket.socket) -> None:
        """Answer on two bound sockets, of which the TCP one listens; the server owns them now."""
        for bound in (udp, tcp):
            bound.setblocking(False)  # a client that went away meanwhile must not make others wait
        with self._lock:
            self._servers[key] = _Server(udp, tcp)
            self._selector.register(udp, selectors.EVENT_READ, ("udp", key))
            self._selector.register(tcp, selectors.EVENT_READ, ("tcp", key))
        self._wake_writer.send(b"x")

    def remove(self, key: str) -> None:
        """Stop a server."""
        with self._lock:
            self._views.pop(key, None)
            server = self._servers.pop(key, None)
            if server is not None:
                for bound in (server.udp, server.tcp):
                    self._selector.unregister(bound)
                    bound.close()

    def answers(self, key: str) -> bool:
        """Return whether a server exists."""
        return key in self._servers

    def show(self, key: str, view: View) -> None:
        """Replace a server's view at once, also before the server is added."""
        self._views[key] = view

    def view(self, key: str) -> View | None:
        """Return a server's view; None: it has none yet."""
        return self._views.get(key)

    def views(self) -> dict[str, View | None]:
        """Return every server's view."""
        with self._lock:
            return {key: self._views.get(key) for key in self._servers}

    def lookup(self, key: str, name: str) -> tuple[IPv4Address, ...] | None:
        """Return the addresses that a server has for a name; None: the region does not have the
        name.

        A missing name in a hosted zone has no address: the zone alone decides.
        """
        view = self.view(key) or View()
        try:
            asked = labels(name)
        except ValueError:
            return ()
        zone, found = view.find(asked), resolve(view, asked, "A")
        if zone is None or (found.code != "NOERROR" and not zone.id):
            return None
        return tuple(IPv4Address(one.value) for one in found.records if one.kind == "A")

    def _serve(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    self._wake_reader.recv(4096)
                    continue
                kind, server = key.data
                try:
                    self._serve_one(kind, server, key.fileobj)  # type: ignore[arg-type]
                except BlockingIOError:
                    continue
                except OSError as error:
                    log.info("dns answer not sent", extra={"server": server, "error": str(error)})
                except Exception:  # everybody else must be answered all the same
                    log.exception("a question failed", extra={"server": server})

    def _serve_one(self, kind: str, key: str, bound: socket.socket) -> None:
        if kind == "udp":
            data, client = bound.recvfrom(4096)
            if packet := self._reply(key, data, LARGEST):
                bound.sendto(packet, client)
            return
        connection, _ = bound.accept()
        if not self._connections.acquire(blocking=False):
            connection.close()
            return
        # a slow client must not make the others wait
        threading.Thread(target=self._serve_tcp, args=(key, connection), daemon=True).start()

    def _serve_tcp(self, key: str, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rwb") as stream:
                connection.settimeout(_IDLE)
                while len(size := stream.read(2)) == 2:
                    packet = self._reply(key, stream.read(int.from_bytes(size, "big")), TCP)
                    if not packet:
                        return
                    stream.write(len(packet).to_bytes(2, "big") + packet)
                    stream.flush()
        except OSError as error:
            log.info("dns over tcp ended", extra={"server": key, "error": str(error)})
        finally:
            self._connections.release()

    def _reply(self, key: str, data: bytes, largest: int) -> bytes:
        return reply(data, self.view(key), largest=largest)
