"""The resolvers: each VPC's own, at its base + 2, answering the names that a controller gave it.

There is nothing to forward to: a name that the region does not know is NXDOMAIN.
https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html
"""

from __future__ import annotations

import logging
import selectors
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address

from dnslib import CNAME, QTYPE, RCODE, RR, A, DNSError, DNSRecord

from drydock.region.network.namespaces import Namespace

log = logging.getLogger(__name__)

_TTL = 1
"""Seconds. AWS says 5 for a database and 60 for a load balancer; here a change shall show at once."""
_MAX_CNAMES = 8


@dataclass(frozen=True)
class Name:
    """What a name stands for: addresses, or another name."""

    addresses: tuple[IPv4Address, ...] = ()
    alias: str = ""


Zone = Mapping[str, Name]
"""Names in lower case without the final dot."""


def answer(query: DNSRecord, zone: Zone) -> DNSRecord:
    """The reply to a query, from a zone alone. Aliases are followed inside the zone."""
    reply = query.reply(aa=1, ra=1)
    wanted = str(query.q.qname).rstrip(".").lower()
    kind = QTYPE[query.q.qtype]
    found = zone.get(wanted)
    if found is None:
        reply.header.rcode = RCODE.NXDOMAIN
        return reply
    name = str(query.q.qname)
    for _ in range(_MAX_CNAMES):
        if not found.alias:
            break
        reply.add_answer(RR(name, QTYPE.CNAME, rdata=CNAME(found.alias), ttl=_TTL))
        name = found.alias
        found = zone.get(name.rstrip(".").lower(), Name())
    if kind in ("A", "ANY"):
        for address in found.addresses:
            reply.add_answer(RR(name, QTYPE.A, rdata=A(str(address)), ttl=_TTL))
    return reply


class Resolvers:
    """One thread that answers for every VPC, over UDP and TCP."""

    def __init__(self) -> None:
        self._zones: dict[str, Zone] = {}
        self._sockets: dict[str, tuple[socket.socket, socket.socket]] = {}
        self._selector = selectors.DefaultSelector()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._selector.register(self._wake_reader, selectors.EVENT_READ)
        self._lock = threading.Lock()
        threading.Thread(target=self._serve, name="dns", daemon=True).start()

    def add(self, vpc_id: str, router: Namespace, address: IPv4Address) -> None:
        """Answer at an address of a VPC's router, nothing at first. Raises OSError."""
        udp = router.listen(address, 53, socket.SOCK_DGRAM)
        tcp = router.listen(address, 53)
        for bound in (udp, tcp):
            bound.setblocking(False)  # a client that went away meanwhile must not make others wait
        with self._lock:
            self._zones.setdefault(vpc_id, {})
            self._sockets[vpc_id] = (udp, tcp)
            self._selector.register(udp, selectors.EVENT_READ, ("udp", vpc_id))
            self._selector.register(tcp, selectors.EVENT_READ, ("tcp", vpc_id))
        self._wake_writer.send(b"x")

    def remove(self, vpc_id: str) -> None:
        with self._lock:
            self._zones.pop(vpc_id, None)
            for bound in self._sockets.pop(vpc_id, ()):
                self._selector.unregister(bound)
                bound.close()

    def answers(self, vpc_id: str) -> bool:
        """Whether a VPC's resolver is there."""
        return vpc_id in self._sockets

    def set_zone(self, vpc_id: str, zone: Zone) -> None:
        """Replace all that a VPC's resolver knows, at once."""
        self._zones[vpc_id] = zone

    def zone(self, vpc_id: str) -> Zone:
        return self._zones.get(vpc_id, {})

    def _serve(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    self._wake_reader.recv(4096)
                    continue
                kind, vpc_id = key.data
                try:
                    self._serve_one(kind, vpc_id, key.fileobj)  # type: ignore[arg-type]
                except BlockingIOError:
                    continue
                except OSError as error:
                    log.info("dns answer not sent", extra={"vpc": vpc_id, "error": str(error)})

    def _serve_one(self, kind: str, vpc_id: str, bound: socket.socket) -> None:
        if kind == "udp":
            data, client = bound.recvfrom(4096)
            if reply := self._reply(vpc_id, data):
                bound.sendto(reply, client)
            return
        connection, _ = bound.accept()
        # a slow client must not make the others wait
        threading.Thread(target=self._serve_tcp, args=(vpc_id, connection), daemon=True).start()

    def _serve_tcp(self, vpc_id: str, connection: socket.socket) -> None:
        with connection, connection.makefile("rwb") as stream:
            connection.settimeout(5)
            try:
                while size := stream.read(2):
                    if reply := self._reply(vpc_id, stream.read(int.from_bytes(size, "big"))):
                        stream.write(len(reply).to_bytes(2, "big") + reply)
                        stream.flush()
            except OSError as error:
                log.info("dns over tcp ended", extra={"vpc": vpc_id, "error": str(error)})

    def _reply(self, vpc_id: str, data: bytes) -> bytes:
        try:
            query = DNSRecord.parse(data)
        except DNSError:
            return b""
        return bytes(answer(query, self._zones.get(vpc_id, {})).pack())
