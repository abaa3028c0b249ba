"""A stack is destroyed to the last: filled buckets, images, protection; and a lock that is in the way."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from drydock.aws import clients
from drydock.aws.clients import Clients
from drydock.errors import CheckFailed, StackError, StateLocked
from drydock.stack import reading
from drydock.stack.state_lock import Holder
from drydock.stack.teardown.contents import client
from drydock.stack.teardown.teardown import Teardown
from tests.stack.conftest import Rehearsal
from tests.stack.test_life import WITH_S3
from tests.support.minutes import takes_minutes

pytestmark = pytest.mark.terraform
Rehearse = Callable[[str], Rehearsal]
LOCK_ID = "8f3c9c1e-6a3e-9c0f-1111-0a1b2c3d4e5f"

FILLED = """
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100"
    }
  }
  backend "s3" {}
}
provider "aws" {
  default_tags {
    tags = { Application = "torn-down" }
  }
}
resource "aws_s3_bucket" "logs" {
  bucket = "torn-down-logs"
}
resource "aws_s3_bucket_versioning" "logs" {
  bucket = aws_s3_bucket.logs.id
  versioning_configuration {
    status = "Enabled"
  }
}
resource "aws_ecr_repository" "app" {
  name = "torn-down"
}
resource "aws_dynamodb_table" "t" {
  name                        = "torn-down"
  hash_key                    = "k"
  billing_mode                = "PAY_PER_REQUEST"
  deletion_protection_enabled = true
  attribute {
    name = "k"
    type = "S"
  }
}
"""


def manifest() -> str:
    part = {"mediaType": "x", "size": 1, "digest": "sha256:" + "0" * 64}
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    return json.dumps({"schemaVersion": 2, "mediaType": kind, "config": part, "layers": [part]})


@pytest.fixture
def filled(rehearse: Rehearse, aws_provider: None, s3: Any) -> tuple[Rehearsal, Clients]:
    made = rehearse(FILLED)
    made.stack.init()
    made.stack.plan()
    made.stack.apply()
    api = clients.local(made.stack.target.endpoint, made.stack.target.region)
    for body in (b"one", b"two"):
        s3.put_object(Bucket="torn-down-logs", Key="a/log", Body=body)
    s3.delete_object(Bucket="torn-down-logs", Key="a/log")
    client(api, "ecr").put_image(repositoryName="torn-down", imageManifest=manifest(), imageTag="1")
    # Somebody else's, under the same tags: neither destroyed nor held against the stack.
    api.ec2.create_volume(
        AvailabilityZone="ap-southeast-2a",
        Size=1,
        TagSpecifications=[
            {"ResourceType": "volume", "Tags": [{"Key": "Application", "Value": "torn-down"}]}
        ],
    )
    return made, api


@takes_minutes
def test_filled_and_protected_it_goes_to_the_last(
    filled: tuple[Rehearsal, Clients], s3: Any
) -> None:
    made, api = filled
    said: list[str] = []
    teardown = Teardown(made.stack, api, said.append)
    assert teardown.contents() == ["bucket torn-down-logs", "repository torn-down"]
    with pytest.raises(StackError, match=r"aws_dynamodb_table\.t") as refused:
        teardown.run()
    assert "--disable-protection" in refused.value.remedy
    assert len(s3.list_object_versions(Bucket="torn-down-logs")["Versions"]) == 2, "untouched"

    teardown.run(disable_protection=True)
    assert any("aws_dynamodb_table.t turned off" in line for line in said)
    assert any("bucket torn-down-logs emptied (3 versions)" in line for line in said)
    assert any("repository torn-down emptied (1 images)" in line for line in said)
    # What came to be under the stack's tags meanwhile is its debris.
    group = api.ec2.create_security_group(
        GroupName="debris",
        Description="debris",
        TagSpecifications=[
            {
                "ResourceType": "security-group",
                "Tags": [{"Key": "Application", "Value": "torn-down"}],
            }
        ],
    )["GroupId"]
    with pytest.raises(CheckFailed) as left:
        teardown.report()
    assert group in str(left.value)
    assert "vol-" not in str(left.value)

    # A later run finds it by what the first has written down: the state tells nothing any more.
    api.ec2.delete_security_group(GroupId=group)
    again = Teardown(made.stack, api, said.append)
    again.run()
    again.report()
    assert "nothing is left that carries Application=torn-down" in said[-1]
    assert any("of another stack" in line for line in said)


@pytest.fixture
def locked(rehearse: Rehearse, s3: Any) -> Rehearsal:
    made = rehearse(WITH_S3)
    made.stack.init()
    held = {
        "ID": LOCK_ID,
        "Operation": "OperationTypeApply",
        "Info": "",
        "Who": "ann@laptop",
        "Version": "1.11.4",
        "Created": "2026-11-23T10:00:00.123456Z",
        "Path": "x",
    }
    s3.put_object(
        Bucket=made.stack.state_bucket,
        Key="terraform.tfstate.tflock",
        Body=json.dumps(held).encode(),
    )
    return made


def test_a_second_step_waits_for_the_first_to_let_go(locked: Rehearsal, s3: Any) -> None:
    lock = {"Bucket": locked.stack.state_bucket, "Key": "terraform.tfstate.tflock"}
    letting_go = threading.Timer(2, lambda: s3.delete_object(**lock))
    letting_go.start()
    try:
        assert locked.stack.plan().added == ("terraform_data.x",)
        assert not letting_go.is_alive(), "it has waited"
    finally:
        letting_go.cancel()
        letting_go.join()


def test_a_held_lock_tells_who_and_since_when_and_can_be_released(
    locked: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_CLI_ARGS_plan", "-lock-timeout=1s")
    stack = locked.stack
    with pytest.raises(StateLocked, match="ann@laptop holds it since 2026-11-23 10:00:00") as held:
        stack.plan()
    assert f"drydock unlock {LOCK_ID}" in held.value.remedy
    assert not Path(stack.plan_file).exists()
    holder = reading.holder(stack)
    assert isinstance(holder, Holder)
    assert (holder.id, holder.who) == (LOCK_ID, "ann@laptop")
    stack.unlock(holder.id)
    assert reading.holder(stack) is None
    assert stack.plan().added == ("terraform_data.x",)
