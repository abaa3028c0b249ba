"""Log group, ECS cluster, task definition and service of `infra/modules/service`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from drydock.aws import waiting
from drydock.stack.quick import database
from drydock.stack.quick.balancer import Balancer
from drydock.stack.quick.database import Database
from drydock.stack.quick.roles import Roles
from drydock.stack.quick.work import Work, small_pairs, unless_absent

CONTAINER = "app"
SERVICE = "app"


@dataclass(frozen=True)
class Running:
    cluster: str
    """The cluster's name."""
    task_definition: str
    """ARN of the revision that the service runs."""


def log_group(work: Work) -> str:
    return f"/ecs/{work.name()}"


def ensure_log_group(work: Work) -> None:
    logs = work.clients.logs
    name = log_group(work)
    found = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    there = [one for one in found if one["logGroupName"] == name]
    if not there:
        logs.create_log_group(logGroupName=name, tags=work.tags())
        work.made(f"log group {name}")
    if not there or there[0].get("retentionInDays") != 30:
        logs.put_retention_policy(logGroupName=name, retentionInDays=30)


def prepare(work: Work, store: Database, roles: Roles) -> str:
    """Create the cluster, register a task definition if it changed, and return its ARN."""
    cluster = work.name("app")
    if _cluster(work) is None:
        work.clients.ecs.create_cluster(
            clusterName=cluster,
            settings=[{"name": "containerInsights", "value": "disabled"}],
            tags=small_pairs(work.tags()),
        )
        work.made(f"ECS cluster {cluster}")
    return _task_definition(work, task_definition(work, store, roles))


def ensure(
    work: Work, definition: str, subnets: tuple[str, ...], group: str, balancer: Balancer
) -> None:
    """Create the service, or update it to run the task definition `definition`."""
    cluster = work.name("app")
    there = _service(work)
    if there is None:
        request = _service_request(work, definition, subnets, group, balancer)
        work.clients.ecs.create_service(**request)
        work.made(f"ECS service {cluster}/{SERVICE}")
    elif there["taskDefinition"] != definition:
        work.clients.ecs.update_service(cluster=cluster, service=SERVICE, taskDefinition=definition)
        work.tell(f"    ECS service {cluster}/{SERVICE} changes to {definition}")


def find(work: Work) -> Running | None:
    there = _service(work)
    return None if there is None else Running(work.name("app"), there["taskDefinition"])


def exists(work: Work) -> bool:
    return _cluster(work) is not None


def remove(work: Work) -> None:
    """Stop every task and wait for it; then delete service, cluster, task definitions and logs."""
    ecs = work.clients.ecs
    cluster = work.name("app")
    if _cluster(work) is not None:
        if _service(work) is not None:
            ecs.delete_service(cluster=cluster, service=SERVICE, force=True)
        for task in ecs.list_tasks(cluster=cluster)["taskArns"]:
            ecs.stop_task(cluster=cluster, task=task, reason="drydock destroy")
        waiting.until(
            lambda: not ecs.list_tasks(cluster=cluster)["taskArns"] and _all_stopped(work),
            what=f"the tasks of {cluster} to stop",
            timeout=600,
            every=work.clients.pace.every,
        )
        ecs.delete_cluster(cluster=cluster)
        work.removed(f"ECS cluster {cluster}")
    for page in ecs.get_paginator("list_task_definitions").paginate(familyPrefix=work.name()):
        for arn in page["taskDefinitionArns"]:
            if arn.rsplit("/", 1)[-1].rsplit(":", 1)[0] == work.name():
                ecs.deregister_task_definition(taskDefinition=arn)
    unless_absent(
        lambda: work.clients.logs.delete_log_group(logGroupName=log_group(work)),
        "ResourceNotFoundException",
    )


