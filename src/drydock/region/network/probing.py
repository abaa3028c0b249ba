"""Real packets: can a TCP connection be opened from here to there?"""

from __future__ import annotations

import errno
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address

from drydock.region import linux
from drydock.region.network.namespaces import Namespace

_REFUSED = {errno.ECONNREFUSED}
"""The other end answered that nobody listens: packets pass."""


@dataclass(frozen=True)
class Probe:
    """What came of an attempt."""

    reachable: bool
    words: str = ""
    """Why not, in the words of the system: `i/o timeout`, `no route to host`."""


def probe(
    source: Namespace,
    address: IPv4Address,
    port: int,
    timeout: float,
    bind: IPv4Address | None = None,
) -> Probe:
    """Try to open a TCP connection from a namespace; `timeout` in seconds. Works from any thread.

    `bind` is the source address where a namespace has several. A refusal counts as reachable.
    """
    with linux.in_network_namespace(source.descriptor):
        attempt = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    with attempt:
        attempt.settimeout(timeout)
        try:
            if bind is not None:
                attempt.bind((str(bind), 0))
            attempt.connect((str(address), port))
        except TimeoutError:
            return Probe(False, "i/o timeout")
        except OSError as error:
            if error.errno in _REFUSED:
                return Probe(True)
            return Probe(False, (error.strerror or str(error)).lower())
    return Probe(True)
