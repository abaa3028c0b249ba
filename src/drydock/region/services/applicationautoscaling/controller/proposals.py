"""Collect the capacities that a target's policies want, from the last evaluations of their alarms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from drydock.region.api.store import Store
from drydock.region.services.applicationautoscaling.controller import maths
from drydock.region.services.applicationautoscaling.controller.maths import Proposal

_COOLDOWN = 300.0
"""Seconds, of ECS services (API_TargetTrackingScalingPolicyConfiguration.html)."""


@dataclass
class Proposals:
    """The wanted capacities, by their effect."""

    out: list[Proposal] = field(default_factory=list)
    tracking: list[Proposal | None] = field(default_factory=list)
    """One entry per target tracking policy that may scale in; None: not now."""
    steps_in: list[Proposal] = field(default_factory=list)
    evaluated: float = 0.0
    """When the newest of the alarms was evaluated; seconds since 1970."""


def gather(store: Store, target: Any, current: int, base: int) -> Proposals:
    """Collect under the store's lock. `base`: the capacity before the cool-down of a scale-out,
    else `current`.
    """
    found = Proposals()
    policies = store.backend("applicationautoscaling").policies.values()
    for policy in policies:
        ours = (policy.resource_id, policy.scalable_dimension)
        if ours == (target.resource_id, target.scalable_dimension):
            for alarm in store.backend("cloudwatch").alarms.values():
                _add(store, found, policy, alarm, current, base)
    return found


def _add(store: Store, found: Proposals, policy: Any, alarm: Any, current: int, base: int) -> None:
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
    found: Proposals, policy: Any, alarm: Any, value: float | None, current: int, base: int
) -> None:
    """Add a target tracking policy's capacity. `value`: the metric, if the alarm is in alarm."""
    body = policy.target_tracking_scaling_policy_configuration
    target = float(body["TargetValue"])
    if alarm.comparison_operator == "GreaterThanThreshold":
        if value is not None:
            cooldown = float(body.get("ScaleOutCooldown", _COOLDOWN))
            capacity = maths.tracked(base, value, target)
            found.out.append(_proposal(policy, alarm, capacity, cooldown))
    elif not body.get("DisableScaleIn"):
        proposal = None
        if value is not None:
            cooldown = float(body.get("ScaleInCooldown", _COOLDOWN))
            proposal = _proposal(policy, alarm, maths.tracked(current, value, target), cooldown)
        found.tracking.append(proposal)


def _add_steps(
    found: Proposals, policy: Any, alarm: Any, value: float, current: int, base: int
) -> None:
    body = policy.step_scaling_policy_configuration or {}
    cooldown = float(body.get("Cooldown", _COOLDOWN))
    threshold = float(alarm.threshold)
    more = maths.stepped(body, threshold, value, base)
    if more is not None and more >= base:
        found.out.append(_proposal(policy, alarm, more, cooldown))
        return
    fewer = maths.stepped(body, threshold, value, current)
    if fewer is not None and fewer < current:
        found.steps_in.append(_proposal(policy, alarm, fewer, cooldown))


def _proposal(policy: Any, alarm: Any, capacity: int, cooldown: float) -> Proposal:
    arn, name = policy.policy_arn, policy.policy_name
    return Proposal(arn, name, alarm.name, capacity, cooldown, alarm.state_value)