def task_definition(work: Work, store: Database, roles: Roles) -> dict[str, Any]:
    """Return RegisterTaskDefinition's arguments except tags; lists sorted as in infra/. Pure."""
    settings = work.settings
    environment = {
        "VTT_DBHOST": store.endpoint,
        "VTT_DBNAME": database.NAME,
        "VTT_DBPORT": str(database.PORT),
        "VTT_DBUSER": database.USER,
        "VTT_LISTENHOST": "0.0.0.0",  # noqa: S104 - in a task's own network namespace
        "VTT_LISTENPORT": str(settings.container_port),
    }
    version = database.password_version(settings.postgresql_password)
    container: dict[str, Any] = {
        "name": CONTAINER,
        "image": settings.container_image,
        "command": ["serve"],
        "essential": True,
        "cpu": 0,
        "portMappings": [
            {
                "containerPort": settings.container_port,
                "hostPort": settings.container_port,
                "protocol": "tcp",
            }
        ],
        "environment": [{"name": key, "value": value} for key, value in environment.items()],
        "secrets": [{"name": "VTT_DBPASSWORD", "valueFrom": f"{store.secret}:password::"}],
        "mountPoints": [],
        "volumesFrom": [],
        "systemControls": [],
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": log_group(work),
                "awslogs-region": work.clients.region,
                "awslogs-stream-prefix": "app",
            },
        },
    }
    if version is not None:
        container["dockerLabels"] = {"secret-version.VTT_DBPASSWORD": str(version)}
    return {
        "family": work.name(),
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": str(settings.cpu),
        "memory": str(settings.memory),
        "executionRoleArn": roles.execution,
        "taskRoleArn": roles.task,
        "runtimePlatform": {"operatingSystemFamily": "LINUX", "cpuArchitecture": "X86_64"},
        "containerDefinitions": [container],
    }


def same(wanted: Any, there: Any) -> bool:
    """Return whether the API's answer has everything wanted; it may have more. Pure."""
    if isinstance(wanted, dict):
        return isinstance(there, dict) and all(
            same(value, there.get(key, [] if value == [] else None))
            for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        return (
            isinstance(there, list)
            and len(wanted) == len(there)
            and all(same(one, other) for one, other in zip(wanted, there, strict=True))
        )
    return bool(wanted == there)


def _task_definition(work: Work, wanted: dict[str, Any]) -> str:
    """Return the newest revision's ARN if it equals what is wanted, else register a new one."""
    ecs = work.clients.ecs
    newest = unless_absent(
        lambda: ecs.describe_task_definition(taskDefinition=work.name()), "ClientException"
    )
    if newest is not None:
        there = newest["taskDefinition"]
        if there.get("status") == "ACTIVE" and same(wanted, there):
            return there["taskDefinitionArn"]
    made = ecs.register_task_definition(**wanted, tags=small_pairs(work.tags()))["taskDefinition"]
    work.made(f"task definition {made['family']}:{made['revision']}")
    return made["taskDefinitionArn"]


def _service_request(
    work: Work, definition: str, subnets: tuple[str, ...], group: str, balancer: Balancer
) -> dict[str, Any]:
    """Return CreateService's arguments. Pure."""
    return {
        "cluster": work.name("app"),
        "serviceName": SERVICE,
        "taskDefinition": definition,
        "launchType": "FARGATE",
        "desiredCount": work.settings.desired_count,
        "deploymentConfiguration": {
            "minimumHealthyPercent": 100,
            "maximumPercent": 200,
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
        },
        "healthCheckGracePeriodSeconds": 60,
        "propagateTags": "SERVICE",
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "subnets": list(subnets),
                "securityGroups": [group],
                "assignPublicIp": "ENABLED",
            }
        },
        "loadBalancers": [
            {
                "targetGroupArn": balancer.target_group,
                "containerName": CONTAINER,
                "containerPort": work.settings.container_port,
            }
        ],
        "tags": small_pairs(work.tags()),
    }


def _cluster(work: Work) -> Any | None:
    found = work.clients.ecs.describe_clusters(clusters=[work.name("app")])["clusters"]
    return found[0] if found and found[0]["status"] == "ACTIVE" else None


def _service(work: Work) -> Any | None:
    found = unless_absent(
        lambda: work.clients.ecs.describe_services(cluster=work.name("app"), services=[SERVICE]),
        "ClusterNotFoundException",
    )
    there = found["services"] if found else []
    return there[0] if there and there[0]["status"] == "ACTIVE" else None


def _all_stopped(work: Work) -> bool:
    """Return whether all tasks have stopped.

    A task leaves the list when it is asked to stop, but its network interface goes only afterwards.
    """
    ecs = work.clients.ecs
    cluster = work.name("app")
    arns = ecs.list_tasks(cluster=cluster, desiredStatus="STOPPED")["taskArns"]
    if not arns:
        return True
    tasks = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]
    return all(task["lastStatus"] == "STOPPED" for task in tasks)
