"""Send the output of a task's containers to a stream of CloudWatch Logs, or discard it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from drydock.region.api import bulk
from drydock.region.api.store import Store
from drydock.region.dataplane.runtime.output import Line, Sink
from drydock.region.services.ecs.controller.definitions import LogTarget
from drydock.region.services.ecs.controller.permissions import Permissions
from drydock.region.services.ecs.records import Task
from drydock.region.services.logs import LogGroupMissing, Stream

log = logging.getLogger(__name__)


class TaskLogs:
    """Opens streams for tasks. Thread-safe."""

    def __init__(self, store: Store, permissions: Permissions) -> None:
        self._store = store
        self._permissions = permissions

    def open(self, task: Task, target: LogTarget | None) -> Sink:
        """Make the log stream, as ECS's log driver does before the process. Raises LogGroupMissing."""
        if target is None:
            return lambda _lines: None
        with self._store.changing("logs"):
            logs = self._store.backend("logs")
            logs.open_stream(target.group, target.stream, create_group=target.create_group)
        if not self._permissions.may_write(task, target):
            log.warning(
                "lines are lost: its execution role lacks logs:PutLogEvents",
                extra={"task": task.id},
            )
            return lambda _lines: None
        return LogSink(self._store, target)


class LogSink:
    """Writes lines into a log stream. Lines that cannot be stored are counted and logged once."""

    def __init__(self, store: Store, target: LogTarget) -> None:
        self._store = store
        self._target = target
        self._stream: Stream | None = None
        self._lost = 0

    def __call__(self, lines: Sequence[Line]) -> None:
        stream = self._stream
        if stream is not None and stream.alive and not stream.log_group.subscription_filters:
            # No record changes, so that a request that takes long holds no task's output up.
            bulk.current().write_lines(stream.uid, lines)
            return
        target = self._target
        where = {"group": target.group, "stream": target.stream}
        try:
            with self._store.locked():
                logs = self._store.backend("logs")
                logs.write_events(target.group, target.stream, lines)
                self._stream = logs.stream(target.group, target.stream)
        except LogGroupMissing:
            if not self._lost:
                log.warning("lines are lost: no such log group or stream", extra=where)
            self._lost += len(lines)
        else:
            if self._lost:
                log.info("lines are stored again", extra={**where, "lost": self._lost})
            self._lost = 0
