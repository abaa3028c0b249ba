"""Serve ExecuteCommand's sessions: a session's token gives access to its program's terminal.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from drydock.errors import SpawnFailed
from drydock.region.dataplane import linux
from drydock.region.dataplane.processes.client import Process
from drydock.region.dataplane.runtime.exec_server import ExecServer
from drydock.region.dataplane.runtime.terminal import TerminalRequest
from drydock.region.services.ecs.controller.running import RunningTask
from drydock.region.services.ecs.controller.starting import TaskStarter
from drydock.region.services.ecs.operations import execute
from drydock.region.services.kit.parts import Parts

log = logging.getLogger(__name__)

Find = Callable[[str], RunningTask | None]
"""A task's ARN → its running containers."""


class ExecSessions:
    """Serves the region's sessions until `close`."""

    def __init__(self, parts: Parts, starter: TaskStarter, find: Find) -> None:
        self._store = parts.store
        self._starter = starter
        self._find = find
        parts.workspace.private.mkdir(mode=0o700, exist_ok=True)
        path = parts.workspace.private / "exec.sock"
        self._server = ExecServer(path, self._start)
        # processes of this machine connect through the region's own root, if they are the same user's
        self._say(f"unix:///proc/{linux.host_pid()}/root{path}")

    def close(self) -> None:
        """Close all sessions. Idempotent."""
        self._say("")
        self._server.close()

    def _say(self, url: str) -> None:
        with self._store.locked():
            self._store.backend("ecs").exec_url = url

    def _start(
        self, token: str, request: TerminalRequest, on_end: Callable[[], None]
    ) -> tuple[Process, int]:
        with self._store.locked():
            session = execute.take_session(self._store.backend("ecs"), token)
        if session is None:
            raise SpawnFailed(
                "the session",
                "its token is unknown, used already, or older than a minute",
                "call ExecuteCommand again",
            )
        running = self._find(session.task_arn)
        container = running.containers.get(session.container) if running else None
        if container is None or not container.running:
            raise SpawnFailed(
                f"container {session.container}", "it has ended", "choose a task that runs"
            )
        process, terminal = self._starter.enter(container, session.argv, request, on_end)
        log.info(
            "session opened",
            extra={"task": session.task_arn, "container": session.container, "pid": process.pid},
        )
        return process, terminal
