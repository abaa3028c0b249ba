"""Carry rate counts over to a new process, so that a change of rules does not reset them.

HAProxy: its management guide, `show table`, `set table`.
"""

from __future__ import annotations

import re

from drydock.region.dataplane.balancer.firewall.lines import firewall_tables
from drydock.region.dataplane.balancer.firewall.spec import Firewall
from drydock.region.dataplane.balancer.runtime import Runtime

_ENTRY = re.compile(r"key=(\S+) .*\bhttp_req_rate\(\d+\)=(\d+)")
_AT_ONCE = 300
"""Entries in one command: the limit is HAProxy's buffer."""


def carry_over(old: Runtime, new: Runtime, before: Firewall | None, after: Firewall | None) -> None:
    """Give a new process the counts of the rates that both have, over the same window.

    Raises BalancerFailed with HAProxy's message.
    """
    kept = {tuple(section) for section in firewall_tables(after)}
    for section in firewall_tables(before):
        if tuple(section) in kept:
            table = section[0].removeprefix("backend ")
            _carry(old, new, table)


def _carry(old: Runtime, new: Runtime, table: str) -> None:
    commands = [
        f"set table {table} key {key} data.http_req_rate {rate}"
        for key, rate in _ENTRY.findall(old.ask(f"show table {table} data.http_req_rate gt 0"))
    ]
    for start in range(0, len(commands), _AT_ONCE):
        new.send("; ".join(commands[start : start + _AT_ONCE]))
