"""What the policies of a target want, by the state of their alarms and what those saw last."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from drydock.region.api.store import Store
from drydock.region.controllers.autoscaling import maths
from drydock.region.controllers.autoscaling.maths import Wish

_COOLDOWN = 300.0
"""Seconds, of ECS services (API_TargetTrackingScalingPolicyConfiguration.html)."""


@dataclass
class Wishes:
    """Sorted by what they may do."""

    out: list[Wish] = field(default_factory=list)
    tracking: list[Wish | None] = field(default_factory=list)
    """One for each target tracking policy that may scale in; None: not now."""
    steps_in: list[Wish] = field(default_factory=list)
    evaluated: float = 0.0
    """When the newest of the alarms was evaluated; seconds since 1970."""


def gather(store: Store, target: Any, current: int, base: int) -> Wishes:
    """Under the store's lock. `base`: the capacity before the cool-down of a scale-out, else `current`."""
    found = Wishes()
    policies = store.backend("applicationautoscaling").policies.values()
    for policy in policies:
        ours = (policy.resource_id, policy.scalable_dimension)
        if ours == (target.resource_id, target.scalable_dimension):
            for alarm in store.backend("cloudwatch").alarms.values():
                _add(store, found, policy, alarm, current, base)
    return found


def _add(store: Store, found: Wishes, policy: Any, alarm: Any, current: int, base: int) -> None:
    actions = {
        "OK": alarm.ok_actions,
        "ALARM": alarm.alarm_actions,
        "INSUFFICIENT_DATA": alarm.insufficient_data_actions,
    }
    concerned = any(policy.policy_arn in (arns or []) for arns in actions.values())
    if not concerned:
        return
    seen = store.backend("cloudwatch").seen.get(alarm.name)
    found.evaluated = max(found.evaluated, seen.at if seen else 0.0)
    value = seen.value if seen else None
    acts = alarm.actions_enabled and policy.policy_arn in (actions[alarm.state_value] or [])
    if policy.target_tracking_scaling_policy_configuration:
        _add_tracking(found, policy, alarm, value if acts else None, current, base)
    elif acts and value is not None:
        _add_steps(found, policy, alarm, value, current, base)


def _add_tracking(
    found: Wishes, policy: Any, alarm: Any, value: float | None, current: int, base: int
) -> None:
    """`value`: the metric, if the alarm is in alarm."""
    body = policy.target_tracking_scaling_policy_configuration
    target = float(body["TargetValue"])
    if alarm.comparison_operator == "GreaterThanThreshold":
        if value is not None:
            cooldown = float(body.get("ScaleOutCooldown", _COOLDOWN))
            capacity = maths.tracked(base, value, target)
            found.out.append(_wish(policy, alarm, capacity, cooldown))
    elif not body.get("DisableScaleIn"):
        wish = None
        if value is not None:
            cooldown = float(body.get("ScaleInCooldown", _COOLDOWN))
            wish = _wish(policy, alarm, maths.tracked(current, value, target), cooldown)
        found.tracking.append(wish)


def _add_steps(
    found: Wishes, policy: Any, alarm: Any, value: float, current: int, base: int
) -> None:
    body = policy.step_scaling_policy_configuration or {}
    cooldown = float(body.get("Cooldown", _COOLDOWN))
    threshold = float(alarm.threshold)
    more = maths.stepped(body, threshold, value, base)
    if more is not None and more >= base:
        found.out.append(_wish(policy, alarm, more, cooldown))
        return
    fewer = maths.stepped(body, threshold, value, current)
    if fewer is not None and fewer < current:
        found.steps_in.append(_wish(policy, alarm, fewer, cooldown))


def _wish(policy: Any, alarm: Any, capacity: int, cooldown: float) -> Wish:
    arn, name = policy.policy_arn, policy.policy_name
    return Wish(arn, name, alarm.name, capacity, cooldown, alarm.state_value)
