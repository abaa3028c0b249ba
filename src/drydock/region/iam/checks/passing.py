"""iam:PassRole: the roles that a call passes to a service.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.core.exceptions import JsonRESTError, ServiceException

from drydock.region.api.store import Store
from drydock.region.iam.call import Call
from drydock.region.iam.evaluate import Check
from drydock.region.iam.matching import Resource

_TASKS = "ecs-tasks.amazonaws.com"
_PARAMETERS: dict[str, tuple[tuple[str, str], ...]] = {
    "ecs:RegisterTaskDefinition": (("taskRoleArn", _TASKS), ("executionRoleArn", _TASKS)),
    "ecs:CreateService": (("role", "ecs.amazonaws.com"),),
    "rds:CreateDBInstance": (("MonitoringRoleArn", "monitoring.rds.amazonaws.com"),),
    "rds:ModifyDBInstance": (("MonitoringRoleArn", "monitoring.rds.amazonaws.com"),),
    "rds:CreateDBCluster": (("MonitoringRoleArn", "monitoring.rds.amazonaws.com"),),
    "rds:ModifyDBCluster": (("MonitoringRoleArn", "monitoring.rds.amazonaws.com"),),
    "rds:AddRoleToDBCluster": (("RoleArn", "rds.amazonaws.com"),),
    "rds:AddRoleToDBInstance": (("RoleArn", "rds.amazonaws.com"),),
    "ec2:CreateFlowLogs": (("DeliverLogsPermissionArn", "vpc-flow-logs.amazonaws.com"),),
    "application-autoscaling:RegisterScalableTarget": (
        ("RoleARN", "application-autoscaling.amazonaws.com"),
    ),
    "logs:PutSubscriptionFilter": (("roleArn", "logs.amazonaws.com"),),
    "lambda:CreateFunction": (("Role", "lambda.amazonaws.com"),),
    "lambda:UpdateFunctionConfiguration": (("Role", "lambda.amazonaws.com"),),
    "events:PutRule": (("RoleArn", "events.amazonaws.com"),),
    "states:CreateStateMachine": (("roleArn", "states.amazonaws.com"),),
    "firehose:CreateDeliveryStream": (("RoleARN", "firehose.amazonaws.com"),),
}
"""Action → its parameters that are roles, with the service that each is passed to."""
_LINKED = ":role/aws-service-role/"


def checks(call: Call, store: Store) -> list[Check]:
    """Return a check for each role, except service-linked roles, which are not passed."""
    return [
        Check("iam:PassRole", Resource(arn), {"iam:passedtoservice": (service,)})
        for arn, service in dict.fromkeys(_roles(call, store))
        if _LINKED not in arn
    ]


def _roles(call: Call, store: Store) -> Iterator[tuple[str, str]]:
    for name, service in _PARAMETERS.get(call.action, ()):
        if given := call.text(name):
            yield _arn(call, store, given), service
    if call.action in {"ecs:RunTask", "ecs:StartTask"}:
        yield from ((_arn(call, store, one), _TASKS) for one in _of_task(call, store))
    if call.action in {"ecs:RunTask", "ecs:CreateService", "ecs:UpdateService"}:
        for volume in call.params.get("volumeConfigurations") or ():
            if role := (volume.get("managedEBSVolume") or {}).get("roleArn"):
                yield str(role), "ecs.amazonaws.com"
    elif call.action == "iam:AddRoleToInstanceProfile":
        yield _arn(call, store, call.text("RoleName")), "ec2.amazonaws.com"
    elif call.action in {"ec2:RunInstances", "ec2:AssociateIamInstanceProfile"}:
        yield from ((one, "ec2.amazonaws.com") for one in _of_profile(call, store))
    elif call.action == "events:PutTargets":
        for target in call.params.get("Targets") or ():
            if isinstance(target, dict) and target.get("RoleArn"):
                yield str(target["RoleArn"]), "events.amazonaws.com"


def _of_task(call: Call, store: Store) -> Iterator[str]:
    """Yield the roles of the task definition, or those that the call overrides them with."""
    overrides: Any = call.params.get("overrides") or {}
    try:
        found = store.backend("ecs").describe_task_definition(call.text("taskDefinition"))
    except (ServiceException, JsonRESTError, ValueError):
        found = None
    for ours, theirs in (
        ("taskRoleArn", "task_role_arn"),
        ("executionRoleArn", "execution_role_arn"),
    ):
        given = overrides.get(ours) or getattr(found, theirs, None)
        if given:
            yield str(given)


def _of_profile(call: Call, store: Store) -> Iterator[str]:
    name = call.text("IamInstanceProfile.Name") or call.text("IamInstanceProfile.Arn")
    for profile in store.backend("iam").instance_profiles.values():
        if name and name in {profile.name, profile.arn}:
            yield from (role.arn for role in profile.roles)


def _arn(call: Call, store: Store, given: str) -> str:
    """Return a role's ARN, from its name or ARN."""
    if given.startswith("arn:"):
        return given
    for role in store.backend("iam").roles.values():
        if role.name == given:
            return str(role.arn)
    return f"arn:aws:iam::{call.account}:role/{given}"
