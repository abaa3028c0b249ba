"""`drydock bootstrap` against a region: the bucket, the roles, the user; and that twice is once."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber

from drydock.aws import clients
from drydock.aws.clients import Clients
from drydock.errors import OpsError
from drydock.ops.bootstrap import bucket, identity, policies, trust
from drydock.ops.bootstrap.identity import Role
from drydock.ops.bootstrap.rights import RIGHTS
from tests.support.commands import BIN
from tests.support.region import TestRegion

ROOT = Path(__file__).parents[2]
KINDS = {"aws_vpc", "aws_lb"}


@pytest.fixture(scope="module")
def aws(region: TestRegion) -> Clients:
    return clients.local(region.record.endpoint, region.record.region)


@pytest.fixture(scope="module")
def account(region: TestRegion) -> str:
    return region.record.account_id


def drydock(
    region: TestRegion, folder: Path, *words: str, answer: str = ""
) -> subprocess.CompletedProcess[str]:
    """As against AWS: TARGET=aws, with the SDK's ordinary chain of credentials and AWS_ENDPOINT_URL."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_"))
    }
    env = {
        "TARGET": "aws",
        "AWS_ENDPOINT_URL": region.record.endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": region.record.region,
        "AWS_CONFIG_FILE": str(folder / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "none"),
        "NO_COLOR": "1",
    }
    return subprocess.run(
        [str(BIN / "drydock"), "bootstrap", "--dir", str(ROOT / "infra"), *words],
        cwd=folder,
        env={**kept, **env},
        input=answer,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_bucket_is_versioned_encrypted_private_and_tls_only(aws: Clients, account: str) -> None:
    name = "bootstrap-state"
    assert bucket.ensure(aws, name, account=account, partition="aws") is True
    assert bucket.ensure(aws, name, account=account, partition="aws") is False
    s3 = aws.s3
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    rules = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    private = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    assert set(private.values()) == {True}
    statement = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"][0]
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    s3.put_object(Bucket=name, Key="state", Body=b"1")
    assert s3.get_object(Bucket=name, Key="state")["Body"].read() == b"1"
    s3.delete_object(Bucket=name, Key="state")
    rule = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"][0]
    assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] == bucket.KEPT_DAYS


