"""Upgrade a database to another major version: its servers end, its files are upgraded.

https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_UpgradeDBInstance.PostgreSQL.html
"""

from __future__ import annotations

import logging

from drydock.errors import DatabaseFailed
from drydock.region.dataplane.database.folder import ServerFolder
from drydock.region.dataplane.database.spec import installation_for
from drydock.region.dataplane.database.upgrade import upgrade
from drydock.region.dataplane.database.versions import choose
from drydock.region.services.kit.parts import Parts
from drydock.region.services.rds.controller.records import Records
from drydock.region.services.rds.controller.servers import Servers
from drydock.region.services.rds.controller.view import DatabaseView

log = logging.getLogger(__name__)


class Upgrades:
    """Upgrades a region's databases. A database's own pass calls it; readers wait until it is over."""

    def __init__(self, parts: Parts, records: Records, servers: Servers) -> None:
        self._spawner = parts.spawner
        self._records = records
        self._servers = servers

    def make(self, view: DatabaseView, major: int) -> None:
        """Upgrade a database's files as far as this machine has the majors, and record the outcome.

        Where another local major serves the new one already, the files stay as they are.
        """
        for instance in sorted(view.instances, key=lambda one: one.is_writer):
            self._servers.stop(instance)
        folder = ServerFolder(self._servers.volume(view))
        try:
            before, after = installation_for(folder.path, view.major), choose(major)
            upgrade(self._spawner, folder, before, after)
        except DatabaseFailed as error:
            log.warning("upgrade failed: %s", error, extra={"database": view.key})
            self._records.end_upgrade(view, error.cause)
        else:
            self._records.end_upgrade(view)
