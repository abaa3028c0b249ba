"""Log lines of a service or of single tasks, in order, once or continuously.

A task writes into the streams `PREFIX/CONTAINER/TASK-ID` of the group that the awslogs options of
its task definition name
(https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from drydock.aws.clients import Clients
from drydock.aws.failures import translated
from drydock.errors import ResourceMissing

OVERLAP = 5_000
"""Milliseconds: `-f` still shows a line that arrives this much later than its timestamp."""


@dataclass(frozen=True)
class Line:
    """One log event. `at` is its time in milliseconds since 1970, as CloudWatch Logs counts."""

    at: int
    stream: str
    text: str

    @property
    def task(self) -> str:
        """The task's id: the last part of the stream's name."""
        return self.stream.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Destination:
    """The log group and stream prefix that one container of a task definition writes to."""

    container: str
    group: str
    prefix: str

    def stream(self, task_arn: str) -> str:
        return f"{self.prefix}/{self.container}/{task_arn.rsplit('/', 1)[-1]}"


def destinations(task_definition: Any) -> list[Destination]:
    """Return the awslogs destinations of a task definition (as DescribeTaskDefinition returns it)."""
    found = []
    for container in task_definition.get("containerDefinitions", []):
        logging = container.get("logConfiguration") or {}
        options = logging.get("options") or {}
        if logging.get("logDriver") == "awslogs" and "awslogs-group" in options:
            prefix = options.get("awslogs-stream-prefix", "ecs")
            found.append(Destination(container["name"], options["awslogs-group"], prefix))
    return found


def of_service(clients: Clients, task_definition: str) -> list[Destination]:
    """Return the destinations of a task definition by ARN. Raises ResourceMissing: it writes no logs."""
    with translated(clients.endpoint):
        answer = clients.ecs.describe_task_definition(taskDefinition=task_definition)
    found = destinations(answer["taskDefinition"])
    if not found:
        raise ResourceMissing(
            f"logs of {task_definition}",
            "no container of this task definition uses the awslogs driver",
            'add logConfiguration with logDriver "awslogs" to the container definition',
        )
    return found


class StreamReader:
    """Reads one stream from its start; each `read` returns new lines. The stream may not exist yet."""

    def __init__(self, clients: Clients, group: str, stream: str) -> None:
        self._clients = clients
        self._group = group
        self._stream = stream
        self._token: str | None = None

    def read(self) -> list[Line]:
        """Return the lines written since the last call, in the order of the stream."""
        lines: list[Line] = []
        while True:
            extra: Any = {"nextToken": self._token} if self._token else {}
            try:
                with translated(self._clients.endpoint):
                    page = self._fetch(extra)
            except _NotYet:
                return lines
            lines += [
                Line(event.get("timestamp", 0), self._stream, event.get("message", ""))
                for event in page["events"]
            ]
            token = page.get("nextForwardToken")
            # The API returns the same token twice at the present end of the stream.
            if token == self._token or not page["events"]:
                self._token = token or self._token
                return lines
            self._token = token

    def _fetch(self, extra: Any) -> Any:
        try:
            return self._clients.logs.get_log_events(
                logGroupName=self._group, logStreamName=self._stream, startFromHead=True, **extra
            )
        except self._clients.logs.exceptions.ResourceNotFoundException as error:
            raise _NotYet from error


class _NotYet(Exception):  # noqa: N818
    """The stream or its group does not exist yet."""


class GroupReader:
    """Reads a group's streams under a prefix; each `read` returns new lines, ordered by time."""

    def __init__(self, clients: Clients, group: str, prefix: str, since: int) -> None:
        self._clients = clients
        self._group = group
        self._prefix = prefix
        self._since = since
        self._seen: dict[str, int] = {}

    def read(self) -> list[Line]:
        """Return new lines of every stream. Raises ResourceMissing: no such log group."""
        with translated(self._clients.endpoint):
            events = self._fetch()
        new = [event for event in events if event["eventId"] not in self._seen]
        for event in new:
            self._seen[event["eventId"]] = event["timestamp"]
        self._forget()
        # Stable: lines of one stream with the same millisecond stay as they were written.
        new.sort(key=lambda event: event["timestamp"])
        return [Line(e["timestamp"], e.get("logStreamName", ""), e["message"]) for e in new]

    def _fetch(self) -> list[Any]:
        try:
            pages = self._clients.logs.get_paginator("filter_log_events").paginate(
                logGroupName=self._group, logStreamNamePrefix=self._prefix, startTime=self._since
            )
            return [event for page in pages for event in page["events"]]
        except self._clients.logs.exceptions.ResourceNotFoundException:
            raise ResourceMissing(
                f"log group {self._group}", "it does not exist", "drydock status"
            ) from None

    def _forget(self) -> None:
        """Limit the next request to the last seconds, and keep only the ids of events in them."""
        if not self._seen:
            return
        self._since = max(self._since, max(self._seen.values()) - OVERLAP)
        self._seen = {key: at for key, at in self._seen.items() if at >= self._since}


def tail(
    clients: Clients,
    where: list[Destination],
    *,
    since: int,
    follow: bool,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Line]:
    """Yield lines of all destinations since `since` (ms), ordered by time; with `follow` endlessly."""
    places = sorted({(one.group, f"{one.prefix}/{one.container}/") for one in where})
    readers = [GroupReader(clients, group, prefix, since) for group, prefix in places]
    while True:
        lines = [line for reader in readers for line in reader.read()]
        yield from sorted(lines, key=lambda line: line.at)
        if not follow:
            return
        sleep(clients.pace.every)
