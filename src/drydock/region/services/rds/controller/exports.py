"""Export server logs to CloudWatch Logs, where a cluster or an instance asks for it.

https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.CloudWatch.html
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from drydock.paths import write_private
from drydock.region.dataplane.database import log_tail
from drydock.region.services.kit.parts import Parts
from drydock.region.services.logs import LogGroupMissing
from drydock.region.services.rds.controller.servers import Running

_KIND = "postgresql"
_BEGIN = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC:")
"""The start of an entry, from our log_line_prefix; a line without it continues the one before."""


@dataclass(frozen=True)
class _Target:
    group: str
    stream: str


class Exports:
    """Exports the logs of a region's servers; one thread uses it."""

    def __init__(self, parts: Parts) -> None:
        self._store = parts.store

    def carry(self, running: Iterable[Running]) -> bool:
        """Export the new part of every exported log; return whether there is any such log."""
        targets = self._targets()
        for one in running:
            target = targets.get(one.identifier)
            if target is not None:
                self._one(one.server.folder.log, target)
        return bool(targets)

    def _targets(self) -> Mapping[str, _Target]:
        found = {}
        with self._store.locked():
            for instance in self._store.backend("rds").databases.values():
                cluster = getattr(instance, "cluster", None) or None
                owner = cluster or instance
                name = str(instance.db_instance_identifier)
                if _KIND not in (owner.enabled_cloudwatch_logs_exports or ()):
                    continue
                kind = f"cluster/{cluster.db_cluster_identifier}" if cluster else f"instance/{name}"
                found[name] = _Target(f"/aws/rds/{kind}/{_KIND}", f"{name}.0")
        return found

    def _one(self, log: Path, target: _Target) -> None:
        """Export one log. The offset is stored beside it, so that a restart exports nothing twice."""
        mark = log.with_suffix(".exported")
        text, end = log_tail.since(log, int(mark.read_text()) if mark.exists() else 0)
        if not text:
            return
        found = events(text, int(time.time() * 1000))
        with self._store.changing("logs"):
            logs = self._store.backend("logs")
            try:
                logs.open_stream(target.group, target.stream, create_group=True)
                logs.write_events(target.group, target.stream, found)
            except LogGroupMissing:
                return  # it was deleted just now: the next look makes it again
        write_private(mark, str(end))


def events(text: str, now: int) -> list[tuple[int, str]]:
    """Parse log entries into milliseconds since 1970 and text; those without a time get `now`."""
    found: list[tuple[int, str]] = []
    for line in text.splitlines():
        begin = _BEGIN.match(line)
        if begin is None and found:
            found[-1] = (found[-1][0], f"{found[-1][1]}\n{line}")
            continue
        at = now
        if begin is not None:
            told = datetime.strptime(begin[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
            at = int(told.timestamp() * 1000)
        found.append((at, line))
    return found
