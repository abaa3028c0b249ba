"""The two roles of `infra/modules/service/iam.tf`: one to start tasks with, one for the application."""

from __future__ import annotations

import json
from dataclasses import dataclass

from drydock.stack.quick.work import Work, pairs, unless_absent

_NONE = "NoSuchEntity"
_POLICY = "service-role/AmazonECSTaskExecutionRolePolicy"
_ASSUME = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        }
    ],
}


@dataclass(frozen=True)
class Roles:
    """ARNs."""

    execution: str
    task: str


def ensure(work: Work, secret: str) -> Roles:
    """Both roles; ECS may read the one secret with the first."""
    iam = work.clients.iam
    execution = _role(work, "execution", f"ECS starts the tasks of {work.name()} with this role")
    task = _role(work, "task", f"The application of {work.name()} acts on AWS with this role")
    name = work.name("execution")
    policy = managed_policy(execution)
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    if not any(one["PolicyArn"] == policy for one in attached):
        iam.attach_role_policy(RoleName=name, PolicyArn=policy)
    document = secrets_policy(secret)
    there = unless_absent(lambda: iam.get_role_policy(RoleName=name, PolicyName="secrets"), _NONE)
    if there is None or there["PolicyDocument"] != document:
        iam.put_role_policy(
            RoleName=name, PolicyName="secrets", PolicyDocument=json.dumps(document)
        )
    return Roles(execution, task)


def remove(work: Work) -> None:
    iam = work.clients.iam
    for kind in ("execution", "task"):
        name = work.name(kind)
        if _arn(work, name) is None:
            continue
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            iam.delete_role_policy(RoleName=name, PolicyName=policy)
        for attached in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=name, PolicyArn=attached["PolicyArn"])
        iam.delete_role(RoleName=name)
        work.removed(f"role {name}")


def managed_policy(role: str) -> str:
    """AWS's own policy for starting tasks, in the partition of a role's ARN. Pure."""
    return f"arn:{role.split(':')[1]}:iam::aws:policy/{_POLICY}"


def secrets_policy(secret: str) -> dict[str, object]:
    """Pure."""
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


def _role(work: Work, kind: str, description: str) -> str:
    iam = work.clients.iam
    name = work.name(kind)
    if (found := _arn(work, name)) is not None:
        return found
    made = iam.create_role(
        RoleName=name,
        Description=description,
        AssumeRolePolicyDocument=json.dumps(_ASSUME),
        Tags=pairs(work.tags()),
    )
    work.made(f"role {name}")
    return made["Role"]["Arn"]


def _arn(work: Work, name: str) -> str | None:
    found = unless_absent(lambda: work.clients.iam.get_role(RoleName=name), _NONE)
    return found["Role"]["Arn"] if found else None
