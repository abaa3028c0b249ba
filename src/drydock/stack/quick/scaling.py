"""The scalable target and the two scaling policies of `infra/modules/service/scaling.tf`."""

from __future__ import annotations

from typing import Any

from drydock.stack.quick.service import SERVICE
from drydock.stack.quick.work import Work, unless_absent

_METRICS = {
    "cpu": "ECSServiceAverageCPUUtilization",
    "memory": "ECSServiceAverageMemoryUtilization",
}


def ensure(work: Work) -> None:
    """Scale the service by its CPU and memory, unless the settings turn scaling off."""
    if not work.settings.scaling:
        remove(work)
        return
    api, target = work.clients.scaling, _target(work)
    least, most = work.settings.bounds()
    there = _registered(work)
    if there is None or (there["MinCapacity"], there["MaxCapacity"]) != (least, most):
        tags: dict[str, Any] = {"Tags": work.tags()} if there is None else {}
        api.register_scalable_target(**target, MinCapacity=least, MaxCapacity=most, **tags)
        work.made(f"scaling from {least} to {most} tasks")
    found = api.describe_scaling_policies(**target)["ScalingPolicies"]
    names = {one["PolicyName"] for one in found}
    for kind, metric in _METRICS.items():
        if work.name(kind) not in names:
            api.put_scaling_policy(**target, **policy(work.name(kind), metric))
            work.made(f"scaling policy {work.name(kind)}")


def remove(work: Work) -> None:
    """Deregister the scalable target with its policies and their alarms."""
    if _registered(work) is None:
        return
    api, target = work.clients.scaling, _target(work)
    for one in api.describe_scaling_policies(**target)["ScalingPolicies"]:
        api.delete_scaling_policy(PolicyName=one["PolicyName"], **target)
    unless_absent(lambda: api.deregister_scalable_target(**target), "ObjectNotFoundException")
    work.removed("scaling")


def policy(name: str, metric: str) -> dict[str, Any]:
    """Return PutScalingPolicy's arguments except for the target. Pure."""
    return {
        "PolicyName": name,
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": 70.0,
            "ScaleOutCooldown": 60,
            "ScaleInCooldown": 300,
            "DisableScaleIn": False,
            "PredefinedMetricSpecification": {"PredefinedMetricType": metric},
        },
    }


def _target(work: Work) -> dict[str, Any]:
    return {
        "ServiceNamespace": "ecs",
        "ScalableDimension": "ecs:service:DesiredCount",
        "ResourceId": f"service/{work.name('app')}/{SERVICE}",
    }


def _registered(work: Work) -> Any | None:
    target = _target(work)
    found = work.clients.scaling.describe_scalable_targets(
        ServiceNamespace=target["ServiceNamespace"],
        ScalableDimension=target["ScalableDimension"],
        ResourceIds=[target["ResourceId"]],
    )["ScalableTargets"]
    return found[0] if found else None
