"""The permissions of a task's roles that ECS requires, and the task's session credentials.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.core.utils import utcnow

from drydock.region.api.store import Store
from drydock.region.iam import principals
from drydock.region.iam.authorizer import basics
from drydock.region.iam.call import Call
from drydock.region.iam.checks import keys, logs, parameters, sts
from drydock.region.iam.evaluate import Check, refusal, sentence
from drydock.region.iam.matching import EVERYTHING, Resource

SERVICE = "ecs-tasks.amazonaws.com"
_LASTS = 6 * 3600
_RENEWED = timedelta(hours=1)
"""A session lasts six hours and is renewed an hour before its end, as by ECS."""


@dataclass(frozen=True)
class Credentials:
    """The credentials of a task's session."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(repr=False)
    expires: datetime


class RoleSession:
    """A role as ECS assumes it for one task. `session` is the task's id."""

    def __init__(self, store: Store, role_arn: str, session: str) -> None:
        self._store = store
        self._role_arn = role_arn
        self._session = session

    def is_trusted(self) -> bool:
        """Return whether the role exists and trusts tasks."""
        with self._store.locked():
            service = principals.of_service(self._store, SERVICE)
            source = f"arn:aws:ecs:{self._store.region}:{self._store.account_id}:task"
            context = {
                **basics(self._store, datetime.now(UTC)),
                "aws:sourceaccount": (self._store.account_id,),
                "aws:sourcearn": (source,),
            }
            asked = sts.trust(self._store, self._role_arn, "sts:AssumeRole")
            return not refusal(service, asked, context)

    def refusal(self, checks: Iterable[Check]) -> str:
        """Return AWS's sentence for the first check that the role fails; empty if it passes all.

        Call it under the store's lock. The role exists (see `is_trusted`).
        """
        who = principals.of_session(self._store, self._role_arn, self._session)
        context = basics(self._store, datetime.now(UTC))
        for check in checks:
            if reason := refusal(who, check, context):
                return sentence(who, check, reason)
        return ""

    def open(self) -> Credentials:
        """Return the credentials of a session in STS: the task's newest, or those of a new one."""
        with self._store.changing("sts", "iam"):
            backend = self._store.backend("sts")
            for one in _sessions(backend, self._session):
                if one.expiration <= utcnow():
                    _end(self._store, one)
            lasting = [
                one
                for one in _sessions(backend, self._session)
                if one.expiration > utcnow() + _RENEWED
            ]
            found = (
                lasting[-1]
                if lasting
                else backend.assume_role(
                    region_name=self._store.region,
                    role_session_name=self._session,
                    role_arn=self._role_arn,
                    policy="",
                    duration=_LASTS,
                    external_id="",
                )
            )
            return Credentials(
                found.access_key_id, found.secret_access_key, found.session_token, found.expiration
            )


def close(store: Store, session: str) -> None:
    """End the session of a task. Idempotent."""
    with store.locked():
        backend = store.backend("sts")
        for one in _sessions(backend, session):
            _end(store, one)
            store.changed("sts", "iam")


def _end(store: Store, session: Any) -> None:
    store.backend("sts").assumed_roles.remove(session)
    store.backend("iam").access_keys.pop(session.access_key_id, None)


def _sessions(backend: Any, session: str) -> list[Any]:
    return [one for one in backend.assumed_roles if one.session_name == session]


# -- permissions that ECS needs for a container; under the store's lock


def secret(store: Store, name: str) -> list[Check]:
    """Permission to read a secret of Secrets Manager, by name or ARN."""
    call = _call(store, "secretsmanager", "GetSecretValue")
    return keys.of_secret(call, store, call.action, name)


def parameter(store: Store, name: str) -> list[Check]:
    """Permission to read a parameter, by name."""
    call = _call(store, "ssm", "GetParameters")
    own = Check(call.action, Resource(parameters.arn(call, name)))
    return [own, *parameters.of_parameter(call, store, name)]


def registry() -> list[Check]:
    """Permission to get a token from ECR."""
    return [Check("ecr:GetAuthorizationToken", EVERYTHING)]


def image(repository_arn: str) -> list[Check]:
    """Permission to pull an image from a repository of ECR."""
    where = Resource(repository_arn)
    return [Check(f"ecr:{one}", where) for one in ("BatchGetImage", "GetDownloadUrlForLayer")]


def file(arn: str) -> list[Check]:
    """Permission to read an environment file in S3."""
    return [Check("s3:GetObject", Resource(arn))]


def exec_agent() -> list[Check]:
    """Permissions of the agent of ExecuteCommand, which acts as the task's role."""
    actions = ("CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel")
    return [Check(f"ssmmessages:{one}", EVERYTHING) for one in actions]


def protection(action: str, task_arn: str) -> list[Check]:
    """Permission for the agent's task protection endpoint, which acts as the task's role."""
    return [Check(f"ecs:{action}", Resource(task_arn))]


def log_stream(store: Store, group: str, stream: str, *, create_group: bool) -> list[Check]:
    """Permission to make a log stream."""
    call = _call(store, "logs", "CreateLogStream")
    makes = [Check("logs:CreateLogGroup", logs.stream(call, group))] if create_group else []
    return [*makes, Check(call.action, logs.stream(call, group, stream))]


def log_events(store: Store, group: str, stream: str) -> list[Check]:
    """Permission to write into a log stream."""
    call = _call(store, "logs", "PutLogEvents")
    return [Check(call.action, logs.stream(call, group, stream))]


def _call(store: Store, service: str, name: str) -> Call:
    return Call(service, name, store.account_id, store.region)
