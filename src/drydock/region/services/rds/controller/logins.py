"""Report IAM logins that a server refused, as found in its log.

The client itself gets only PostgreSQL's own message: pg_hba.conf can refuse, but not say why.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from drydock.region.dataplane.database import log_tail
from drydock.region.dataplane.database.settings import ADMIN
from drydock.region.services.kit.parts import Parts
from drydock.region.services.rds.controller.servers import Running

log = logging.getLogger(__name__)

_REFUSED = re.compile(
    r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC:.*"
    r'FATAL: +pg_hba\.conf rejects connection for host "([^"]*)", user "([^"]*)", '
    r'database "([^"]*)"',
    re.MULTILINE,
)
_WORDS = "The login of {user} by IAM was refused: this region checks no IAM tokens."


class Logins:
    """Reports the refused logins of a region, from its start on; one thread uses it."""

    def __init__(self, parts: Parts) -> None:
        self._store = parts.store
        self._since = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}"
        self._read: dict[Path, int] = {}
        """The offset in bytes up to which each log was read."""

    def watch(self, running: Iterable[Running]) -> None:
        """Report every user whose IAM login was refused since the last call, once per call."""
        for one in running:
            path = one.server.folder.log
            text, self._read[path] = log_tail.since(
                path, self._read.get(path, log_tail.latest(path))
            )
            for user in refused(text, self._since):
                self._report(one.identifier, user)

    def _report(self, identifier: str, user: str) -> None:
        words = _WORDS.format(user=user)
        log.warning("%s: %s", identifier, words)
        with self._store.changing("rds"):
            rds: Any = self._store.backend("rds")
            record = rds.databases.get(identifier)
            if record is not None:
                rds.record_event(record, words, "notification")


def refused(text: str, since: str) -> list[str]:
    """Return the users whose IAM logins a server's log shows as refused, each once.

    `since`: UTC, in the format of our log_line_prefix.

    Apart from these, the server rejects only logins as the region's own user or to its database.
    """
    found = [match.groups() for match in _REFUSED.finditer(text)]
    return sorted(
        {
            user
            for at, _host, user, database in found
            if at >= since and ADMIN not in (user, database)
        }
    )
