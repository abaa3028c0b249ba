"""What a container needs from outside, and ECS's words where no packet gets there."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from drydock.region.addresses import address_of, public_names
from drydock.region.dataplane.network.probing import Probe
from drydock.region.services.ecs.controller.definitions import ContainerPlan, LogTarget
from drydock.region.services.ecs.controller.needs import needs, registry_of, unmet

REGION, ACCOUNT = "ap-southeast-2", "123456789012"
ECR = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-AbCdEf"
PLAN = ContainerPlan(
    name="app",
    image="tasklist:latest",
    essential=True,
    entrypoint=None,
    command=None,
    working_dir="",
    user="",
    environment={},
    secrets={},
    log=None,
    stop_timeout=30,
)


def hosts(plan: ContainerPlan) -> list[str]:
    return [need.host for need in needs(plan, REGION, ACCOUNT)]


@pytest.mark.parametrize(
    ("image", "host"),
    [
        ("tasklist:latest", "registry-1.docker.io"),
        ("servian/techchallengeapp", "registry-1.docker.io"),
        ("docker.io/library/nginx", "registry-1.docker.io"),
        ("ghcr.io/a/b:1", "ghcr.io"),
        ("localhost:5000/x", "localhost"),
        (f"{ECR}/app@sha256:0", ECR),
    ],
)
def test_where_an_image_comes_from(image: str, host: str) -> None:
    assert registry_of(image) == host


def test_secrets_come_before_the_image_and_logs_after_it() -> None:
    plan = replace(
        PLAN,
        secrets={"A": f"{SECRET}:password::", "B": "/app/key"},
        log=LogTarget("/ecs/app", "s"),
    )
    assert hosts(plan) == [
        f"secretsmanager.{REGION}.amazonaws.com",
        f"ssm.{REGION}.amazonaws.com",
        "registry-1.docker.io",
        f"logs.{REGION}.amazonaws.com",
    ]


def test_an_image_in_ecr_needs_its_api_its_registry_and_s3() -> None:
    assert hosts(replace(PLAN, image=f"{ECR}/app:1")) == [
        f"api.ecr.{REGION}.amazonaws.com",
        ECR,
        f"s3.{REGION}.amazonaws.com",
    ]


def reason(plan: ContainerPlan, *closed: str, resolves: bool = True) -> str:
    names = public_names(REGION, ACCOUNT)
    shut = {address_of(service) for service in closed}
    return unmet(
        needs(plan, REGION, ACCOUNT),
        (lambda name: (names[name],) if name in names else None) if resolves else None,
        lambda address: Probe(False, "i/o timeout") if address in shut else Probe(True),
    )


def test_with_a_way_out_there_is_nothing_to_say() -> None:
    assert reason(replace(PLAN, secrets={"A": SECRET}, log=LogTarget("g", "s"))) == ""


def test_each_thing_that_is_missing_has_ecss_words() -> None:
    image = reason(PLAN, "registry-1.docker.io")
    assert image.startswith("CannotPullContainerError: pull image manifest has been retried")
    assert "i/o timeout" in image
    secret = reason(replace(PLAN, secrets={"A": SECRET}), "secretsmanager")
    assert secret.startswith("ResourceInitializationError: unable to pull secrets or registry auth")
    assert SECRET in secret
    logs = reason(replace(PLAN, log=LogTarget("g", "s")), "logs")
    assert logs.startswith("ResourceInitializationError: failed to validate logger args")


def test_a_vpc_that_resolves_nothing() -> None:
    assert "lookup registry-1.docker.io: no such host" in reason(PLAN, resolves=False)


def test_a_registry_that_nobody_knows_is_on_the_internet() -> None:
    assert reason(replace(PLAN, image="ghcr.io/a/b:1")) == ""
    assert "198.18.0.1:443: i/o timeout" in reason(replace(PLAN, image="ghcr.io/a/b:1"), "ec2")
    assert address_of("ec2") == IPv4Address("198.18.0.1")
