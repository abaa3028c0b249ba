"""Which tasks of a service stand in its target groups, and what the balancer says of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drydock.region.api.gaps.ecs.records import Service, Task
from drydock.region.controllers.parts import Parts


class Registration:
    """Called under the store's lock."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._store = parts.store

    def converge(self, service: Service, tasks: Sequence[Task]) -> bool:
        """Register tasks that run, deregister those that shall not → whether anything changed."""
        changed = False
        elb = self._store.backend("elbv2")
        for entry in service.load_balancers:
            arn = str(entry.get("targetGroupArn"))
            group: Any = elb.target_groups.get(arn)
            if group is None:
                continue
            port = int(entry["containerPort"])
            wanted = {
                str(task.address)
                for task in tasks
                if task.last_status == "RUNNING" and task.desired_status == "RUNNING"
            }
            present = {address for address, number in group.registered if number == port}
            leaving = (present - wanted) & {str(task.address) for task in tasks}
            new = wanted - present
            if new:
                elb.register_targets(arn, [{"Id": one, "Port": port} for one in sorted(new)])
                service.add_event(
                    f"(service {service.name}) registered {len(new)} targets in (target-group {arn})"
                )
            if leaving:
                elb.deregister_targets(arn, [{"Id": one, "Port": port} for one in sorted(leaving)])
                service.add_event(
                    f"(service {service.name}) deregistered {len(leaving)} targets in "
                    f"(target-group {arn})"
                )
            changed = changed or bool(new or leaving)
        if changed:
            with self._store.writing("elbv2"):
                pass  # tells the balancer's controller
        return changed

    def health(self, service: Service, task: Task) -> str:
        """healthy, unhealthy or another state of the API; healthy where nobody asks.

        With several target groups the worst counts.
        """
        states = []
        elb = self._store.backend("elbv2")
        for entry in service.load_balancers:
            group: Any = elb.target_groups.get(str(entry.get("targetGroupArn")))
            if group is None or task.address is None:
                continue
            states.append(group.health_of((task.address, int(entry["containerPort"]))).state)
        if "unhealthy" in states:
            return "unhealthy"
        return next((state for state in states if state != "healthy"), "healthy")
