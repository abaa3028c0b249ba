"""The messages of a service's events.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
"""

from __future__ import annotations

from collections.abc import Sequence

IMPAIRED = (
    "(service {name}) is unable to consistently start tasks successfully. For more information, see "
    "the Troubleshooting section of the Amazon ECS Developer Guide."
)
NO_INSTANCES = (
    "(service {name}) was unable to place a task because no container instance met all of its "
    "requirements. Reason: No Container Instances were found in your cluster. For more information, "
    "see the Troubleshooting section of the Amazon ECS Developer Guide."
)


def started(service: str, tasks: Sequence[str], replaced: int = 0) -> str:
    """Tasks have started. `tasks`: their ids. `replaced`: how many of them replace unhealthy ones."""
    text = f"(service {service}) has started {len(tasks)} tasks: {_names(tasks)}."
    if replaced:
        text += f" Amazon ECS replaced {replaced} tasks due to an unhealthy status."
    return text


def stopped(service: str, running: Sequence[str], pending: Sequence[str]) -> list[str]:
    """Tasks have stopped: the ids of those that were running, and of those that were pending."""
    told = []
    if pending:
        told.append(f"(service {service}) has stopped {len(pending)} pending tasks.")
    if running:
        told.append(
            f"(service {service}) has stopped {len(running)} running tasks: {_names(running)}."
        )
    return told


def unhealthy_target(service: str, task: str, port: int, group: str, why: str) -> str:
    """A task is unhealthy in a target group."""
    return (
        f"(service {service}) (task {task}) (port {port}) is unhealthy in (target-group {group}) "
        f"due to (reason {why})."
    )


def failed_container_checks(service: str, task: str) -> str:
    """A task failed its container health checks."""
    return f"(service {service}) (task {task}) failed container health checks."


def not_placed(service: str, reason: str) -> str:
    """A task could not be started."""
    return f"(service {service}) was unable to place a task. Reason: {reason.rstrip('.')}."


def _names(tasks: Sequence[str]) -> str:
    return " ".join(f"(task {one})" for one in tasks)
