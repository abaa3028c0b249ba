from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest

from drydock.aws import clients
from drydock.aws.clients import Clients
from tests.support.plain_moto import plain_moto

_POLICIES = {
    "AmazonECSTaskExecutionRolePolicy": {
        "CreateDate": "2017-11-16T18:48:22+00:00",
        "DefaultVersionId": "v1",
        "Document": {"Statement": [], "Version": "2012-10-17"},
        "Path": "/service-role/",
        "UpdateDate": "2017-11-16T18:48:22+00:00",
    }
}
REGION = "ap-southeast-2"


@dataclass
class Account:
    """moto in this process, with a list of every operation that was called."""

    clients: Clients
    calls: list[str] = field(default_factory=list)

    @property
    def changes(self) -> list[str]:
        return [name for name in self.calls if not name.startswith(("Describe", "List", "Get"))]


@pytest.fixture(scope="session")
def shared_clients() -> tuple[Clients, list[str]]:
    """Made once: reading the SDK's models takes a second. moto hears every client of the process."""
    session = boto3.Session("key", "secret", region_name=REGION)
    calls: list[str] = []

    def note(model: Any, **_: Any) -> None:
        calls.append(model.name)

    session.events.register("before-call.*.*", note)
    return Clients(session, None, clients.LOCAL_PACE), calls


@pytest.fixture
def account(
    shared_clients: tuple[Clients, list[str]], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Account]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    # moto reads thousands of policies and images at every reset; one is all that is needed here.
    monkeypatch.setattr("moto.iam.models.aws_managed_policies_data", json.dumps(_POLICIES))
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    with plain_moto(iam={"load_aws_managed_policies": True}):
        shared_clients[1].clear()
        yield Account(*shared_clients)
