"""Where classes are today that a saved region names by the module in which they were before."""

from __future__ import annotations

_GAPS = "drydock.region.api.gaps."
"""Where the services were until 0.1.0: a package for some of them, one module for others."""
_TODAY = "drydock.region.services."
_MOVED = {
    "acm.records": "acm.records",
    "alarm_checks": "cloudwatch.operations.alarm_checks",
    "alarms": "cloudwatch.operations.alarms",
    "applicationautoscaling": "applicationautoscaling.operations.backend",
    "backup": "backup.operations",
    "cloudwatch": "cloudwatch.operations.backend",
    "ecs.connect": "ecs.connect",
    "ecs.records": "ecs.records",
    "ecs.revisions": "ecs.revisions",
    "efs": "efs.operations",
    "elbv2.constraints": "kit.constraints",
    "firehose": "firehose.operations",
    "iam": "iam.operations",
    "notrun": "kit.notrun",
    "overlay": "kit.register",
    "rds.records": "rds.records",
    "rds.rotation": "secretsmanager.rotation",
    "route53.records": "route53.operations.record_sets",
    "scaling_policies": "applicationautoscaling.operations.policies",
    "scaling_responses": "applicationautoscaling.operations.responses",
    "schedules": "applicationautoscaling.operations.schedules",
    "secretsmanager": "secretsmanager.operations",
    "sns": "sns.operations",
    "ssm": "ssm.operations",
    "stepfunctions": "stepfunctions.operations",
    "sts": "sts.operations",
    "wafv2.records": "wafv2.records",
}
"""Below `_GAPS` and below `_TODAY`; every other module of a package is in its operations now."""


def today(module: str) -> str:
    """Return the module that holds what `module` held when it was saved."""
    if not module.startswith(_GAPS):
        return module
    before = module.removeprefix(_GAPS)
    if before in _MOVED:
        return _TODAY + _MOVED[before]
    service, _, inner = before.partition(".")
    return f"{_TODAY}{service}.operations.{inner}" if inner else _TODAY + service
