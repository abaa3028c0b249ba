"""Logins by IAM that a server refused, as its log tells: named where PostgreSQL's own words do not.

What a client reads is the server's business: pg_hba.conf can refuse, and takes no words of ours.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from drydock.region.controllers.parts import Parts
from drydock.region.controllers.rds.servers import Running
from drydock.region.database import news
from drydock.region.database.settings import ADMIN

log = logging.getLogger(__name__)

_REFUSED = re.compile(
    r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC:.*"
    r'FATAL: +pg_hba\.conf rejects connection for host "([^"]*)", user "([^"]*)", '
    r'database "([^"]*)"',
    re.MULTILINE,
)
_WORDS = "The login of {user} by IAM was refused: this region checks no IAM tokens."


class Logins:
    """One per region; one thread uses it. What was refused before the region started is not told."""

    def __init__(self, parts: Parts) -> None:
        self._store = parts.store
        self._since = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}"
        self._read: dict[Path, int] = {}
        """Up to which byte of each log."""

    def watch(self, running: Iterable[Running]) -> None:
        """Tell of every user whose login by IAM was refused since the last look, once per look."""
        for one in running:
            path = one.server.folder.log
            text, self._read[path] = news.since(path, self._read.get(path, news.latest(path)))
            for user in refused(text, self._since):
                self._tell(one.identifier, user)

    def _tell(self, identifier: str, user: str) -> None:
        words = _WORDS.format(user=user)
        log.warning("%s: %s", identifier, words)
        with self._store.writing("rds"):
            rds: Any = self._store.backend("rds")
            record = rds.databases.get(identifier)
            if record is not None:
                rds.tell(record, words, "notification")


def refused(text: str, since: str) -> list[str]:
    """The users whose logins by IAM a server's log says it refused, each once.

    `since`: UTC, as our log_line_prefix writes it.

    It rejects nobody else but who asks for the region's own user or database.
    """
    found = [match.groups() for match in _REFUSED.finditer(text)]
    return sorted(
        {
            user
            for at, _host, user, database in found
            if at >= since and ADMIN not in (user, database)
        }
    )