def test_a_policy_without_conditions_still_denies(aws: Clients) -> None:
    where: Any = {"LocationConstraint": aws.region}
    aws.s3.create_bucket(Bucket="bootstrap-denied", CreateBucketConfiguration=where)
    one: dict[str, Any] = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::bootstrap-denied/*",
    }
    policy = {"Version": "2012-10-17", "Statement": one}
    aws.s3.put_bucket_policy(Bucket="bootstrap-denied", Policy=json.dumps(policy))
    with pytest.raises(aws.s3.exceptions.ClientError, match="403"):
        aws.s3.put_object(Bucket="bootstrap-denied", Key="x", Body=b"1")
    one["Condition"] = {"Bool": {"aws:SecureTransport": "false"}}
    aws.s3.put_bucket_policy(Bucket="bootstrap-denied", Policy=json.dumps(policy))
    aws.s3.put_object(Bucket="bootstrap-denied", Key="x", Body=b"1")


def test_a_bucket_of_another_account_is_left_alone(region: TestRegion) -> None:
    # moto does not judge ExpectedBucketOwner (5.2.5); S3 answers 403.
    own = clients.local(region.record.endpoint, region.record.region)
    with Stubber(own.s3) as stub:
        expected = {"Bucket": "theirs", "ExpectedBucketOwner": "1" * 12}
        stub.add_client_error("head_bucket", "403", http_status_code=403, expected_params=expected)
        with pytest.raises(OpsError, match="another account"):
            bucket.ensure(own, "theirs", account="1" * 12, partition="aws")
        stub.assert_no_pending_responses()


def test_a_role_has_just_the_rights_that_it_is_given_last(aws: Clients, account: str) -> None:
    scope = policies.Scope(account, aws.region, "boot", "boot-state")
    identity.ensure_provider(aws, account, "aws")
    provider = identity.ensure_provider(aws, account, "aws")
    found = aws.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider)
    assert found["ClientIDList"] == [trust.AUDIENCE]
    everything = policies.deploying(scope, set(RIGHTS))
    less = policies.deploying(scope, KINDS)
    assert len(everything) > len(less)

    def ensure(branch: str, documents: list[dict[str, Any]]) -> str:
        subjects = trust.subjects("o/r", branch, pull_requests=False)
        return identity.ensure_role(
            aws, Role("github-boot-apply", subjects, documents, "test"), account, "aws"
        )

    arn = ensure("main", everything)
    aws.iam.attach_role_policy(
        RoleName="github-boot-apply", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess"
    )
    for _ in range(7):  # more often than a policy has versions
        ensure("main", everything)
        assert ensure("master", less) == arn
    role: Any = aws.iam.get_role(RoleName="github-boot-apply")["Role"]
    statement = role["AssumeRolePolicyDocument"]["Statement"][0]
    assert statement["Principal"] == {"Federated": provider}
    subject = f"{trust.ISSUER}:sub"
    assert statement["Condition"]["StringEquals"][subject] == ["repo:o/r:ref:refs/heads/master"]
    attached = aws.iam.list_attached_role_policies(RoleName="github-boot-apply")["AttachedPolicies"]
    ours = sorted(one["PolicyArn"] for one in attached if ":policy/github-" in one["PolicyArn"])
    # What somebody else attached stays.
    assert len(attached) == len(ours) + 1
    documents = []
    for policy in ours:
        version = aws.iam.get_policy(PolicyArn=policy)["Policy"]["DefaultVersionId"]
        held = aws.iam.get_policy_version(PolicyArn=policy, VersionId=version)
        documents.append(held["PolicyVersion"]["Document"])
    assert documents == less


def test_a_users_key_is_shown_once_and_kept_nowhere(
    region: TestRegion, aws: Clients, tmp_path: Path
) -> None:
    first = drydock(region, tmp_path, "--prefix", "keys", "--iam-user", "-y")
    assert first.returncode == 0, first.stderr
    said = dict(line.split("=", 1) for line in first.stdout.splitlines())
    assert (
        said["TF_STATE_BUCKET"] == f"keys-terraform-state-{region.record.account_id}-{aws.region}"
    )
    keys = aws.iam.list_access_keys(UserName="github-keys-user")["AccessKeyMetadata"]
    assert [key["AccessKeyId"] for key in keys] == [said["AWS_ACCESS_KEY_ID"]]
    secret = said["AWS_SECRET_ACCESS_KEY"]
    assert secret not in first.stderr
    assert not [
        file for file in tmp_path.rglob("*") if file.is_file() and secret in file.read_text()
    ]
    again = drydock(region, tmp_path, "--prefix", "keys", "--iam-user", "-y")
    assert again.returncode == 0, again.stderr
    assert "SECRET" not in again.stdout
    assert "has a key already" in again.stderr


def test_it_says_where_and_what_and_asks_first(
    region: TestRegion, aws: Clients, tmp_path: Path
) -> None:
    done = drydock(region, tmp_path, "--bucket", "asked-first", "--github", "o/r", answer="n\n")
    assert done.returncode == 2
    where = f"AWS account {region.record.account_id}, region {region.record.region}"
    assert where in done.stderr
    assert "the bucket asked-first" in done.stderr
    assert "github-tasklist-apply for repo:o/r:ref:refs/heads/master" in done.stderr
    assert "nothing was changed" in done.stderr
    assert "asked-first" not in [one["Name"] for one in aws.s3.list_buckets()["Buckets"]]


def test_github_gets_two_roles(region: TestRegion, aws: Clients, tmp_path: Path) -> None:
    words = ("--prefix", "hub", "--github", "o/r", "--branch", "release")
    done = drydock(region, tmp_path, *words, "-y")
    assert done.returncode == 0, done.stderr
    said = dict(line.split("=", 1) for line in done.stdout.splitlines())
    account = region.record.account_id
    assert said["AWS_ROLE_ARN"] == f"arn:aws:iam::{account}:role/github-hub-apply"
    assert said["AWS_PLAN_ROLE_ARN"] == f"arn:aws:iam::{account}:role/github-hub-plan"
    printed = drydock(region, tmp_path, *words, "--print")
    documents = json.loads(printed.stdout)
    assert [one["name"] for one in documents["roles"]] == ["github-hub-apply", "github-hub-plan"]
    held = aws.iam.get_policy_version(
        PolicyArn=f"arn:aws:iam::{account}:policy/github-hub-apply-1", VersionId="v1"
    )
    assert held["PolicyVersion"]["Document"] == documents["roles"][0]["policies"][0]


def test_printing_changes_nothing(region: TestRegion, aws: Clients, tmp_path: Path) -> None:
    done = drydock(region, tmp_path, "--bucket", "only-printed", "--iam-user", "--print")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["bucket"]["name"] == "only-printed"
    assert "only-printed" not in [one["Name"] for one in aws.s3.list_buckets()["Buckets"]]
