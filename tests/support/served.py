"""A control plane served on a loopback port, with its own account and boto3 clients."""

from __future__ import annotations

import itertools
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from drydock.region.api.admission import Side
from drydock.region.api.application import Application, Handler
from drydock.region.api.saved.journal import Journal
from drydock.region.api.server import serve
from drydock.region.api.store import Store
from drydock.region.daemon import services

services.use()


REGION = "ap-southeast-2"
# moto's backends are global to the process: an account per test separates them.
_ACCOUNTS = itertools.count(100_000_000_000 + os.getpid() * 10_000)
_SESSION = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
_ONCE = Config(retries={"total_max_attempts": 1})


class Served:
    """A store and the server that answers for it."""

    def __init__(self, store: Store, url: str, log_file: Path) -> None:
        self.store = store
        self.url = url
        self.log_file = log_file
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = _SESSION.client(
                service,  # type: ignore[call-overload]
                endpoint_url=self.url,
                config=_ONCE,
            )
        return self._clients[service]

    @property
    def vpc(self) -> str:
        return str(self.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"])

    @property
    def subnets(self) -> list[str]:
        found = self.client("ec2").describe_subnets()["Subnets"]
        return [one["SubnetId"] for one in found]

    @property
    def network(self) -> dict[str, Any]:
        """Return a network configuration in the default VPC."""
        return {"awsvpcConfiguration": {"subnets": self.subnets[:2], "assignPublicIp": "ENABLED"}}

    def cluster(self, name: str = "app") -> str:
        return str(self.client("ecs").create_cluster(clusterName=name)["cluster"]["clusterArn"])

    def task_definition(self, family: str = "app", **changes: Any) -> str:
        """Register the usual Fargate task definition, with task-level memory only."""
        wanted: dict[str, Any] = {
            "family": family,
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "cpu": "256",
            "memory": "512",
            "containerDefinitions": [
                {
                    "name": "app",
                    "image": "tasklist:latest",
                    "command": ["serve"],
                    "portMappings": [{"containerPort": 3000}],
                }
            ],
        }
        answer = self.client("ecs").register_task_definition(**{**wanted, **changes})
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def balancer(self, name: str = "web") -> tuple[str, str]:
        """Create a load balancer with a listener on 80 for a target group; return both ARNs."""
        elb = self.client("elbv2")
        balancer = elb.create_load_balancer(Name=name, Subnets=self.subnets)["LoadBalancers"][0]
        group = elb.create_target_group(
            Name=name, Protocol="HTTP", Port=3000, VpcId=self.vpc, TargetType="ip"
        )["TargetGroups"][0]
        elb.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"],
            Protocol="HTTP",
            Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}],
        )
        return balancer["LoadBalancerArn"], group["TargetGroupArn"]


def new_store() -> Store:
    """Return the store of an account that is not used elsewhere in this process."""
    return Store(str(next(_ACCOUNTS)), REGION)


@contextmanager
def serving(
    log_file: Path,
    store: Store | None = None,
    handlers: Mapping[str, Handler] | None = None,
    journal: Journal | None = None,
    side: Side = "host",
) -> Iterator[Served]:
    """Serve `store` (a new one by default) on a free loopback port until the block ends."""
    store = store or new_store()
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = serve(Application(store, handlers or {}, log_file, None, journal), [listener], side)
    try:
        yield Served(store, url, log_file)
    finally:
        server.close()
