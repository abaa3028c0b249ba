"""The whole stack under exactly the rights that `drydock bootstrap` gives: a missing one fails here.

The region judges every call by IAM. The plan's comment is made of this real plan, too.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from drydock.stack.finder import Terraform
from tests.support import region
from tests.support.commands import Drydock
from tests.support.minutes import with_test_all

INFRA = Path(__file__).parents[2] / "infra"

pytestmark = [
    pytest.mark.region,
    pytest.mark.terraform,
    pytest.mark.timeout(900),
    with_test_all("takes three minutes"),
]


@pytest.fixture
def drydock(tmp_path: Path, terraform: Terraform, aws_provider: None) -> Iterator[Drydock]:
    if reason := region.why_not():
        pytest.skip(f"no region on this machine: {reason}")
    drydock = Drydock.prepare(tmp_path)
    skipped = shutil.ignore_patterns("terraform.plan*", ".terraform*")
    shutil.copytree(INFRA, tmp_path / "infra", ignore=skipped)
    yield drydock
    drydock("down", env={"TARGET": "local"})


def test_the_rights_are_enough_from_the_first_plan_to_the_last_deletion(drydock: Drydock) -> None:
    started = drydock("region", "start", "--enforce-iam")
    assert started.returncode == 0, started.stderr
    made = drydock("bootstrap", "--iam-user", "-y")
    assert made.returncode == 0, made.stderr
    user = dict(line.split("=", 1) for line in made.stdout.splitlines())
    endpoint = json.loads((drydock.folder / ".drydock/region/region.json").read_text())["endpoint"]
    user |= {"TARGET": "aws", "AWS_ENDPOINT_URL": endpoint, "AWS_MAX_ATTEMPTS": "2"}

    def step(*words: str, code: int = 0) -> str:
        done = drydock(*words, env=user, timeout=300)
        assert done.returncode == code, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    step("init")
    step("plan")
    step("ci", "comment", "--file", "comment.md")
    comment = (drydock.folder / "comment.md").read_text()
    assert "### Terraform plan of `infra`: 51 to add" in comment
    assert "Cost: " in comment
    assert "module.service.aws_ecs_service.app" in comment
    assert user["AWS_SECRET_ACCESS_KEY"] not in comment
    step("ci", "drift", "--file", "drift.md", code=3)
    step("apply")
    assert "migrated" in step("update-db")
    step("plan")
    step("ci", "drift", "--file", "none.md")
    assert not (drydock.folder / "none.md").exists()
    assert_no_more(user)
    step("destroy", "-y")


def assert_no_more(user: dict[str, str]) -> None:
    """What the stack does not need is refused."""
    session = boto3.Session(
        user["AWS_ACCESS_KEY_ID"], user["AWS_SECRET_ACCESS_KEY"], region_name=user["AWS_REGION"]
    )
    iam = session.client("iam", endpoint_url=user["AWS_ENDPOINT_URL"])
    s3 = session.client("s3", endpoint_url=user["AWS_ENDPOINT_URL"])
    administrator = "arn:aws:iam::aws:policy/AdministratorAccess"
    refused: tuple[Callable[[], object], ...] = (
        lambda: iam.create_user(UserName="another"),
        lambda: iam.attach_role_policy(RoleName="tasklist-task", PolicyArn=administrator),
        lambda: iam.create_access_key(UserName="github-tasklist-user"),
        lambda: s3.delete_bucket(Bucket=user["TF_STATE_BUCKET"]),
        lambda: s3.delete_object(Bucket=user["TF_STATE_BUCKET"], Key="terraform.tfstate"),
    )
    for asked in refused:
        with pytest.raises(ClientError) as caught:
            asked()
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
