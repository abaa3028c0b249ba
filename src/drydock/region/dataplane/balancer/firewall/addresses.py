"""Sets of addresses: the files that a HAProxy starts with, and their replacement while it runs.

HAProxy: its management guide, `prepare acl`, `add acl`, `commit acl`. A commit is all or nothing.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from drydock.errors import BalancerFailed
from drydock.region.dataplane.balancer.firewall import lua
from drydock.region.dataplane.balancer.firewall.spec import Firewall
from drydock.region.dataplane.balancer.runtime import Runtime

_AT_ONCE = 500
"""Addresses in one command: the limit is HAProxy's buffer."""


def address_file(key: str) -> str:
    """Return the file of a set, relative to the process's working folder."""
    return f"addresses-{hashlib.sha256(key.encode()).hexdigest()[:24]}"


def write(firewall: Firewall | None, folder: Path) -> None:
    """Write every set below a process's working folder, and the script that a firewall may need."""
    if firewall is None:
        return
    _write(folder / lua.FILE, lua.SCRIPT)
    for one in firewall.address_sets:
        lines = "".join(f"{address}\n" for address in one.addresses)
        _write(folder / address_file(one.key), lines)


def change(runtime: Runtime, before: Firewall | None, after: Firewall | None) -> None:
    """Replace a process's addresses from the next request on; open connections stay.

    Raises BalancerFailed with HAProxy's message.
    """
    earlier = {one.key: one.addresses for one in before.address_sets} if before else {}
    for one in after.address_sets if after else ():
        if earlier.get(one.key) != one.addresses:
            _change(runtime, address_file(one.key), one.addresses)


def _change(runtime: Runtime, name: str, addresses: Sequence[str]) -> None:
    answer = runtime.ask(f"prepare acl {name}")
    version = re.search(r"New version created: (\d+)", answer)
    if version is None:
        raise BalancerFailed(f"HAProxy refuses `prepare acl {name}`", answer)
    number = version.group(1)
    for some in _pieces(addresses):
        runtime.send("; ".join(f"add acl @{number} {name} {address}" for address in some))
    runtime.send(f"commit acl @{number} {name}")


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def _pieces(addresses: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(addresses), _AT_ONCE):
        yield addresses[start : start + _AT_ONCE]
