"""Check that a task reaches the endpoints that its containers need to start.

The image's registry and the endpoints of secrets and logs are probed from the task's own interface.
Messages are ECS's:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address

from drydock.region.addresses import API, host_names
from drydock.region.dataplane.network.probing import Probe
from drydock.region.services.ecs.controller import secrets
from drydock.region.services.ecs.controller.definitions import ContainerPlan

PORT = 443
DOCKER_HUB = "registry-1.docker.io"

Connect = Callable[[IPv4Address], Probe]
Lookup = Callable[[str], "tuple[IPv4Address, ...] | None"]
"""A name → its addresses; None: the region does not have the name."""


@dataclass(frozen=True)
class Need:
    """An endpoint, and ECS's message for when it is unreachable; `{}` is replaced by the cause."""

    host: str
    words: str


def needs(plan: ContainerPlan, region: str, account: str) -> Iterable[Need]:
    """Yield the endpoints that a container needs, in the order in which ECS uses them."""
    for value_from in plan.secrets.values():
        yield _secret(secrets.parse(value_from), region, account)
    if plan.environment_files:
        yield Need(
            host_names("s3", region, account)[0],
            "ResourceInitializationError: failed to download env files: file download command: non "
            "empty error stream: RequestCanceled: request context canceled caused by: {}",
        )
    registry = registry_of(plan.image)
    if ".dkr.ecr." in registry:
        auth = host_names("ecr.api", region, account)[0]
        yield Need(
            auth,
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource "
            "retrieval failed: unable to retrieve ecr registry auth: service call has been retried 1 "
            f'time(s): RequestError: send request failed caused by: Post "https://{auth}/": {{}}. '
            "Please check your task network configuration.",
        )
    yield Need(registry, _pull(plan.image, registry))
    if ".dkr.ecr." in registry:  # the layers of an image in ECR are in S3
        yield Need(host_names("s3", region, account)[0], _pull(plan.image, registry))
    if plan.log is not None:
        host = host_names("logs", region, account)[0]
        yield Need(
            host,
            "ResourceInitializationError: failed to validate logger args: create stream has been "
            "retried 1 times: failed to create Cloudwatch log stream: RequestError: send request "
            f'failed caused by: Post "https://{host}/": {{}} : exit status 1',
        )


def agent_need(region: str, account: str) -> Need:
    """Return the endpoint that the agent of ExecuteCommand must reach."""
    host = host_names("ssmmessages", region, account)[0]
    return Need(host, f"the agent cannot reach {host}: {{}}")


def _secret(reference: secrets.SecretReference, region: str, account: str) -> Need:
    host = host_names(reference.service, region, account)[0]
    kind, place = ("asm", "secrets manager") if reference.service != "ssm" else ("ssm", "ssm")
    return Need(
        host,
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource "
        f"retrieval failed: unable to retrieve secret from {kind}: service call has been retried 1 "
        f"time(s): failed to fetch secret {reference.name} from {place}: RequestCanceled: request "
        f'context canceled caused by: Post "https://{host}/": {{}}. Please check your task network '
        "configuration.",
    )


def _pull(image: str, registry: str) -> str:
    return (
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve "
        f'ref {image}: failed to do request: Head "https://{registry}/v2/": {{}}'
    )


def registry_of(image: str) -> str:
    """Return the host that an image comes from; Docker Hub where the reference names none.

    https://docs.docker.com/reference/cli/docker/image/tag/#description
    """
    first, slash, _ = image.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost"):
        return DOCKER_HUB
    return DOCKER_HUB if first == "docker.io" else first.partition(":")[0]


def unmet(wanted: Iterable[Need], lookup: Lookup | None, connect: Connect) -> str:
    """Return ECS's reason for the first endpoint that cannot be reached; empty if all can be.

    `lookup` asks the VPC's resolver; None: the VPC has none.
    """
    seen: dict[str, Probe] = {}
    for need in wanted:
        addresses = _resolve(need.host, lookup)
        if not addresses:
            return need.words.format(f"dial tcp: lookup {need.host}: no such host")
        if need.host not in seen:
            seen[need.host] = connect(addresses[0])
        if not seen[need.host].reachable:
            words = seen[need.host].words
            return need.words.format(f"dial tcp {addresses[0]}:{PORT}: {words}")
    return ""


def _resolve(host: str, lookup: Lookup | None) -> tuple[IPv4Address, ...]:
    if lookup is None:
        return ()
    found = lookup(host)
    # a registry that the region has no address for is somewhere on the internet
    return found if found is not None else (API,)
