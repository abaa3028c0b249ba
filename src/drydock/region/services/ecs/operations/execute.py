"""ExecuteCommand: a session that waits for the holder of its token. moto 5.2.5 lacks the operation.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ExecuteCommand.html Nothing is started
here: the data plane takes the session when its token is shown at `exec_url`.
"""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from moto.core.utils import utcnow
from moto.ecs.exceptions import ECSException, InvalidParameterException

from drydock.region.services.ecs.records import AGENT, Container, Task

if TYPE_CHECKING:
    from drydock.region.services.ecs.operations.backend import EcsBackend

Json = dict[str, Any]
LASTS = timedelta(seconds=60)
"""Time in which a token opens its session, once."""
_NOT_ENABLED = (
    "The execute command failed because execute command was not enabled when the task was run or the "
    "execute command agent isn't running. Wait and try again or run a new task with execute command "
    "enabled and try again."
)
_NOT_CONNECTED = "The execute command failed due to an internal error. Try again later."


@dataclass(frozen=True)
class ExecSession:
    """A command to run in a container, for the holder of the token."""

    task_arn: str
    container: str
    argv: tuple[str, ...]
    token: str = field(repr=False)
    expires: datetime


def open_session(backend: EcsBackend, params: Mapping[str, Any]) -> Json:
    """Open a session for a request of ExecuteCommand; return the API's response.

    Raises InvalidParameterException, ClusterNotFoundException, TargetNotConnectedException.
    """
    if not params.get("interactive"):
        raise InvalidParameterException("Interactive is the only mode supported currently.")
    argv = _words(str(params.get("command") or ""))
    cluster = backend._get_cluster(params.get("cluster") or "default")
    task = backend.find_task(cluster.name, str(params.get("task") or ""))
    if task is None:
        raise InvalidParameterException("The referenced task was not found.")
    container = _container(task, params.get("container"))
    _check(task, container)
    if not backend.exec_url:
        raise ECSException("TargetNotConnectedException", _NOT_CONNECTED)
    token = secrets.token_urlsafe(32)
    sessions = backend.exec_sessions
    for one in [one for one in sessions.values() if one.expires < utcnow()]:
        del sessions[one.token]
    sessions[token] = ExecSession(
        task.task_arn, container.name, argv, token=token, expires=utcnow() + LASTS
    )
    return {
        "clusterArn": cluster.arn,
        "containerArn": container.container_arn,
        "containerName": container.name,
        "interactive": True,
        "session": {
            "sessionId": f"ecs-execute-command-{secrets.token_hex(9)[:17]}",
            "streamUrl": backend.exec_url,
            "tokenValue": token,
        },
        "taskArn": task.task_arn,
    }


def take_session(backend: EcsBackend, token: str) -> ExecSession | None:
    """Return a token's session, once only; None: unknown, used or expired."""
    found = backend.exec_sessions.pop(token, None)
    return found if found is not None and found.expires >= utcnow() else None


def _words(command: str) -> tuple[str, ...]:
    """Split a command as ECS's agent does: like a shell, but run without one."""
    try:
        words = tuple(shlex.split(command))
    except ValueError as error:
        raise InvalidParameterException(f"Command cannot be parsed: {error}.") from error
    if not words:
        raise InvalidParameterException("Command cannot be blank.")
    return words


def _container(task: Task, name: str | None) -> Container:
    if not name and len(task.containers) > 1:
        names = ", ".join(one.name for one in task.containers)
        raise InvalidParameterException(
            f"A container name needs to be specified for tasks with several containers: {names}."
        )
    found = [one for one in task.containers if name in (None, "", one.name)]
    if not found:
        raise InvalidParameterException(f"The container {name} is not one of the task's.")
    return found[0]


def _check(task: Task, container: Container) -> None:
    """Raise an error unless the agent runs beside the container and reaches AWS."""
    agent = next((one for one in container.managed_agents or () if one["name"] == AGENT), None)
    if not task.enable_execute_command or container.last_status != "RUNNING" or agent is None:
        raise InvalidParameterException(_NOT_ENABLED)
    if agent["lastStatus"] != "RUNNING":
        said = agent.get("reason")
        words = f"{_NOT_CONNECTED} ({said})" if said else _NOT_CONNECTED
        raise ECSException("TargetNotConnectedException", words)
