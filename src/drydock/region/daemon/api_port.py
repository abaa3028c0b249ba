"""The API's port on the host's loopback: remembered, so that a region keeps its address.

A folder's region avoids ports that another folder's remembers, as long as there is another one: a
file of the user's, below $XDG_STATE_HOME, lists them. Without that file only the region's own
memory counts.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import socket
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from drydock import saved
from drydock.paths import Workspace
from drydock.region.host.porter_client import PorterClient

log = logging.getLogger(__name__)

_LOCK_SECONDS = 2.0
_OTHERS = 20
"""How many ports after the wanted one are tried."""


@dataclass(frozen=True)
class ApiSocket:
    """A socket listening on 127.0.0.1."""

    socket: socket.socket
    port: int
    note: str = ""
    """A message for the user: the port has changed."""


def candidates(wanted: int, remembered: Mapping[str, int], others: Collection[int]) -> list[int]:
    """Return the ports to try, in order. Pure.

    Last time's, if the same one was wanted then; those from `wanted` that no other folder's region
    remembers; those that one does; then any.
    """
    known = "port" in remembered and remembered.get("wanted") == wanted
    last = [remembered["port"]] if known else []
    near = range(wanted, min(wanted + _OTHERS, 65536))
    free, taken = [one for one in near if one not in others], [one for one in near if one in others]
    return list(dict.fromkeys([*last, *free, *taken, 0]))


def bind(porter: PorterClient, wanted: int, workspace: Workspace) -> ApiSocket:
    """Request the region's port from the porter, and remember it. Raises PortUnavailable."""
    remembered = saved.ports(memory(workspace))
    with _known() as known:
        others = {
            int(port)
            for port, root in known.items()
            if port.isdecimal() and root != str(workspace.root)
        }
        bound, port = porter.bind(candidates(wanted, remembered, others))
        for mine in [one for one, root in known.items() if root == str(workspace.root)]:
            del known[mine]
        known[str(port)] = str(workspace.root)
    saved.write(memory(workspace), {"wanted": wanted, "port": port})
    before = remembered.get("port") if remembered.get("wanted") == wanted else None
    if before in (None, port):
        return ApiSocket(bound, port)
    return ApiSocket(
        bound,
        port,
        f"The API answers on port {port} now: another program has {before}, where it was before."
        ' Shells that were set before need it again: eval "$(drydock env)"',
    )


def memory(workspace: Workspace) -> Path:
    """Return the file in which a region remembers its port."""
    return workspace.region / "api.json"


@contextlib.contextmanager
def _known() -> Iterator[dict[str, str]]:
    """Yield port → working folder, of every region of this user that still remembers it; written
    back.
    """
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")  # noqa: PTH111
    file = Path(state) / "drydock" / "ports.json"
    known: dict[str, str] = {}
    with contextlib.ExitStack() as stack:
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = stack.enter_context(file.with_suffix(".lock").open("a"))
            _take(lock.fileno())
            known = {
                port: root for port, root in saved.remembered(file).items() if _is_of(port, root)
            }
        except OSError as error:
            log.info("other folders' ports are not known: %s", error)
            yield known
            return
        yield known
        try:
            saved.write(file, known)
        except OSError as error:
            log.info("other folders do not learn of this port: %s", error)


def _take(lock: int) -> None:
    """Lock a file; raises BlockingIOError after some seconds, if another process keeps it."""
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _is_of(port: str, root: object) -> bool:
    if not isinstance(root, str) or not Path(root).is_absolute():
        return False
    try:
        found = json.loads(memory(Workspace(Path(root))).read_text())
    except (OSError, ValueError):
        return False  # the folder is gone, or another user's
    return isinstance(found, dict) and str(found.get("port")) == port
