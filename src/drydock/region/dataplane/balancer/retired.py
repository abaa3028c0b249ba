"""HAProxy processes that were replaced: they finish what they have begun, and end."""

from __future__ import annotations

from drydock.region.dataplane.balancer.instance import Instance
from drydock.region.dataplane.balancer.traffic import Grown

MAX_RETIRED = 32
"""Old processes that may drain at once; of more, the oldest is ended."""
RETIRE_LIMIT = 600.0
"""Seconds after which an old process is ended, whatever it still has in flight. Until then it keeps
even requests to targets whose deregistration delay is over: it answers no command any more.
"""


class Retired:
    """The retired processes of one listener, oldest first."""

    def __init__(self) -> None:
        self.instances: list[Instance] = []

    def add(self, instance: Instance) -> None:
        """Retire a process: it accepts no more connections."""
        instance.retire()
        self.instances.append(instance)

    def sweep(self, grown: Grown) -> None:
        """Forget ended processes, count in `grown` the traffic of the others, end those that are
        overdue.
        """
        ended = [each for each in self.instances if not each.process.running]
        self.instances = [each for each in self.instances if each.process.running]
        for instance in ended:
            instance.forget_files()
        for instance in self.instances:
            instance.linger(grown)
        overdue = [each for each in self.instances if each.retired_for() > RETIRE_LIMIT]
        for instance in {*overdue, *self.instances[:-MAX_RETIRED]}:
            instance.kill()
