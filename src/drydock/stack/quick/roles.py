"""IAM roles of `infra/modules/service`: task execution, the application, and redeployment."""

from __future__ import annotations

import json
from dataclasses import dataclass

from drydock.stack.quick.work import Work, pairs, unless_absent

_NONE = "NoSuchEntity"
_POLICY = "service-role/AmazonECSTaskExecutionRolePolicy"
_TASKS = "ecs-tasks.amazonaws.com"
_STATES = "states.amazonaws.com"
_EVENTS = "events.amazonaws.com"
_OF_ROTATION = ("redeploy", "rotation-events")


@dataclass(frozen=True)
class Roles:
    """ARNs of the task execution role and the task role."""

    execution: str
    task: str


def ensure(work: Work, secret: str) -> Roles:
    """Create both roles; the execution role may read the one secret."""
    iam = work.clients.iam
    starts = f"ECS starts the tasks of {work.name()} with this role"
    execution = _role(work, "execution", starts, _TASKS)
    acts = f"The application of {work.name()} acts on AWS with this role"
    task = _role(work, "task", acts, _TASKS)
    name = role_name(work, "execution")
    policy = managed_policy(execution)
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    if not any(one["PolicyArn"] == policy for one in attached):
        iam.attach_role_policy(RoleName=name, PolicyArn=policy)
    _inline(work, name, "secrets", secrets_policy(secret))
    return Roles(execution, task)


def ensure_rotation(work: Work, service: str, machine: str) -> tuple[str, str]:
    """Return the ARNs of two roles: one redeploys `service`, one starts the state machine `machine`."""
    replaces = f"Tasks of {work.name()} are replaced with this role when their password has rotated"
    redeploy = _role(work, "redeploy", replaces, _STATES)
    allowed = policy_for("ecs:UpdateService", service)
    _inline(work, role_name(work, "redeploy"), "redeploy", allowed)
    starts = f"EventBridge starts the redeployment of {work.name()} with this role"
    events = _role(work, "rotation-events", starts, _EVENTS)
    allowed = policy_for("states:StartExecution", machine)
    _inline(work, role_name(work, "rotation-events"), "start", allowed)
    return redeploy, events


def role_name(work: Work, kind: str) -> str:
    """Return a role's name. It includes the region, since roles are global to an account."""
    return work.name(work.clients.region, kind)


def execution_arn(work: Work) -> str | None:
    return _arn(work, role_name(work, "execution"))


def remove(work: Work) -> None:
    for kind in ("execution", "task"):
        _remove(work, kind)


def remove_rotation(work: Work) -> None:
    for kind in _OF_ROTATION:
        _remove(work, kind)


def managed_policy(role: str) -> str:
    """Return the ARN of AWS's task execution policy, in the partition of a role's ARN. Pure."""
    return f"arn:{role.split(':')[1]}:iam::aws:policy/{_POLICY}"


def secrets_policy(secret: str) -> dict[str, object]:
    """Return a policy that allows reading one secret. Pure."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "ReadTheSecretsOfTheTask",
                "Effect": "Allow",
                "Action": "secretsmanager:GetSecretValue",
                "Resource": secret,
            }
        ],
    }


def trust_policy(services: str) -> dict[str, object]:
    """Return the trust policy that lets a service assume a role. Pure."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": services}}
        ],
    }


def policy_for(action: str, resource: str) -> dict[str, object]:
    """Return a policy that allows one action on one resource. Pure."""
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}],
    }


def _inline(work: Work, role: str, name: str, document: dict[str, object]) -> None:
    iam = work.clients.iam
    there = unless_absent(lambda: iam.get_role_policy(RoleName=role, PolicyName=name), _NONE)
    if there is None or there["PolicyDocument"] != document:
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))


def _remove(work: Work, kind: str) -> None:
    iam, name = work.clients.iam, role_name(work, kind)
    if _arn(work, name) is None:
        return
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    for attached in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=name, PolicyArn=attached["PolicyArn"])
    iam.delete_role(RoleName=name)
    work.removed(f"role {name}")


def _role(work: Work, kind: str, description: str, trusted: str) -> str:
    iam = work.clients.iam
    name = role_name(work, kind)
    if (found := _arn(work, name)) is not None:
        return found
    made = iam.create_role(
        RoleName=name,
        Description=description,
        AssumeRolePolicyDocument=json.dumps(trust_policy(trusted)),
        Tags=pairs(work.tags()),
    )
    work.made(f"role {name}")
    return made["Role"]["Arn"]


def _arn(work: Work, name: str) -> str | None:
    found = unless_absent(lambda: work.clients.iam.get_role(RoleName=name), _NONE)
    return found["Role"]["Arn"] if found else None
