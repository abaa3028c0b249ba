"""Send real packets to test whether an address is reachable and answers."""

from __future__ import annotations

import errno
import os
import socket
import struct
import time
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Literal, TypeAlias

from dnslib import QTYPE, DNSError, DNSRecord

from drydock.region.dataplane import linux
from drydock.region.dataplane.network.namespaces import Namespace

Protocol: TypeAlias = Literal["tcp", "udp", "icmp"]

_SOCKETS = {
    "tcp": (socket.SOCK_STREAM, socket.IPPROTO_TCP),
    "udp": (socket.SOCK_DGRAM, socket.IPPROTO_UDP),
    "icmp": (socket.SOCK_RAW, socket.IPPROTO_ICMP),
}
_ECHO_REQUEST, _ECHO_REPLY = 8, 0
_ICMP_ECHO = struct.Struct("!BBHHH")
"""Type, code, checksum, identifier, sequence: RFC 792."""
_DNS_PORT = 53
_TIMED_OUT = "i/o timeout"


@dataclass(frozen=True)
class Probe:
    """The result of an attempt."""

    reachable: bool
    words: str = ""
    """Why it failed, as the system says it: `i/o timeout`, `no route to host`."""


def probe(
    source: Namespace,
    address: IPv4Address,
    port: int,
    timeout: float,
    bind: IPv4Address | None = None,
    protocol: Protocol = "tcp",
) -> Probe:
    """Send a packet from a namespace and wait for its answer, `timeout` seconds at most.

    TCP opens a connection, UDP sends an empty datagram, ICMP an echo request (`port` does not
    count). A refusal by the other end (no socket listens) is an answer. `bind` is the source
    address where a namespace has several. Works from any thread.
    """
    if protocol not in _SOCKETS:
        raise ValueError(f"{protocol} is none of {', '.join(_SOCKETS)}")
    with linux.in_network_namespace(source.descriptor):
        attempt = socket.socket(socket.AF_INET, *_SOCKETS[protocol])
    with attempt:
        attempt.settimeout(timeout)
        try:
            if bind is not None:
                attempt.bind((str(bind), 0))
            attempt.connect((str(address), port))
            if protocol == "udp":
                attempt.send(b"")
                attempt.recv(1)
            elif protocol == "icmp":
                return _echo(attempt, timeout)
        except TimeoutError:
            return Probe(False, _TIMED_OUT)
        except OSError as error:
            if error.errno == errno.ECONNREFUSED:
                return Probe(True)
            return Probe(False, (error.strerror or str(error)).lower())
    return Probe(True)


def resolve(
    source: Namespace, resolver: IPv4Address, name: str, timeout: float
) -> tuple[IPv4Address | None, str]:
    """Resolve a name from a namespace; return its first address, or None and the reason.

    An address is returned unchanged.
    """
    try:
        return IPv4Address(name), ""
    except ValueError:
        pass  # a name; one of ECR's begins with a digit
    with linux.in_network_namespace(source.descriptor):
        asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with asking:
        asking.settimeout(timeout)
        try:
            asking.connect((str(resolver), _DNS_PORT))
            asking.send(DNSRecord.question(name).pack())
            reply = DNSRecord.parse(asking.recv(4096))
        except (OSError, DNSError) as error:
            return None, f"lookup {name} on {resolver}: {error or _TIMED_OUT}"
    found = [str(one.rdata) for one in reply.rr if one.rtype == QTYPE.A]
    if not found:
        return None, f"lookup {name} on {resolver}: no such host"
    return IPv4Address(found[0]), ""


def _echo(attempt: socket.socket, timeout: float) -> Probe:
    """Send an echo request.

    A raw socket sees all of its peer's ICMP, so the identifier is compared.
    """
    identifier = int.from_bytes(os.urandom(2), "big")
    plain = _ICMP_ECHO.pack(_ECHO_REQUEST, 0, 0, identifier, 1)
    attempt.send(_ICMP_ECHO.pack(_ECHO_REQUEST, 0, _checksum(plain), identifier, 1))
    deadline = time.monotonic() + timeout
    while (left := deadline - time.monotonic()) > 0:
        attempt.settimeout(left)
        packet = attempt.recv(2048)
        header = (packet[0] & 0x0F) * 4
        if len(packet) < header + _ICMP_ECHO.size:
            continue
        kind, _, _, answers, _ = _ICMP_ECHO.unpack_from(packet, header)
        if (kind, answers) == (_ECHO_REPLY, identifier):
            return Probe(True)
    return Probe(False, _TIMED_OUT)


def _checksum(data: bytes) -> int:
    """Return the checksum of RFC 1071, of an even number of bytes."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF
