"""New tasks after a rotation, as `infra/modules/service/rotation.tf` has it: a rule, and a machine of one step."""

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
    """Tasks are replaced when `secret` has rotated. `role`: any role's ARN of this account."""
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
    """A password that the user gave does not rotate."""
    return work.settings.redeploy_on_rotation and not work.settings.postgresql_password


def remove(work: Work, role: str | None) -> None:
    """What is gone already is passed over. `role`: any role's ARN of this account; None: there is none."""
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
    """The machine's definition. Pure."""
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
    """The events that the rule listens for. Pure."""
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
    """Of the account and partition that a role's ARN is of."""
    _, partition, _, _, account, _ = role.split(":", 5)
    return f"arn:{partition}:{service}:{work.clients.region}:{account}:{name}"
