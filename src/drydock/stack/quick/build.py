"""Build, find and remove the whole architecture, in dependency order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drydock.aws.clients import Clients
from drydock.aws.failures import translated
from drydock.stack.quick import (
    balancer,
    database,
    network,
    roles,
    rotation,
    scaling,
    security,
    service,
)
from drydock.stack.quick.settings import Settings
from drydock.stack.quick.work import Work

Tell = Callable[[str], None]


def build(clients: Clients, settings: Settings, *, tell: Tell) -> dict[str, Any]:
    """Create what is missing and return the outputs. Idempotent: a second run changes nothing.

    Returns when the database is available; the service's tasks may still be starting.
    Raises OpsError, CredentialsMissing, WaitTimedOut.
    """
    work = Work(clients, settings, tell)
    with translated(clients.endpoint):
        net = network.ensure(work)
        groups = security.ensure(work, net.vpc)
        # A database takes minutes on AWS; everything that does not need it is created meanwhile.
        store = database.begin(work, net.database, groups.database)
        front = balancer.ensure(work, net.vpc, net.public, groups.load_balancer)
        service.ensure_log_group(work)
        acting = roles.ensure(work, store.secret)
        definition = service.prepare(work, store, acting)
        database.finish(work)
        service.ensure(work, definition, net.public, groups.task, front)
        scaling.ensure(work)
        rotation.ensure(work, store.secret, acting.execution)
        return _outputs(work)


def outputs(clients: Clients, settings: Settings) -> dict[str, Any]:
    """Return the outputs, named as in `infra/outputs.tf`; empty if nothing is built. Raises OpsError."""
    with translated(clients.endpoint):
        return _outputs(Work(clients, settings, _silent))


def exists(clients: Clients, settings: Settings) -> bool:
    """Return whether a cluster or VPC of this name exists, built by whatever tool. Raises OpsError."""
    work = Work(clients, settings, _silent)
    with translated(clients.endpoint):
        return service.exists(work) or network.find_vpc(work) is not None


def destroy(clients: Clients, settings: Settings, *, tell: Tell) -> None:
    """Remove everything in reverse order; skip what is already gone. Raises OpsError."""
    work = Work(clients, settings, tell)
    with translated(clients.endpoint):
        scaling.remove(work)
        rotation.remove(work, roles.execution_arn(work))
        service.remove(work)
        balancer.remove(work)
        database.remove(work)
        roles.remove(work)
        vpc = network.find_vpc(work)
        if vpc is not None:
            security.remove(work, vpc)
            network.remove(work)


def _outputs(work: Work) -> dict[str, Any]:
    net = network.find(work)
    groups = security.find(work, net.vpc) if net else None
    front, store, running = balancer.find(work), database.find(work), service.find(work)
    if not (net and groups and front and store and running):
        return {}
    return {
        "prefix": work.name(),
        "alb_dns_name": front.dns_name,
        "app_dns_name": None,
        "app_url": f"http://{front.dns_name}",
        "ecs_cluster_name": running.cluster,
        "ecs_service_name": service.SERVICE,
        "task_definition": running.task_definition,
        "standalone_task_subnet": net.public[0],
        "standalone_task_sg": groups.task,
        "standalone_task_public_ip": True,
        "log_group": service.log_group(work),
        "migrate_command": '["updatedb","-s"]',
        "vpc_id": net.vpc,
        "database_endpoint": store.endpoint,
        "database_secret_arn": store.secret,
    }


def _silent(_text: str) -> None:
    return
