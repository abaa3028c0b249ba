"""A deployment's Service Connect data, kept with the deployment and with each of its tasks.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-connect-concepts-deploy.html: tasks that
run, and those that replace them, know the endpoints that were there when their deployment began.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Endpoint:
    """A name and port that tasks of a namespace may call."""

    namespace: str
    """Cloud Map's id."""
    discovery_name: str
    """The Cloud Map service whose instances serve."""
    dns_name: str
    port: int
    protocol: str
    """tcp, http, http2, grpc."""
    idle: float
    """Seconds; 0: for ever."""
    per_request: float
    """Seconds that an answer may take; 0: for ever."""


@dataclass(frozen=True)
class Ingress:
    """A port of the task where the proxy takes what is meant for a container's port."""

    port: int
    container_port: int
    protocol: str
    idle: float


@dataclass(frozen=True)
class Connect:
    """A deployment's Service Connect endpoints, ingress ports and attachments."""

    endpoints: tuple[Endpoint, ...]
    ingress: tuple[Ingress, ...]
    published: tuple[tuple[str, int], ...]
    """The service's own Cloud Map services: ARN, and the port at which a task serves."""
    attachments: tuple[tuple[tuple[str, str], ...], ...]
    """The attachments that its tasks show, one per published port: names and values."""
    log: Json | None
    """The proxy's logConfiguration."""
