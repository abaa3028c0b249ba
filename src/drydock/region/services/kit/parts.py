"""The dependencies of controllers: the control plane, the data plane, and the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from drydock.config import Config
from drydock.paths import Workspace
from drydock.region.api.store import Store
from drydock.region.dataplane.network.dns import Resolvers
from drydock.region.dataplane.network.fabric import Fabric
from drydock.region.dataplane.processes.client import Spawner
from drydock.region.dataplane.runtime.cgroups.groups import NONE, Groups
from drydock.region.dataplane.runtime.output import Pump
from drydock.region.host.porter_client import PorterClient


@dataclass(frozen=True)
class Parts:
    """The dependencies of controllers. Built once by the daemon."""

    config: Config
    workspace: Workspace
    store: Store
    fabric: Fabric
    resolvers: Resolvers
    spawner: Spawner
    porter: PorterClient
    pump: Pump
    task_environment: Mapping[str, str]
    """The variables of every container: AWS's endpoints, and the region's name."""
    groups: Groups = NONE
    """The control groups that this machine lets us make for tasks."""

    def scaled(self, seconds: float) -> float:
        """Return an AWS wait in region time, in seconds."""
        return seconds / self.config.region.time_scale

    @property
    def minute(self) -> float:
        """Return the seconds of a minute of region time: at least 1, so that it holds a value per
        metric.
        """
        return max(1.0, self.scaled(60.0))
