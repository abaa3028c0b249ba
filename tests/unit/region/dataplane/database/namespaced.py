"""Run by test_namespaced.py as PID 1 of fresh namespaces: one server as the region runs it.

The parent stays PID 1 and starts processes; its child is the daemon. Prints what it saw as JSON.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from drydock.region.dataplane import linux
from drydock.region.dataplane.database import roles, versions
from drydock.region.dataplane.database.server import PostgresServer
from drydock.region.dataplane.database.spec import ServerExit, ServerSpec
from drydock.region.dataplane.network.namespaces import Namespace
from drydock.region.dataplane.processes.client import InitClient
from drydock.region.dataplane.processes.init import Init

ADDRESS = "10.9.8.7"


def daemon(channel: socket.socket, folder: Path) -> dict[str, object]:
    ends: SimpleQueue[ServerExit] = SimpleQueue()
    inside = Namespace.create()

    def up() -> None:
        def configure(netlink: Any) -> None:
            netlink.link("set", index=1, state="up")
            netlink.addr("add", index=1, address=ADDRESS, prefixlen=32)

        inside.configure(configure)

    network = threading.Thread(target=up)
    network.start()
    network.join()
    newest = max(versions.find(), key=lambda one: one.major)
    server = PostgresServer(
        InitClient(channel),
        ServerSpec(folder, newest, ADDRESS, netns=inside.descriptor),
        enter=lambda: linux.in_network_namespace(inside.descriptor),
        on_exit=ends.put,
    )
    began = time.monotonic()
    server.initialise()
    server.start()
    seen: dict[str, object] = {"answered": server.probe().answered}
    with server.connect() as connection:
        roles.ensure(connection, roles.Master("postgres", "secret", "app"))
        seen["seconds"] = time.monotonic() - began
    seen["pid in its namespace"] = (folder / "data/postmaster.pid").read_text().split()[0]
    seen["all files are ours"] = {file.stat().st_uid for file in folder.rglob("*")} == {
        os.geteuid()
    }
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    seen["killed"] = ends.get(timeout=10).exit_code
    server.start()
    seen["answered again"] = server.probe().answered
    with closing(socket.socket()) as outside:
        seen["reached from outside"] = outside.connect_ex((ADDRESS, 5432)) == 0
    server.stop()
    seen["stopped"] = ends.get(timeout=10).exit_code
    return seen


def main() -> int:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    child = os.fork()
    if child == 0:
        ours.close()
        signal.alarm(60)
        sys.stdout.write(json.dumps(daemon(theirs, Path(sys.argv[1]))))
        return 0
    theirs.close()
    return Init(ours, child).run()


if __name__ == "__main__":
    sys.exit(main())
