"""Redirect addresses of the loopback to other ports: nothing need listen at them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address

Places = Mapping[tuple[IPv4Address, int], int]
"""An address and TCP port, and the port of 127.0.0.1 where its connections go."""

_TABLE = "table ip redirects"


def ruleset(places: Places) -> str:
    """Return the ruleset for nft, in one transaction; it replaces the former one."""
    rules = [
        f"ip daddr {address} tcp dport {port} redirect to :{to}"
        for (address, port), to in places.items()
    ]
    chain = ["type nat hook output priority -100; policy accept;", *rules]
    body = "\n".join(f"    {line}" for line in chain)
    return f"{_TABLE}\ndelete {_TABLE}\n{_TABLE} {{\n  chain out {{\n{body}\n  }}\n}}\n"
