"""The present modules of classes that a saved region names by their former ones."""

from __future__ import annotations

_GAPS = "drydock.region.api.gaps."
"""The former package of the services until 0.1.0: a package for some, one module for others."""
_TODAY = "drydock.region.services."
_MODULES = {
    "alarm_checks": "cloudwatch.operations.alarm_checks",
    "alarms": "cloudwatch.operations.alarms",
    "applicationautoscaling": "applicationautoscaling.operations.backend",
    "cloudwatch": "cloudwatch.operations.backend",
    "notrun": "kit.notrun",
    "overlay": "kit.register",
    "scaling_policies": "applicationautoscaling.operations.policies",
    "scaling_responses": "applicationautoscaling.operations.responses",
    "schedules": "applicationautoscaling.operations.schedules",
}
_SINGLE = frozenset(
    {"backup", "efs", "firehose", "iam", "secretsmanager", "sns", "ssm", "stepfunctions", "sts"}
)

_INNER = {
    ("elbv2", "constraints"): "kit.constraints",
    ("rds", "rotation"): "secretsmanager.rotation",
    ("route53", "records"): "route53.operations.record_sets",
}
_RECORDS = frozenset(
    {("acm", "records"), ("ecs", "records"), ("ecs", "connect"), ("ecs", "revisions"), ("rds", "records"),
     ("wafv2", "records")}
)  # fmt: skip


def today(module: str) -> str:
    """Return the present name of a module in a saved region."""
    if not module.startswith(_GAPS):
        return module
    service, _, inner = module.removeprefix(_GAPS).partition(".")
    if service in _MODULES:
        return _TODAY + _MODULES[service]
    if service in _SINGLE:
        return f"{_TODAY}{service}.operations"
    if (service, inner) in _INNER:
        return _TODAY + _INNER[service, inner]
    if (service, inner) in _RECORDS:
        return f"{_TODAY}{service}.{inner}"
    if not inner:
        return _TODAY + service
    return f"{_TODAY}{service}.operations.{inner}"
