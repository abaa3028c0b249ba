"""After a restore: what was observed of the data plane is not true any more, so it is taken back.

The data plane ended with the region that saved the state. Controllers make everything true again and
write what they see; until then nobody reads that a task runs or that a database is available.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from drydock.region.api.gaps.ecs.records import Task
from drydock.region.api.saved.strangers import take_out_strangers
from drydock.region.api.store import Store

_WAS_SERVING = {"available", "modifying", "rebooting", "backing-up"}


def forget_observations(store: Store) -> list[dict[str, str]]:
    """Call it once, before the first request of a restored control plane is answered.

    Returns what is taken out because it is no record of ours, as `drydock status` shows problems.
    """
    with store.writing("ecs", "elbv2", "rds", "route53"):
        strangers = take_out_strangers(store)
        store.backend("ecs").exec_url = ""
        store.backend("ecs").exec_sessions.clear()
        for ours in store.backend("ecs").tasks.values():
            for task in ours.values():
                if task.last_status not in ("STOPPED", "DEPROVISIONING"):
                    _lost(task)
        for service in store.backend("ecs").services.values():
            service.running_count = service.pending_count = 0
            for deployment in service.deployments:
                deployment.running_count = deployment.pending_count = 0
        balancers: Iterable[Any] = store.backend("elbv2").load_balancers.values()
        for balancer in balancers:
            balancer.state = "provisioning"
        groups: Iterable[Any] = store.backend("elbv2").target_groups.values()
        for group in groups:
            group.observed.clear()
            group.draining.clear()
        instances: Iterable[Any] = store.backend("rds").databases.values()
        for instance in instances:
            if instance.status in _WAS_SERVING:
                instance.status = "starting"
        names = store.backend("route53")
        names.serving = {}
        for check in names.health_checks.values():
            check.observed = None
    return strangers


def _lost(task: Task) -> None:
    """Its processes are gone; its controller takes back the interface and writes STOPPED."""
    task.last_status = "DEPROVISIONING" if task.eni_id else "PROVISIONING"
    for container in task.containers:
        container.last_status = "STOPPED" if task.eni_id else container.last_status
        container.managed_agents = None
    if task.eni_id and task.desired_status == "RUNNING":
        task.desired_status = "STOPPED"
        task.stop_code = "ServiceSchedulerInitiated"
        task.stopped_reason = "Task stopped: the local region ended"
