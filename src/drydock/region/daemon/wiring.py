"""The wiring of the data plane: its parts, its controllers, and the events that wake them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import IPv4Address
from typing import Any

from drydock.config import Config
from drydock.keys import OPEN
from drydock.paths import Workspace
from drydock.region.addresses import API, address_of, host_names
from drydock.region.api.store import Store
from drydock.region.dataplane import descriptors
from drydock.region.dataplane.certificates.authority import Authority
from drydock.region.dataplane.network.dns import Resolvers
from drydock.region.dataplane.network.fabric import Fabric
from drydock.region.dataplane.network.probing import Protocol, probe, resolve
from drydock.region.dataplane.processes.client import Spawner
from drydock.region.dataplane.runtime.cgroups import groups
from drydock.region.dataplane.runtime.output import Pump
from drydock.region.host.dns_sockets import DnsSockets
from drydock.region.host.porter_client import PorterClient
from drydock.region.services.acm.controller.controller import CertificateController
from drydock.region.services.applicationautoscaling.controller.controller import ScalingController
from drydock.region.services.cloudwatch.controller.controller import AlarmController
from drydock.region.services.ec2.controller.endpoints import PORT, EndpointController, Serve
from drydock.region.services.ec2.controller.vpc import VpcController
from drydock.region.services.ecs.controller.metrics import UsageController
from drydock.region.services.ecs.controller.services import ServiceController
from drydock.region.services.ecs.controller.tasks import TaskController
from drydock.region.services.elbv2.controller.controller import LoadBalancerController
from drydock.region.services.elbv2.controller.logs import LogController
from drydock.region.services.elbv2.controller.metrics import MetricsController
from drydock.region.services.kit.controller import Controller, Problem, Runner
from drydock.region.services.kit.parts import Parts
from drydock.region.services.rds.controller.controller import DatabaseController
from drydock.region.services.rds.controller.insight import InsightController
from drydock.region.services.route53.controller.health_checks import HealthCheckController
from drydock.region.services.route53.controller.resolving import HOST, DnsController

log = logging.getLogger(__name__)

_SDK_IDS = {
    "ecr.api": "ECR",
    "kms": "KMS",
    "logs": "CLOUDWATCH_LOGS",
    "monitoring": "CLOUDWATCH",
    "secretsmanager": "SECRETS_MANAGER",
    "servicediscovery": "SERVICEDISCOVERY",
    "ssm": "SSM",
    "sts": "STS",
}
"""https://docs.aws.amazon.com/sdkref/latest/guide/ss-endpoints-table.html"""
_ALONE = dict.fromkeys(("alarms", "autoscaling", "ecs-metrics", "rds-insight"), 1)
_THREADS = {"ecs-task": 8, "rds": 4, "elbv2": 4, "route53": 8, **_ALONE}


