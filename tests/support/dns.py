"""A DNS client that sends questions over UDP and TCP and returns answers as text."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass

from dnslib import EDNS0, QTYPE, RCODE, DNSRecord

Exchange = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Reply:
    """A server's reply."""

    code: str
    answers: list[tuple[str, str, str]]
    """Name, type and value of each record, names without the final dot."""
    authority: list[str]
    """Types of the records in the authority section."""
    authoritative: bool
    truncated: bool
    raw: DNSRecord

    def values(self, kind: str = "A") -> list[str]:
        return [value for _, found, value in self.answers if found == kind]


@dataclass(frozen=True)
class Client:
    """A client of one server, such as `127.0.0.1:5354`."""

    server: str

    def ask(self, name: str, kind: str = "A", *, tcp: bool = False, edns: int = 0) -> Reply:
        query = DNSRecord.question(name, kind)
        if edns:
            query.add_ar(EDNS0(udp_len=edns))
        return read(query, (self.over_tcp if tcp else self.over_udp)(bytes(query.pack())))

    def over_udp(self, packet: bytes) -> bytes:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(5)
            asking.connect(self._address)
            asking.send(packet)
            return asking.recv(65535)

    def over_tcp(self, packet: bytes) -> bytes:
        with socket.create_connection(self._address, timeout=5) as asking:
            asking.sendall(len(packet).to_bytes(2, "big") + packet)
            with asking.makefile("rb") as stream:
                return stream.read(int.from_bytes(stream.read(2), "big"))

    @property
    def _address(self) -> tuple[str, int]:
        host, _, port = self.server.partition(":")
        return host, int(port)


def read(query: DNSRecord, packet: bytes) -> Reply:
    """Parse a reply packet, which must answer the query."""
    reply = DNSRecord.parse(packet)
    assert reply.header.id == query.header.id
    assert reply.header.qr == 1
    return Reply(
        RCODE[reply.header.rcode],
        [
            (str(one.rname).rstrip("."), QTYPE[one.rtype], str(one.rdata).rstrip("."))
            for one in reply.rr
        ],
        [QTYPE[one.rtype] for one in reply.auth],
        bool(reply.header.aa),
        bool(reply.header.tc),
        reply,
    )
