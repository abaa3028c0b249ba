"""The AWS CLI talks to the region with nothing but the environment that `drydock env` prints."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.scenario import Scenario
from tests.support.service import Service
from tests.support.web import Site

pytestmark = pytest.mark.region

AWS = Path(sys.executable).with_name("aws")


@pytest.fixture(scope="module")
def site(scenario: Scenario) -> Iterator[Site]:
    if not AWS.exists():
        pytest.skip("the AWS CLI is not installed beside this Python")
    site = Site.build(scenario)
    service = Service(scenario, site.service("cli", scenario.define("web:1", ["cli"]), 2))
    site.wait_healthy(2)
    yield site
    service.delete()
    site.delete()


@pytest.fixture(scope="module")
def environment(site: Site, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A shell that has evaluated `drydock env`."""
    folder = site.scenario.region.workspace.root
    elsewhere = {"AWS_PROFILE": "production", "AWS_ENDPOINT_URL_ECS": "http://127.0.0.1:1"}
    drydock = shlex.quote(str(AWS.with_name("drydock")))
    script = f'eval "$({drydock} env)"; env -0'
    shell = subprocess.run(
        ["sh", "-euc", script],
        cwd=folder,
        env={**os.environ, **elsewhere, "HOME": str(tmp_path_factory.mktemp("home"))},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(line.split("=", 1) for line in shell.stdout.split("\0") if line)


def aws(environment: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        [str(AWS), *words], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_ecs_list_tasks(site: Site, environment: dict[str, str]) -> None:
    cluster = site.scenario.cluster
    answer: dict[str, Any] = json.loads(
        aws(environment, "ecs", "list-tasks", "--cluster", cluster, "--service-name", "cli")
    )
    assert set(answer["taskArns"]) == Service(site.scenario, "cli").running()


def test_elbv2_describe_target_health(site: Site, environment: dict[str, str]) -> None:
    words = ("--query", "TargetHealthDescriptions[].TargetHealth.State", "--output", "text")
    states = aws(
        environment, "elbv2", "describe-target-health", "--target-group-arn", site.group, *words
    )
    assert states.split() == ["healthy", "healthy"]


def test_logs_filter_log_events(site: Site, environment: dict[str, str]) -> None:
    """What `aws logs tail` of the AWS CLI 2 asks for; PyPI has version 1, which lacks `tail`."""
    words = ("--interleaved", "--query", "events[].message", "--output", "text")
    group = site.scenario.log_group
    start = ("--start-time", str(int((time.time() - 600) * 1000)))
    lines = aws(environment, "logs", "filter-log-events", "--log-group-name", group, *start, *words)
    assert lines.count("serving cli") >= 2


def test_ecs_wait_services_stable(site: Site, environment: dict[str, str]) -> None:
    aws(environment, "ecs", "wait", "services-stable", "--cluster", site.scenario.cluster,
        "--services", "cli")  # fmt: skip


def test_s3_keeps_keys_and_metadata_as_they_are(
    scenario: Scenario, environment: dict[str, str], tmp_path: Path
) -> None:
    bucket, there, back = "drydock-cli-keys", tmp_path / "there", tmp_path / "back"
    s3 = scenario.region.client("s3")
    where = {"LocationConstraint": scenario.region.record.region}
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
    names = {"a/b", "a%2Fb", "100%25", "x?y", "plus+ blank", "käse"}
    for name in names:
        (there / name).parent.mkdir(parents=True, exist_ok=True)
        (there / name).write_text(name)
    words = ("--recursive", "--metadata", "with_one=1,with-two=2")
    aws(environment, "s3", "cp", str(there), f"s3://{bucket}", *words)
    aws(environment, "s3", "cp", "--recursive", f"s3://{bucket}", str(back))
    listed = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert {one["Key"] for one in listed} == names
    assert {name: (back / name).read_text() for name in names} == {name: name for name in names}
    found = s3.head_object(Bucket=bucket, Key="a%2Fb")["Metadata"]
    assert found == {"with_one": "1", "with-two": "2"}
