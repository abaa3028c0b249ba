"""Check what a task's roles allow where IAM is enforced; where it is not, allow everything.

Messages are ECS's:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from uuid import uuid4

from drydock.region.api.store import Store
from drydock.region.iam import tasks
from drydock.region.iam.evaluate import Check
from drydock.region.services.ecs.controller import secrets
from drydock.region.services.ecs.controller.definitions import ContainerPlan, LogTarget
from drydock.region.services.ecs.controller.needs import registry_of
from drydock.region.services.ecs.records import Task

Need = tuple[list[Check], str]
"""Required permissions, and ECS's message when they are missing; `{}` is replaced by the cause."""

_ECR = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com")
_RETRIEVAL = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource "
    "retrieval failed: "
)
_OWN_KEY = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_ROLES = (
    ("execution", "executionRoleArn", "execution_role_arn"),
    ("task", "taskRoleArn", "task_role_arn"),
)
"""Our, the overrides' and moto's names of a task's two roles."""


class Permissions:
    """Evaluates the policies of a task's roles. Thread-safe."""

    def __init__(self, store: Store, *, enforced: bool) -> None:
        self._store = store
        self._enforced = enforced

    def refusal(self, task: Task, plan: ContainerPlan) -> str:
        """Return ECS's reason why a container cannot be started; empty if it can."""
        if not self._enforced:
            return ""
        for role in self._roles(task).values():
            if role and not tasks.RoleSession(self._store, role, task.id).is_trusted():
                return _untrusted(role)
        role = self._roles(task)["execution"]
        if not role:
            return ""
        session = tasks.RoleSession(self._store, role, task.id)
        with self._store.locked():
            for checks, words in _needs(self._store, plan):
                if said := session.refusal(checks):
                    denied = (
                        f"AccessDeniedException: {said} status code: 400, request id: {uuid4()}"
                    )
                    return words.replace("{}", denied)
        return ""

    def agent_refusal(self, task: Task) -> str:
        """Return why the agent of ExecuteCommand, which acts as the task's role, cannot work; empty
        if it can.
        """
        return self._own_refusal(task, tasks.exec_agent())

    def protection_refusal(self, task: Task, action: str) -> str:
        """Return why a task may not get or change its own protection; empty if it may."""
        return self._own_refusal(task, tasks.protection(action, task.task_arn))

    def _own_refusal(self, task: Task, checks: list[Check]) -> str:
        """Return the first check that the task's role fails; empty if it passes all."""
        if not self._enforced:
            return ""
        role = self.task_role(task)
        if not role:
            return "the task has no task role"
        session = tasks.RoleSession(self._store, role, task.id)
        with self._store.locked():
            return session.refusal(checks)

    def may_write(self, task: Task, target: LogTarget) -> bool:
        """Return whether a container's lines may be stored.

        If not they are lost, and the task runs on.
        """
        role = self._roles(task)["execution"] if self._enforced else ""
        if not role:
            return True
        session = tasks.RoleSession(self._store, role, task.id)
        with self._store.locked():
            return not session.refusal(tasks.log_events(self._store, target.group, target.stream))

    def task_role(self, task: Task) -> str:
        """Return the ARN of the task role; empty without one."""
        return self._roles(task)["task"]

    def environment(self, task: Task, usual: Mapping[str, str]) -> dict[str, str]:
        """Return `usual` without access keys, which an SDK would prefer to those of the task's
        role.

        They are kept where IAM is not enforced and the task has no role.
        """
        if not self._enforced and not self.task_role(task):
            return dict(usual)
        return {name: value for name, value in usual.items() if name not in _OWN_KEY}

    def forget(self, task_id: str) -> None:
        """End the credentials of a task that has ended."""
        tasks.close(self._store, task_id)

    def _roles(self, task: Task) -> dict[str, str]:
        """Return the ARNs of a task's two roles, from its overrides or its definition; empty
        without one.
        """
        with self._store.locked():
            definition = self._store.backend("ecs").describe_task_definition(
                task.task_definition_arn
            )
            # moto sets only those that a definition has
            roles = {
                kind: task.overrides.get(given) or getattr(definition, kept, None)
                for kind, given, kept in _ROLES
            }
            return {name: self._arn(str(role or "")) for name, role in roles.items()}

    def _arn(self, role: str) -> str:
        """Return a role's ARN; a definition may give the role's name alone."""
        if not role or role.startswith("arn:"):
            return role
        known = self._store.backend("iam").roles.values()
        unknown = f"arn:aws:iam::{self._store.account_id}:role/{role}"
        return next((str(one.arn) for one in known if one.name == role), unknown)


def _needs(store: Store, plan: ContainerPlan) -> Iterator[Need]:
    """Yield everything that a container needs of its execution role, in the order in which ECS uses
    it.
    """
    for value_from in plan.secrets.values():
        reference = secrets.parse(value_from)
        if reference.service == "ssm":
            yield (
                tasks.parameter(store, reference.name),
                f"{_RETRIEVAL}unable to retrieve secrets from ssm: service call has been retried 1 "
                "time(s): {}",
            )
        else:
            yield (
                tasks.secret(store, reference.name),
                f"{_RETRIEVAL}unable to retrieve secret from asm: service call has been retried 1 "
                f"time(s): failed to fetch secret {reference.name} from secrets manager: {{}}",
            )
    for file in plan.environment_files:
        yield (
            tasks.file(file),
            "ResourceInitializationError: failed to download env files: file download command: non "
            "empty error stream: {}",
        )
    if match := _ECR.fullmatch(registry_of(plan.image)):
        yield (
            tasks.registry(),
            f"{_RETRIEVAL}unable to retrieve ecr registry auth: service call has been retried 1 "
            "time(s): {}",
        )
        yield (
            tasks.image(_repository(plan.image, match[2], match[1])),
            "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to "
            f"resolve ref {plan.image}: 403 Forbidden: {{}}",
        )
    if (target := plan.log) is not None:
        yield (
            tasks.log_stream(store, target.group, target.stream, create_group=target.create_group),
            "ResourceInitializationError: failed to validate logger args: create stream has been "
            "retried 1 times: failed to create Cloudwatch log stream: {} : exit status 1",
        )


def _repository(image: str, region: str, account: str) -> str:
    """Return the ARN of an ECR image's repository."""
    name = image.partition("/")[2].partition("@")[0].partition(":")[0]
    return f"arn:aws:ecr:{region}:{account}:repository/{name}"


def _untrusted(role: str) -> str:
    return (
        f"ECS was unable to assume the role '{role}' that was provided for this task. Please verify "
        "that the role being passed has the proper trust relationship and permissions and that your "
        "IAM user has permissions to pass this role."
    )