class DataPlane:
    """Everything below the API: the data plane and its controllers."""

    def __init__(
        self,
        config: Config,
        workspace: Workspace,
        store: Store,
        porter: PorterClient,
        spawner: Spawner,
        serve: Serve,
        names: DnsSockets,
        authority: Authority,
    ) -> None:
        fabric = Fabric()
        fabric.start(config.region.client_address)
        self._api = serve([fabric.listen_on_backbone(PORT)])
        resolvers = Resolvers()
        resolvers.serve(HOST, names.udp, names.tcp)
        self._parts = Parts(
            config=config,
            workspace=workspace,
            store=store,
            fabric=fabric,
            resolvers=resolvers,
            spawner=spawner,
            porter=porter,
            pump=Pump(),
            task_environment=_task_environment(config),
            groups=_groups(config, workspace, spawner),
        )
        self._problems: dict[tuple[str, str], dict[str, Any]] = {}
        self._problems_lock = threading.Lock()
        self._vpc = VpcController(self._parts)
        self._tasks = TaskController(self._parts)
        self._balancers = LoadBalancerController(self._parts)
        self._names = DnsController(self._parts)
        self._databases = DatabaseController(self._parts, authority)
        self._alarms = AlarmController(self._parts)
        # stopped in this order: first what starts others, last what the others depend on
        self._runners = [
            self._runner(controller)
            for controller in (
                ScalingController(self._parts),
                self._alarms,
                UsageController(self._parts, self._tasks.usage),
                ServiceController(self._parts),
                # before what it measures, so that its last pass sees everything
                MetricsController(self._parts, self._balancers.take_traffic),
                self._balancers,
                LogController(self._parts),
                self._tasks,
                # before what it reads, so that its last pass sees everything
                InsightController(self._parts, self._databases.servers, self._databases.paused),
                self._databases,
                EndpointController(self._parts, serve),
                self._names,
                HealthCheckController(self._parts),
                CertificateController(self._parts, authority),
                self._vpc,
            )
        ]
        self._connect()

    def start(self) -> None:
        """Start the controllers."""
        for runner in reversed(self._runners):
            runner.start()

    def close(self) -> None:
        """Stop the controllers and what they run, in order."""
        for runner in self._runners:
            try:
                runner.close()
            except Exception:  # the rest must be stopped too
                log.exception("did not stop cleanly", extra={"controller": runner.controller.name})
        self._api.close()
        self._parts.fabric.close()

    def probe(
        self, source: str, address: str, port: int, timeout: float, protocol: Protocol
    ) -> dict[str, Any]:
        """Send a packet from an ENI, or from `internet` (the address of the host's clients).

        `address` may be a name, which the resolver of the ENI's VPC resolves. `timeout` in seconds.
        Raises NetworkFailed: no such ENI. ValueError: not an address, a port or a protocol.
        """
        fabric, client = self._parts.fabric, None
        begun = time.monotonic()
        if source == "internet":
            namespace, client = fabric.backbone, self._parts.config.region.client_address
            target = IPv4Address(address)
        else:
            namespace = fabric.namespace(source)
            resolver = fabric.vpcs()[fabric.enis()[source].vpc_id].resolver
            found_address, words = resolve(namespace, resolver, address, timeout)
            if found_address is None:
                return {"reachable": False, "words": words, "address": ""}
            target = found_address
        left = max(0.001, begun + timeout - time.monotonic())
        found = probe(namespace, target, port, left, client, protocol)
        return {"reachable": found.reachable, "words": found.words, "address": str(target)}

    def open_database(self, name: str, *, reader: bool) -> dict[str, Any]:
        """Open a port on the host's loopback that leads to a database. Raises DatabaseFailed."""
        return self._databases.open_proxy(name, reader=reader)

    def status(self) -> dict[str, Any]:
        """Return the data plane's part of `drydock status`."""
        with self._problems_lock:
            problems = list(self._problems.values())
        if words := descriptors.shortage():
            problems.append(
                _reported(
                    "open files", Problem(f"{words}\n  Next: {descriptors.REMEDY}", lasting=True)
                )
            )
        parts: dict[str, Callable[[], Any]] = {
            "urls": self._balancers.urls,
            "names": self._names.names,
            "tasks": self._task_status,
            "databases": self._databases.status,
        }
        answer: dict[str, Any] = {
            **self._tasks.limits(),
            "container_engine": self._tasks.container_engine,
            "problems": problems,
        }
        for name, read in parts.items():
            try:
                answer[name] = read()
            except Exception as error:  # the rest is shown; the log has the details
                log.exception("a part of the status cannot be read", extra={"part": name})
                words = f"they cannot be read ({type(error).__name__}: {error})"
                since = datetime.now(UTC).isoformat(timespec="seconds")
                problems.append({"resource": name, "error": words, "since": since})
                answer[name] = []
        return answer

    def _task_status(self) -> list[dict[str, Any]]:
        pids, drivers = self._tasks.pids(), self._tasks.drivers()
        with self._parts.store.locked():
            tasks = [
                task
                for ours in self._parts.store.backend("ecs").tasks.values()
                for task in ours.values()
            ]
            return [
                {
                    "arn": task.task_arn,
                    "status": task.last_status,
                    "address": task.address,
                    "pids": pids.get(task.task_arn, []),
                    "drivers": drivers.get(task.task_arn, {}),
                }
                for task in tasks
                if task.last_status != "STOPPED"
            ]

    def _runner(self, controller: Controller) -> Runner:
        def on_problem(key: str, problem: Problem | None) -> None:
            with self._problems_lock:
                where = (controller.name, key)
                if problem is None:
                    self._problems.pop(where, None)
                elif self._problems.get(where, {}).get("error") != problem.words:
                    self._problems[where] = _reported(key, problem)

        return Runner(controller, on_problem, _THREADS.get(controller.name, 2))

    def _connect(self) -> None:
        """Connect changes of the API and events of the data plane to the controllers that they
        concern.
        """
        by_name = {runner.controller.name: runner for runner in self._runners}

        def api_changed(service: str) -> None:
            for runner in self._runners:
                if service in runner.controller.wakes_on:
                    runner.wake()

        def network_changed() -> None:
            for name in ("ecs-task", "elbv2", "rds", "dns", "vpc-endpoint"):
                by_name[name].wake()

        self._parts.store.subscribe(api_changed)
        self._vpc.on_change = network_changed
        self._vpc.wake_all = by_name["vpc"].wake
        self._tasks.wake = by_name["ecs-task"].wake
        self._balancers.wake = by_name["elbv2"].wake
        self._databases.wake = by_name["rds"].wake
        self._alarms.on_evaluated = by_name["autoscaling"].wake


def _reported(resource: str, problem: Problem) -> dict[str, Any]:
    """Return a problem as `drydock status` shows it."""
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return {
        "resource": resource,
        "error": problem.words,
        "since": since,
        "lasting": problem.lasting,
        "machine": problem.machine,
    }


def _groups(config: Config, workspace: Workspace, spawner: Spawner) -> groups.Groups:
    """Return the control groups that tasks can have here, limited to what the settings ask for."""
    memory = {"memory"} if config.ecs.memory_limits == "auto" else set()
    wanted = frozenset(memory | ({"cpu"} if config.ecs.cap_cpu else set()))
    name = (workspace.region / "id").read_text()
    return groups.find(wanted, name, workspace.groups, spawner)


def _task_environment(config: Config) -> dict[str, str]:
    """Return the variables by which an AWS SDK in a task uses the region without configuration.

    Services with VPC endpoints are addressed by name, so that the VPC's resolver decides where they
    are. S3 is an address: under a name, buckets would be names too.
    """
    region, account = config.region.name, config.region.account_id
    named = {
        f"AWS_ENDPOINT_URL_{sdk_id}": f"http://{host_names(service, region, account)[0]}:{PORT}"
        for service, sdk_id in _SDK_IDS.items()
    }
    return {
        **named,
        "AWS_ENDPOINT_URL": f"http://{API}:{PORT}",
        "AWS_ENDPOINT_URL_S3": f"http://{address_of('s3')}:{PORT}",
        "AWS_REGION": config.region.name,
        "AWS_DEFAULT_REGION": config.region.name,
        "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE",
        "AWS_ACCESS_KEY_ID": OPEN.id,
        "AWS_SECRET_ACCESS_KEY": OPEN.secret,
    }
