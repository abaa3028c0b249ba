"""A stack's whole life on a target, with Terraform itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from drydock.aws.target import Target
from drydock.errors import CheckFailed, ProviderMissing, UsageError
from drydock.stack import PlanSummary, Stack, reading
from drydock.stack.finder import Terraform
from drydock.stack.tree import managed
from tests.stack.conftest import Rehearsal
from tests.support.minutes import takes_minutes

pytestmark = pytest.mark.terraform
Rehearse = Callable[[str], Rehearsal]

# Someone's stack for AWS: it names a profile, a bucket and a lock table that exist there alone.
REAL = """
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100"
    }
  }
  backend "s3" {
    bucket         = "the-real-bucket"
    key            = "team/app"
    region         = "eu-west-1"
    profile        = "prod"
    dynamodb_table = "the-real-locks"
  }
}
provider "aws" {
  profile = "prod"
}
resource "aws_cloudwatch_log_group" "x" {
  name = "/of/a/test"
}
output "name" {
  value = aws_cloudwatch_log_group.x.name
}
"""
# Terraform's built-in resource needs no provider: these stacks are quick.
SIMPLE = """
variable "secret" {
  type      = string
  default   = ""
  sensitive = true
}
resource "terraform_data" "x" {
  input = "one"
}
output "x" {
  value = terraform_data.x.output
}
output "hidden" {
  value     = var.secret
  sensitive = true
}
"""
WITH_S3 = 'terraform {\n  backend "s3" {}\n}\n' + SIMPLE


@takes_minutes
def test_a_stack_for_aws_lives_in_the_local_region_from_init_to_destroy(
    rehearse: Rehearse, aws_provider: None, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "prod")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    made = rehearse(REAL)
    stack = made.stack
    stack.init()
    assert "AWS provider" in made.lines[0]
    assert s3.get_bucket_versioning(Bucket=stack.state_bucket)["Status"] == "Enabled"
    access = s3.get_public_access_block(Bucket=stack.state_bucket)
    assert all(access["PublicAccessBlockConfiguration"].values())

    assert stack.plan() == PlanSummary(added=("aws_cloudwatch_log_group.x",), outputs=("name",))
    assert stack.plan_file.stat().st_mode & 0o777 == 0o600
    stack.apply()
    assert "Apply complete! Resources: 1 added" in made.said
    assert stack.output() == {"name": "/of/a/test"}
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=stack.state_bucket)["Contents"]]
    assert keys == ["team/app"], "the state, and no lock"

    stack.refresh()
    assert stack.plan().no_changes

    [loss] = stack.plan(destroy=True).findings
    assert loss.address == "aws_cloudwatch_log_group.x"
    with pytest.raises(
        CheckFailed, match=r"aws_cloudwatch_log_group\.x: destroyed: its log lines go"
    ):
        stack.apply()
    assert stack.output() == {"name": "/of/a/test"}, "nothing was changed"
    stack.apply(allow_replace=True)
    assert stack.output() == {}
    left = sorted(path.name for path in made.folder.iterdir())
    assert left == [".terraform.lock.hcl", "main.tf", "terraform.plan"]


@takes_minutes
def test_a_stack_without_a_backend_keeps_its_state_outside_its_folder(rehearse: Rehearse) -> None:
    made = rehearse(SIMPLE)
    stack = made.stack
    stack.init()
    stack.plan()
    stack.apply()
    assert stack.output()["x"] == "one"
    assert stack.plan().no_changes
    assert sorted(path.name for path in made.folder.iterdir()) == ["main.tf", "terraform.plan"]
    states = list(made.workspace.terraform.rglob("state-*/terraform.tfstate"))
    assert len(states) == 1

    another = made.pointed_at(Target.local(stack.target.endpoint, region_id="r2"))
    assert another.output() == {}, "a new region begins with nothing"
    assert another.plan().added == ("terraform_data.x",)

    stack.destroy()
    assert stack.output() == {}


@takes_minutes
def test_secrets_pass_by_the_environment_alone(
    rehearse: Rehearse, terraform: Terraform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_VAR_secret", "correct-horse")
    words = tmp_path / "argv"
    wrapper = tmp_path / "terraform"
    wrapper.write_text(f'#!/bin/sh\necho "$@" >> {words}\nexec {terraform.program} "$@"\n')
    wrapper.chmod(0o755)
    made = rehearse(WITH_S3)
    spied = Terraform(wrapper, terraform.version, terraform.is_tofu, terraform.platform)
    stack = Stack(
        made.folder,
        made.stack.target,
        made.workspace,
        terraform=spied,
        on_line=made.lines.append,
    )
    stack.init()
    stack.plan()
    stack.apply()
    assert stack.output()["hidden"] == "correct-horse"
    assert "apply" in words.read_text()
    assert "correct-horse" not in words.read_text()
    assert "correct-horse" not in made.said
    open_to_others = [
        path
        for path in (*made.workspace.folder.rglob("*"), stack.plan_file)
        if path.is_file() and path.stat().st_mode & 0o077 and _reachable(path, made.workspace.root)
    ]
    assert open_to_others == []


def _reachable(path: Path, root: Path) -> bool:
    """Whether another user could come as far as the file: every folder on the way lets him in."""
    folders = [folder for folder in path.parents if root in folder.parents]
    return all(folder.stat().st_mode & 0o011 for folder in folders)


@takes_minutes
def test_the_users_bucket_is_taken_where_one_is_named(
    rehearse: Rehearse, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_STATE_BUCKET", "my-own-state")
    stack = rehearse(WITH_S3).stack
    stack.init()
    stack.plan()
    stack.apply()
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket="my-own-state")["Contents"]]
    assert keys == ["terraform.tfstate"]


@takes_minutes
def test_aws_is_told_by_sts_and_the_state_is_where_it_was_said(
    rehearse: Rehearse, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = rehearse(WITH_S3)
    # moto stands for AWS: what matters is that the caller's own environment leads there.
    monkeypatch.setenv("AWS_ENDPOINT_URL", made.stack.target.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    monkeypatch.setenv("AWS_REGION", "ap-southeast-2")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    target = Target.aws()
    assert (target.account, target.region, target.is_local) == (
        "123456789012",
        "ap-southeast-2",
        False,
    )
    stack = made.pointed_at(target)
    with pytest.raises(UsageError, match="TF_STATE_BUCKET"):
        stack.init()
    monkeypatch.setenv("TF_STATE_BUCKET", "state-of-aws")
    where = {"LocationConstraint": "ap-southeast-2"}
    s3.create_bucket(Bucket="state-of-aws", CreateBucketConfiguration=where)
    stack.init()
    stack.plan()
    stack.apply()
    assert s3.list_objects_v2(Bucket="state-of-aws")["KeyCount"] == 1


@takes_minutes
def test_a_provider_that_no_source_has_is_said_so(
    rehearse: Rehearse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "mirror"
    empty.mkdir()
    config = tmp_path / "own.tfrc"
    config.write_text(
        f"disable_checkpoint = true\nprovider_installation {{\n"
        f'  filesystem_mirror {{\n    path = "{empty}"\n  }}\n}}\n'
    )
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(config))
    made = rehearse(REAL)
    with pytest.raises(ProviderMissing, match=r"own\.tfrc") as caught:
        made.stack.init()
    assert "mirror" in caught.value.remedy
    assert "hashicorp/aws" in made.said, "Terraform's own words were shown"


@takes_minutes
def test_a_preview_is_a_plan_that_is_not_kept(rehearse: Rehearse) -> None:
    made = rehearse(SIMPLE + 'variable "production" {\n  default = "false"\n}\n')
    made.stack.init()
    told = reading.preview(made.stack, {"production": "true"})
    assert told["variables"]["production"]["value"] == "true"
    assert [one["address"] for one in managed(told["planned_values"])] == ["terraform_data.x"]
    assert reading.saved_plan(made.stack) is None
    assert not list(made.workspace.folder.rglob("*.plan"))
    made.stack.plan()
    saved = reading.saved_plan(made.stack)
    assert saved is not None
    assert saved["variables"]["production"]["value"] == "false"
    made.stack.apply()
    assert reading.saved_plan(made.stack) is None, "it is used up"
    [standing] = reading.resources(reading.state(made.stack))
    assert (standing["address"], standing["type"]) == ("terraform_data.x", "terraform_data")
    with pytest.raises(UsageError, match="no variable nowhere"):
        reading.preview(made.stack, {"nowhere": "1"})


@takes_minutes
def test_another_backend_is_refused_before_anything_is_done(rehearse: Rehearse) -> None:
    made = rehearse('terraform {\n  backend "gcs" {\n    bucket = "b"\n  }\n}\n')
    with pytest.raises(UsageError, match="gcs"):
        made.stack.init()
    assert not made.workspace.folder.exists()
    assert [path.name for path in made.folder.iterdir()] == ["main.tf"]
