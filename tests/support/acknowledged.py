"""A mixed load of API changes that records what was acknowledged, to check later what still exists."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

Change = Callable[[Any, str], object]
Look = Callable[[Any], set[str]]

_TRUST = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
_BUCKET = "acknowledged"
_GROUP = "/acknowledged"


def _pages(client: Any, operation: str, key: str, name: str, **arguments: Any) -> set[str]:
    pages = client.get_paginator(operation).paginate(**arguments)
    return {str(one[name]) for page in pages for one in page.get(key, [])}


def _define(client: Any, name: str) -> object:
    return client.register_task_definition(
        family=name,
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "app", "image": "web:1"}],
    )


def _log(client: Any, name: str) -> object:
    event = {"timestamp": int(time.time() * 1000), "message": name}
    return client.put_log_events(logGroupName=_GROUP, logStreamName="s", logEvents=[event])


def _families(client: Any) -> set[str]:
    pages = client.get_paginator("list_task_definition_families").paginate()
    return {str(one) for page in pages for one in page["families"]}


KINDS: dict[str, tuple[Change, Look]] = {
    "ssm": (
        lambda client, name: client.put_parameter(Name=name, Value="v", Type="String"),
        lambda client: _pages(client, "describe_parameters", "Parameters", "Name"),
    ),
    "ec2": (
        lambda client, name: client.create_security_group(GroupName=name, Description="d"),
        lambda client: _pages(client, "describe_security_groups", "SecurityGroups", "GroupName"),
    ),
    "ecs": (_define, _families),
    "s3": (
        lambda client, name: client.put_object(Bucket=_BUCKET, Key=name, Body=name.encode()),
        lambda client: _pages(client, "list_objects_v2", "Contents", "Key", Bucket=_BUCKET),
    ),
    "logs": (
        _log,
        lambda client: _pages(
            client, "filter_log_events", "events", "message", logGroupName=_GROUP
        ),
    ),
    "iam": (
        lambda client, name: client.create_role(RoleName=name, AssumeRolePolicyDocument=_TRUST),
        lambda client: _pages(client, "list_roles", "Roles", "RoleName"),
    ),
    "secretsmanager": (
        lambda client, name: client.create_secret(Name=name, SecretString="v"),
        lambda client: _pages(client, "list_secrets", "SecretList", "Name"),
    ),
}
"""For each service: a change that creates something of a name, and a listing of all names."""


class Acknowledged:
    """The names whose creation a region's API acknowledged, by service."""

    def __init__(self, endpoint: Callable[[], str], prefix: str = "a") -> None:
        self._endpoint = endpoint
        self._prefix = prefix
        self.names: dict[str, set[str]] = {service: set() for service in KINDS}
        self._count = 0

    def client(self, service: str) -> Any:
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self._endpoint(),
            region_name="ap-southeast-2",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=30),
        )

    def prepare(self) -> None:
        """Create the bucket, log group and other resources that the changes need."""
        location: Any = {"LocationConstraint": "ap-southeast-2"}
        self.client("s3").create_bucket(Bucket=_BUCKET, CreateBucketConfiguration=location)
        self.client("logs").create_log_group(logGroupName=_GROUP)
        self.client("logs").create_log_stream(logGroupName=_GROUP, logStreamName="s")

    @property
    def total(self) -> int:
        return sum(len(names) for names in self.names.values())

    @contextmanager
    def load(self) -> Iterator[None]:
        """Run one thread per service that makes changes as fast as it can, while the block runs.

        A change that is not answered, or answered 503, is not acknowledged; the thread ends at the
        first failure, as the region is killed then, or the disk is full.
        """
        stop = threading.Event()
        threads = [
            threading.Thread(target=self._change, args=(service, stop), daemon=True)
            for service in KINDS
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join(60)

    def _change(self, service: str, stop: threading.Event) -> None:
        client, change = self.client(service), KINDS[service][0]
        for index in range(100_000):
            name = f"{self._prefix}{self._count}-{index}"
            try:
                change(client, name)
            except (ClientError, BotoCoreError, ResponseParserError):
                return
            self.names[service].add(name)
            if stop.is_set():
                return

    def next_round(self) -> None:
        """Use other names in the next load."""
        self._count += 1

    def lost(self) -> dict[str, set[str]]:
        """Return the acknowledged names that do not exist any more, by service."""
        found = {
            service: names - KINDS[service][1](self.client(service))
            for service, names in self.names.items()
        }
        return {service: names for service, names in found.items() if names}
