"""What Terraform did not find: its own words (AWS provider 5.100) → an id and lines that can be pasted."""

from __future__ import annotations

from pathlib import Path

import pytest

from drydock.config import load
from drydock.stack.declaration import advice, declaration
from drydock.stack.missing import Missing, missing, undeclared

CERTIFICATE = (
    "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a0b0c0d-1234-1234-1234-123456789012"
)
SECRET = "arn:aws:secretsmanager:ap-southeast-2:123456789012:secret:db-AbCdEf"
KEY = "12345678-1234-1234-1234-123456789012"
CALL = "https response error StatusCode: 400, RequestID: eyeDDfsuULh8SRfAY5GM, "


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (
            f"Error: creating EC2 Security Group: operation error EC2: CreateSecurityGroup, {CALL}"
            "api error InvalidVpcID.NotFound: VpcID vpc-0123456789abcdef0 does not exist.",
            Missing("vpc", "vpc-0123456789abcdef0"),
        ),
        (
            f"Error: creating RDS DB Subnet Group (x): operation error RDS: CreateDBSubnetGroup, {CALL}"
            "api error InvalidSubnetID.NotFound: The subnet ID 'subnet-0123456789abcdef0' does not exist",
            Missing("subnet", "subnet-0123456789abcdef0"),
        ),
        (
            "Error: reading Route 53 Hosted Zone (Z0123456789ABCDEFGHIJ): couldn't find resource",
            Missing("zone", "Z0123456789ABCDEFGHIJ"),
        ),
        (
            f"Error: creating ELBv2 Listener: operation error Elastic Load Balancing v2: {CALL}"
            f"CertificateNotFound: Certificate '{CERTIFICATE}' not found",
            Missing("certificate", CERTIFICATE),
        ),
        (
            f"Error: reading Secrets Manager Secret ({SECRET}): couldn't find resource",
            Missing("secret", SECRET),
        ),
        (
            f"Error: putting Secrets Manager Secret ({SECRET}) value: operation error Secrets Manager:"
            f" PutSecretValue, {CALL}ResourceNotFoundException: Secrets Manager can't find it.",
            Missing("secret", SECRET),
        ),
        (
            "Error: reading SSM Parameter (/app/key): couldn't find resource",
            Missing("parameter", "/app/key"),
        ),
        (
            f"Error: creating ECR Lifecycle Policy (team/app): {CALL}RepositoryNotFoundException: "
            "The repository with name 'team/app' does not exist in the registry with id '1'",
            Missing("repository", "team/app"),
        ),
        ("Error: reading KMS Alias (alias/app): empty result", Missing("alias", "alias/app")),
        (f"Error: reading KMS Key ({KEY}): couldn't find resource", Missing("key", KEY)),
        (
            f"Error: uploading S3 Object (x) to Bucket (old-one): operation error S3: {CALL}"
            "HostID: 9Gjjt1m+cjU4=, api error NoSuchBucket: The specified bucket does not exist",
            Missing("bucket", "old-one"),
        ),
        (
            "Error: reading S3 Bucket (old-one): couldn't find resource",
            Missing("bucket", "old-one"),
        ),
    ],
)
def test_an_id_that_terraform_says(words: str, found: Missing) -> None:
    assert missing(words, {}, lambda _: "") == [found]


@pytest.mark.parametrize(
    "words",
    [
        "Error: creating ECS Service (app): ClusterNotFoundException: Cluster not found.",
        "Error: Invalid value for variable",
        # two messages are not read as one
        "Error: api error InvalidVpcID.NotFound: gone Error: in vpc-0123456789abcdef0: other",
    ],
)
def test_other_errors_say_nothing(words: str) -> None:
    assert missing(words, {}, lambda _: "") == []


UNNAMED = 'Error: {} with data.x.y, on main.tf line 3, in data "x" "y": 3: data "x" "y" {{'


@pytest.mark.parametrize(
    ("words", "body", "found"),
    [
        ("no matching EC2 VPC found", "id = var.vpc_id", Missing("vpc", "vpc-0123456789abcdef0")),
        (
            "no matching EC2 VPC found",
            'id = "vpc-0123456789abcdef1"',
            Missing("vpc", "vpc-0123456789abcdef1"),
        ),
        ("no matching EC2 VPC found", 'tags = { Name = "main" }', Missing("vpc", "")),
        (
            "no matching Route 53 Hosted Zone found",
            'name = "${var.domain_name}."',
            Missing("zone", "shop.test"),
        ),
        (
            "reading ACM Certificates: empty result",
            'domain = "www.shop.test"',
            Missing("certificate", "www.shop.test"),
        ),
    ],
)
def test_an_id_that_terraform_does_not_say_is_in_the_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, body: str, found: Missing
) -> None:
    text = f'locals {{\n}}\ndata "x" "y" {{\n  {body}\n}}\ndata "x" "z" {{\n  id = "vpc-00000000"\n}}\n'
    (tmp_path / "main.tf").write_text(text)
    (tmp_path / "terraform.tfvars").write_text('domain_name = "shop.test"\n')
    monkeypatch.setenv("TF_VAR_vpc_id", "vpc-0123456789abcdef0")
    assert undeclared(UNNAMED.format(words), tmp_path) == [found]


def test_the_lines_can_be_pasted(tmp_path: Path) -> None:
    found = [
        Missing("vpc", "vpc-0123456789abcdef0"),
        Missing("vpc", ""),
        Missing("subnet", "subnet-0123456789abcdef0"),
        Missing("zone", "shop.test"),
        Missing("zone", "Z0123456789ABCDEFGHIJ"),
        Missing("certificate", CERTIFICATE),
        Missing("secret", SECRET),
        Missing("secret", "app/db"),
        Missing("parameter", "/app/key"),
        Missing("repository", "team/app"),
        Missing("key", KEY),
        Missing("alias", "alias/app"),
        Missing("bucket", "old-one"),
    ]
    (tmp_path / "drydock.toml").write_text(declaration(found, "ap-southeast-2"))
    account = load(tmp_path).account
    assert account.vpcs[0].id == "vpc-0123456789abcdef0"
    assert account.vpcs[0].subnets[0].id == "subnet-0123456789abcdef0"
    assert [one.public for one in account.vpcs[0].subnets] == [True, True, False, False]
    assert len(account.vpcs) == 2
    assert [one.name for one in account.hosted_zones] == ["shop.test", "example.com"]
    assert account.certificates[0].arn == CERTIFICATE
    assert [one.full_name for one in account.secrets] == ["db", "app/db"]
    assert account.parameters[0].name == "/app/key"
    assert account.repositories[0].name == "team/app"
    assert [one.key_id or one.alias for one in account.kms_keys] == [KEY, "alias/app"]
    assert account.buckets[0].name == "old-one"
    words = advice(found[:1], "ap-southeast-2")
    assert "drydock region stop" in words
    assert 'id = "vpc-0123456789abcdef0"' in words


def test_what_nobody_names_has_a_place_to_be_written(tmp_path: Path) -> None:
    (tmp_path / "drydock.toml").write_text(declaration([Missing("subnet", "")], "eu-west-1"))
    assert "eu-west-1" in (tmp_path / "drydock.toml").read_text()
    text = declaration([Missing("certificate", "www.shop.test")], "eu-west-1")
    assert 'domain_names = ["www.shop.test"]' in text
    assert "its own" in text
