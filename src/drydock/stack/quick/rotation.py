"""Redeployment after a secret's rotation (`infra/modules/service/rotation.tf`): rule, state machine."""

from __future__ import annotations

import json
from typing import Any

from drydock.stack.quick import roles
from drydock.stack.quick.service import SERVICE
from drydock.stack.quick.work import Work, pairs, unless_absent

_TARGET = "redeploy"
_NO_MACHINE = ("StateMachineDoesNotExist",)
_NO_RULE = ("ResourceNotFoundException",)


def ensure(work: Work, secret: str, role: str) -> None:
    """Replace the tasks when `secret` has rotated. `role` is the ARN of any role of this account."""
    if not wanted(work):
        remove(work, role)
        return
    machine = _machine_arn(work, role)
    redeploy, starting = roles.ensure_rotation(work, _service_arn(work, role), machine)
    states, events = work.clients.states, work.clients.events
    if (
        unless_absent(lambda: states.describe_state_machine(stateMachineArn=machine), *_NO_MACHINE)
        is None
    ):
        states.create_state_machine(
            name=_machine(work),
            roleArn=redeploy,
            definition=json.dumps(definition(work.name(), work.name("app"), role.split(":")[1])),
            tags=[{"key": key, "value": value} for key, value in work.tags().items()],
        )
        work.made(f"state machine {_machine(work)}")
    rule = work.name("rotation")
    if unless_absent(lambda: events.describe_rule(Name=rule), *_NO_RULE) is None:
        events.put_rule(
            Name=rule,
            Description="The database's password has rotated",
            EventPattern=json.dumps(pattern(secret)),
            Tags=pairs(work.tags()),
        )
        work.made(f"event rule {rule}")
    if not events.list_targets_by_rule(Rule=rule)["Targets"]:
        target: Any = {"Id": _TARGET, "Arn": machine, "RoleArn": starting}
        events.put_targets(Rule=rule, Targets=[target])


def wanted(work: Work) -> bool:
    """Return whether tasks are redeployed on rotation: only a password that RDS manages rotates."""
    return work.settings.redeploy_on_rotation and not work.settings.postgresql_password


def remove(work: Work, role: str | None) -> None:
    """Remove rule, state machine and roles; skip what is already gone.

    `role` is the ARN of any role of this account, or None if there is none.
    """
    events, rule = work.clients.events, work.name("rotation")
    if unless_absent(lambda: events.describe_rule(Name=rule), *_NO_RULE) is not None:
        unless_absent(lambda: events.remove_targets(Rule=rule, Ids=[_TARGET]), *_NO_RULE)
        events.delete_rule(Name=rule)
        work.removed(f"event rule {rule}")
    if role is not None:
        arn = _machine_arn(work, role)
        states = work.clients.states
        if unless_absent(lambda: states.describe_state_machine(stateMachineArn=arn), *_NO_MACHINE):
            states.delete_state_machine(stateMachineArn=arn)
            work.removed(f"state machine {_machine(work)}")
    roles.remove_rotation(work)


def definition(name: str, cluster: str, partition: str) -> dict[str, Any]:
    """Return the state machine's definition. Pure."""
    redeploy = {
        "Type": "Task",
        "Resource": f"arn:{partition}:states:::aws-sdk:ecs:updateService",
        "Parameters": {"Cluster": cluster, "Service": SERVICE, "ForceNewDeployment": True},
        "ResultPath": None,
        "Retry": [
            {
                "ErrorEquals": ["States.ALL"],
                "IntervalSeconds": 60,
                "MaxAttempts": 5,
                "BackoffRate": 2,
            }
        ],
        "End": True,
    }
    return {
        "Comment": f"The tasks of {name} are replaced",
        "StartAt": "Redeploy",
        "States": {"Redeploy": redeploy},
    }


def pattern(secret: str) -> dict[str, Any]:
    """Return the event pattern of the rule. Pure."""
    return {
        "source": ["aws.secretsmanager"],
        "detail-type": ["AWS Service Event via CloudTrail"],
        "detail": {
            "eventName": ["RotationSucceeded"],
            "additionalEventData": {"SecretId": [secret]},
        },
    }


def _machine(work: Work) -> str:
    return work.name("redeploy")


def _machine_arn(work: Work, role: str) -> str:
    return _arn(work, role, "states", f"stateMachine:{_machine(work)}")


def _service_arn(work: Work, role: str) -> str:
    return _arn(work, role, "ecs", f"service/{work.name('app')}/{SERVICE}")


def _arn(work: Work, role: str, service: str, name: str) -> str:
    """Build an ARN in the account and partition of a role's ARN."""
    _, partition, _, _, account, _ = role.split(":", 5)
    return f"arn:{partition}:{service}:{work.clients.region}:{account}:{name}"
