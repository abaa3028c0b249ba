"""The controller of scalable targets: one key is one ECS service's resource id.

It brings the desired count into the target's bounds when those change, when a scheduled action is
due, and when alarms of its policies require it; it records what it did as activities, in AWS's
words.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.utils import utcnow

from drydock.region.services.applicationautoscaling.controller import maths
from drydock.region.services.applicationautoscaling.controller.proposals import Proposals, gather
from drydock.region.services.applicationautoscaling.operations.backend import Activity
from drydock.region.services.kit import schedule
from drydock.region.services.kit.controller import DONE, Outcome
from drydock.region.services.kit.parts import Parts

DIMENSION = "ecs:service:DesiredCount"
_OTHERS = ("Pending", "InProgress")


@dataclass
class Memory:
    """The state of a target between passes. Times are monotonic seconds."""

    looked: datetime = field(default_factory=lambda: datetime.now(UTC))
    """The time up to which scheduled actions have been considered."""
    evaluated: float = 0.0
    """The latest alarm evaluation that was acted on; seconds since 1970."""
    base: int = 0
    """The capacity before the cool-down of a scale-out began."""
    out_until: float = 0.0
    in_until: float = 0.0


class ScalingController:
    """Scales ECS services; other targets are only records."""

    name = "autoscaling"
    wakes_on = frozenset({"applicationautoscaling"})
    resync = 1.0

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._store = parts.store
        self._memories: dict[str, Memory] = {}

    def all_keys(self) -> Iterable[str]:
        with self._store.locked():
            return list(self._store.backend("applicationautoscaling").targets.get(DIMENSION, {}))

    def reconcile(self, key: str) -> Outcome:
        """Run one pass under the lock: it only reads and writes records."""
        with self._store.locked():
            scaling = self._store.backend("applicationautoscaling")
            target = scaling.targets.get(DIMENSION, {}).get(key)
            service = self._service(key)
            if target is None or service is None:
                self._memories.pop(key, None)
                return DONE
            memory = self._memories.setdefault(target.arn, Memory())
            self._settle(target, service)
            self._follow_schedule(target, memory)
            self._enforce_bounds(target, service)
            self._follow_alarms(target, service, memory)
        return DONE

    def close(self) -> None:
        """Do nothing: the controller runs nothing of its own."""

    def _service(self, resource_id: str) -> Any:
        """Return the service, if it is active."""
        _, cluster, name = resource_id.split("/")
        service: Any = self._store.backend("ecs").services.get(f"{cluster}:{name}")
        return service if service is not None and service.status == "ACTIVE" else None

    # -- bounds and schedules

    def _enforce_bounds(self, target: Any, service: Any) -> None:
        enforced = self._store.backend("applicationautoscaling").enforced
        bounds = (int(target.min_capacity), int(target.max_capacity))
        if enforced.get(target.arn) == bounds:
            return
        enforced[target.arn] = bounds
        wanted = maths.clamp(service.desired_count, *bounds)
        if wanted > service.desired_count:
            self._set(target, wanted, f"minimum capacity was set to {bounds[0]}")
        elif wanted < service.desired_count:
            self._set(target, wanted, f"maximum capacity was set to {bounds[1]}")
        else:
            self._store.changed("applicationautoscaling")

    def _follow_schedule(self, target: Any, memory: Memory) -> None:
        now, since = datetime.now(UTC), memory.looked
        memory.looked = now
        if (target.suspended_state or {}).get("ScheduledScalingSuspended"):
            return
        for action in self._store.backend("applicationautoscaling").scheduled_actions:
            ours = (action.resource_id, action.scalable_dimension)
            if ours == (target.resource_id, DIMENSION) and _is_due(action, since, now):
                self._set_bounds(target, action)

    def _set_bounds(self, target: Any, action: Any) -> None:
        wanted = action.scalable_target_action or {}
        least = wanted.get("MinCapacity", target.min_capacity)
        most = wanted.get("MaxCapacity", target.max_capacity)
        parts = [
            f"{word} capacity to {wanted[key]}"
            for word, key in (("min", "MinCapacity"), ("max", "MaxCapacity"))
            if wanted.get(key) is not None
        ]
        what = " and ".join(parts)
        cause = f"scheduled action name {action.scheduled_action_name} was triggered"
        activity = _activity(target, cause, f"Setting {what}")
        activity.end = utcnow()
        if least > most:
            activity.status = "Failed"
            reason = "Maximum capacity cannot be less than minimum capacity."
            activity.message = f"Failed to set {what}. Reason: {reason}"
        else:
            target.update(least, most, None)
            activity.status, activity.message = "Successful", f"Successfully set {what}"
        self._notify(activity)

    # -- alarms

    def _follow_alarms(self, target: Any, service: Any, memory: Memory) -> None:
        now, current = time.monotonic(), int(service.desired_count)
        base = memory.base if now < memory.out_until else current
        found = gather(self._store, target, current, base)
        if found.evaluated <= memory.evaluated:
            return
        memory.evaluated = found.evaluated
        suspended = target.suspended_state or {}
        if not suspended.get("DynamicScalingOutSuspended"):
            proposal = self._within(target, maths.scale_out(found.out, current))
            if proposal is not None and proposal.capacity > current:
                self._grant(target, proposal)
                memory.base, memory.in_until = base, 0.0
                memory.out_until = now + self._parts.scaled(proposal.cooldown)
                return
        if suspended.get("DynamicScalingInSuspended") or now < memory.in_until or found.out:
            return
        proposal = self._within(target, _fewer(found, current))
        if proposal is not None and proposal.capacity < current:
            self._grant(target, proposal)
            memory.in_until = now + self._parts.scaled(proposal.cooldown)

    def _within(self, target: Any, proposal: maths.Proposal | None) -> maths.Proposal | None:
        if proposal is None:
            return None
        capacity = maths.clamp(
            proposal.capacity, int(target.min_capacity), int(target.max_capacity)
        )
        return maths.Proposal(
            proposal.policy,
            proposal.name,
            proposal.alarm,
            capacity,
            proposal.cooldown,
            proposal.state,
        )

    def _grant(self, target: Any, proposal: maths.Proposal) -> None:
        cause = f"monitor alarm {proposal.alarm} in state {proposal.state} triggered policy {proposal.name}"
        self._set(target, proposal.capacity, cause)

    # -- doing and telling

    def _set(self, target: Any, count: int, cause: str) -> None:
        """Set the desired count by UpdateService, as a client would; the service's controller does
        the rest.
        """
        _, cluster, name = target.resource_id.split("/")
        activity = _activity(target, cause, f"Setting desired count to {count}.")
        self._override(target)
        try:
            self._store.backend("ecs").update_service_from(
                {"cluster": cluster, "service": name, "desiredCount": count}
            )
        except ServiceException as error:
            activity.status, activity.end = "Failed", utcnow()
            activity.message = f"Failed to set desired count to {count}. Reason: {error}"
        else:
            activity.message = f"Successfully set desired count to {count}. Waiting for change to be fulfilled by ecs."
        self._notify(activity)
        self._store.changed("ecs")

    def _notify(self, activity: Activity) -> None:
        self._store.backend("applicationautoscaling").add_activity(activity)
        self._store.changed("applicationautoscaling")

    def _under_way(self, target: Any) -> list[Activity]:
        return [
            one
            for one in self._store.backend("applicationautoscaling").activities
            if one.resource_id == target.resource_id and one.status in _OTHERS
        ]

    def _override(self, target: Any) -> None:
        for one in self._under_way(target):
            one.status, one.end = "Overridden", utcnow()

    def _settle(self, target: Any, service: Any) -> None:
        """Mark activities as successful once as many tasks run as they asked for."""
        if service.running_count != service.desired_count:
            return
        for one in self._under_way(target):
            one.status, one.end = "Successful", utcnow()
            begun = f"Successfully set desired count to {service.desired_count}."
            one.message = f"{begun} Change successfully fulfilled by ecs."
            self._store.changed("applicationautoscaling")


def _fewer(found: Proposals, current: int) -> maths.Proposal | None:
    """Return the largest of the scale-ins that target tracking agrees on or step policies want."""
    tracked = maths.scale_in(found.tracking, current)
    fewer = [one for one in (tracked, *found.steps_in) if one is not None]
    return max(fewer, key=lambda one: one.capacity, default=None)


def _activity(target: Any, cause: str, description: str) -> Activity:
    return Activity(target.resource_id, DIMENSION, target.service_namespace, cause, description)


def _is_due(action: Any, since: datetime, now: datetime) -> bool:
    zone = action.timezone or "UTC"
    return schedule.is_due(
        schedule.parse(action.schedule, zone),
        since,
        now,
        zone=zone,
        begins=datetime.fromtimestamp(action.creation_time, UTC),
        start=_moment(action.start_time),
        end=_moment(action.end_time),
    )


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(float(seconds), UTC)
