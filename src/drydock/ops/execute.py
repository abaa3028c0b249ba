"""Open a shell in a running container: choose a task, ExecuteCommand, on AWS the session plugin.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec-run.html
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from drydock.aws.clients import Clients
from drydock.aws.failures import translated
from drydock.errors import OpsError, ResourceMissing, UsageError
from drydock.ops import terminal

AGENT = "ExecuteCommandAgent"
PLUGIN = "session-manager-plugin"
_INSTALL = "https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html"


@dataclass(frozen=True)
class Target:
    """A container of a task."""

    cluster: str
    task: str
    """The task's ARN."""
    container: str


def tasks_of(clients: Clients, cluster: str, *, service: str = "", task: str = "") -> list[Any]:
    """Return the running tasks of a service, or the named task, as DescribeTasks returns them.

    Raises ResourceMissing and OpsError.
    """
    with translated(clients.endpoint):
        names = [task]
        if not task:
            names = clients.ecs.list_tasks(
                cluster=cluster, serviceName=service, desiredStatus="RUNNING"
            )["taskArns"]
        found = clients.ecs.describe_tasks(cluster=cluster, tasks=names) if names else None
    if found is None or not found["tasks"]:
        raise ResourceMissing(
            f"task {task}" if task else f"a task of {service}", "there is none", "drydock status"
        )
    return list(found["tasks"])


def choose(tasks: Sequence[Mapping[str, Any]], container: str = "") -> Target:
    """Return a container of the newest task in which the ExecuteCommand agent runs. Pure.

    It is the named container, else the first. Raises UsageError: it is not there, or ExecuteCommand is
    not enabled.
    """
    newest = sorted(tasks, key=lambda one: str(one.get("startedAt", "")), reverse=True)
    running = [one for one in newest if one.get("lastStatus") == "RUNNING"] or newest
    ready = [one for one in running if _agents(one)]
    task = (ready or running)[0]
    identity = str(task["taskArn"]).rsplit("/", 1)[-1]
    names = [str(one["name"]) for one in task["containers"]]
    name = container or next(iter(_agents(task)), names[0])
    if name not in names:
        raise UsageError(
            f"container {name}", f"task {identity} has {', '.join(names)}", "name one of them"
        )
    if not task.get("enableExecuteCommand"):
        raise UsageError(
            f"task {identity}",
            "ExecuteCommand was not enabled when it was started",
            "set enable_execute_command on the service (in infra/: container.execute_command), apply, "
            "and try again with a new task",
        )
    return Target(str(task["clusterArn"]), str(task["taskArn"]), name)


def _agents(task: Mapping[str, Any]) -> list[str]:
    """Return the names of a task's containers whose ExecuteCommand agent runs."""
    return [
        str(one["name"])
        for one in task["containers"]
        for agent in one.get("managedAgents", ())
        if agent.get("name") == AGENT and agent.get("lastStatus") == "RUNNING"
    ]


def locally(clients: Clients, target: Target, command: Sequence[str]) -> int:
    """Run a command in the local region on this process's terminal; return its exit code. Raises OpsError."""
    with translated(clients.endpoint):
        answer = clients.ecs.execute_command(
            cluster=target.cluster,
            task=target.task,
            container=target.container,
            command=shlex.join(command),
            interactive=True,
        )
    session = answer["session"]
    return terminal.attach(session["streamUrl"], session["tokenValue"])


def by_the_aws_cli(clients: Clients, target: Target, command: Sequence[str]) -> int:
    """Run the AWS CLI with its session plugin; return the exit code. Raises OpsError: one is missing."""
    for program, url in (("aws", "https://aws.amazon.com/cli/"), (PLUGIN, _INSTALL)):
        if shutil.which(program) is None:
            raise OpsError(
                f"{program} is not on the path",
                "on AWS, sessions go through it",
                f"install it: {url}",
            )
    return subprocess.run(aws_words(clients.region, target, command), check=False).returncode


def aws_words(region: str, target: Target, command: Sequence[str]) -> list[str]:
    """Return the AWS CLI's command line. Pure."""
    return [
        *("aws", "ecs", "execute-command", "--region", region),
        *("--cluster", target.cluster, "--task", target.task, "--container", target.container),
        *("--interactive", "--command", shlex.join(command)),
    ]
