"""Register the tasks of a service in its target groups, and read their health there.

A task belongs to the target groups of its own deployment: when a service moves to another group, the
old tasks serve in the old one until they are replaced.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from drydock.region.services.ecs.records import Service, Task
from drydock.region.services.kit.parts import Parts

Place = tuple[str, int]
"""A target group's ARN and a port."""


class Registration:
    """Keeps a service's targets up to date. Called under the store's lock."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._store = parts.store

    def converge(self, service: Service, tasks: Sequence[Task]) -> bool:
        """Register running tasks and deregister others; return whether anything changed."""
        wanted: dict[Place, set[str]] = {}
        for task in tasks:
            if task.last_status == "RUNNING" and task.desired_status == "RUNNING" and task.address:
                for place in _places(service, task):
                    wanted.setdefault(place, set()).add(task.address)
        ours = self._ours(tasks)
        changed = False
        groups: Iterable[Any] = self._store.backend("elbv2").target_groups.values()
        for group in groups:
            for place in {place for place in (*wanted, *ours) if place[0] == group.arn}:
                present = {address for address, port in group.registered if port == place[1]}
                serving = wanted.get(place, set())
                changed = self._report(service, *place, serving - present, "") or changed
                leaving = (present & ours.get(place, set())) - serving
                changed = self._report(service, *place, leaving, "de") or changed
        _remember(tasks, wanted)
        if changed:
            self._store.changed("elbv2")
        return changed

    def _report(
        self, service: Service, arn: str, port: int, addresses: set[str], what: str
    ) -> bool:
        """Register or (`what` is "de") deregister addresses as targets, with ECS's event of it."""
        if not addresses:
            return False
        elb = self._store.backend("elbv2")
        targets = [{"Id": address, "Port": port} for address in sorted(addresses)]
        (elb.deregister_targets if what else elb.register_targets)(arn, targets)
        if what:
            service.add_event(
                f"(service {service.name}) has begun draining connections on {len(targets)} tasks."
            )
        service.add_event(
            f"(service {service.name}) {what}registered {len(targets)} targets in "
            f"(target-group {arn})"
        )
        return True

    def _ours(self, tasks: Iterable[Task]) -> dict[Place, set[str]]:
        """Return where ECS registered the tasks' addresses.

        An address of a stopped task that another interface has now is left out.
        """
        ours: dict[Place, set[str]] = {}
        owners: dict[str, set[str]] = {}
        for eni in self._store.backend("ec2").enis.values():
            owners.setdefault(str(eni.private_ip_address), set()).add(eni.id)
        for task in tasks:
            if task.address is not None:
                now = owners.get(task.address, set())
                if not now or task.eni_id in now:
                    for place in task.registered_in:
                        ours.setdefault(place, set()).add(task.address)
        return ours

    def health(self, service: Service, task: Task) -> str | None:
        """Return a task's target health (healthy, unhealthy or another state); None without a
        target group.

        With several target groups the worst counts.
        """
        states = [state for _, _, state, _ in self._seen(service, task)]
        if not states:
            return None
        if "unhealthy" in states:
            return "unhealthy"
        return next((state for state in states if state != "healthy"), "healthy")

    def unhealthy_in(self, service: Service, task: Task) -> tuple[str, int, str] | None:
        """Return the first target group where a task is unhealthy: its ARN, the port, and why."""
        return next(
            (
                (arn, port, words)
                for arn, port, state, words in self._seen(service, task)
                if state == "unhealthy"
            ),
            None,
        )

    def _seen(self, service: Service, task: Task) -> list[tuple[str, int, str, str]]:
        """Return group, port, state and description of each of a task's targets whose group exists."""
        elb = self._store.backend("elbv2")
        seen = []
        for arn, port in _places(service, task):
            group: Any = elb.target_groups.get(arn)
            if group is not None:
                health = group.health_of((task.address or "", port))
                seen.append((arn, port, str(health.state), str(health.description or "")))
        return seen


def _remember(tasks: Iterable[Task], wanted: Mapping[Place, set[str]]) -> None:
    for task in tasks:
        mine = [place for place, addresses in wanted.items() if task.address in addresses]
        task.registered_in += [place for place in mine if place not in task.registered_in]


def _places(service: Service, task: Task) -> list[Place]:
    """Return a task's target groups and ports, from its deployment or, if that is gone, the
    service.
    """
    own = next((one for one in service.deployments if one.id == task.started_by), None)
    entries = service.load_balancers if own is None else own.load_balancers
    return [
        (str(entry["targetGroupArn"]), int(entry["containerPort"]))
        for entry in entries
        if entry.get("targetGroupArn")
    ]
