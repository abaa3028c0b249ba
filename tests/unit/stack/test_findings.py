"""What loses data, interrupts service or lays something open is named; what does not is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from drydock.stack.findings import Finding, findings

UP, DOWN, NEW, ANEW = ["update"], ["delete"], ["create"], ["delete", "create"]
EARLY = ["create", "delete"]
STANDS = {"values": {"root_module": {"resources": [{"address": "aws_vpc.x", "mode": "managed"}]}}}
PLANS = Path(__file__).parents[1] / "fixtures" / "plans"


def found(
    kind: str,
    actions: list[str],
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    *,
    stands: bool = True,
    **more: Any,
) -> list[tuple[str, str]]:
    plan = {
        "prior_state": STANDS if stands else {},
        "resource_changes": [
            {
                "address": f"{kind}.this",
                "type": kind,
                "change": {"actions": actions, "before": before, "after": after, **more},
            }
        ],
    }
    return [(one.kind, one.words) for one in findings(plan)]


LOSSES: list[tuple[str, str, list[str], dict[str, Any], dict[str, Any], str]] = [
    ("data", "aws_rds_cluster", DOWN, {"skip_final_snapshot": True}, {}, "no final snapshot"),
    ("data", "aws_rds_cluster", ANEW, {"skip_final_snapshot": False}, {}, "a final snapshot stays"),
    ("data", "aws_db_instance", DOWN, {}, {}, "no final snapshot"),
    ("service", "aws_rds_cluster_instance", ANEW, {}, {}, "fails over"),
    ("data", "aws_dynamodb_table", DOWN, {}, {}, "the table"),
    ("data", "aws_ecr_repository", DOWN, {}, {}, "images"),
    ("service", "aws_lb", ANEW, {}, {}, "DNS name"),
    ("service", "aws_lb_target_group", EARLY, {}, {}, "first made anew"),
    ("service", "aws_lb_listener", DOWN, {}, {}, "answers nobody"),
    ("service", "aws_subnet", ANEW, {}, {}, "everything that is in it"),
    ("service", "aws_vpc", DOWN, {}, {}, "everything that is in it"),
    ("service", "aws_nat_gateway", DOWN, {}, {}, "another address"),
    ("service", "aws_ecs_service", ANEW, {}, {}, "tasks stop"),
    ("data", "aws_s3_bucket", DOWN, {"force_destroy": True}, {}, "every object goes"),
    ("data", "aws_s3_bucket", ANEW, {"force_destroy": False}, {}, "AWS refuses"),
    (
        "data",
        "aws_s3_bucket_versioning",
        UP,
        {"versioning_configuration": [{"status": "Enabled"}]},
        {"versioning_configuration": [{"status": "Suspended"}]},
        "versioning is turned off",
    ),
    ("data", "aws_kms_key", DOWN, {"deletion_window_in_days": 7}, {}, "in 7 days"),
    ("service", "aws_kms_key", UP, {"is_enabled": True}, {"is_enabled": False}, "disabled"),
    ("data", "aws_secretsmanager_secret", DOWN, {"recovery_window_in_days": 0}, {}, "at once"),
    ("data", "aws_secretsmanager_secret", DOWN, {}, {}, "after 30 days"),
    ("data", "aws_cloudwatch_log_group", DOWN, {}, {}, "its log lines go"),
    (
        "data",
        "aws_cloudwatch_log_group",
        UP,
        {"retention_in_days": 365},
        {"retention_in_days": 30},
        "30 days instead of 365",
    ),
    (
        "data",
        "aws_cloudwatch_log_group",
        UP,
        {"retention_in_days": 0},
        {"retention_in_days": 30},
        "instead of everything",
    ),
    (
        "data",
        "aws_rds_cluster",
        UP,
        {"backup_retention_period": 7},
        {"backup_retention_period": 1},
        "backups are kept 1 days",
    ),
    (
        "service",
        "aws_rds_cluster",
        UP,
        {"engine": "aurora-postgresql", "engine_version": "15.4"},
        {"engine": "aurora-postgresql", "engine_version": "16"},
        "from 15 to 16",
    ),
    (
        "service",
        "aws_rds_cluster_instance",
        UP,
        {"instance_class": "db.serverless"},
        {"instance_class": "db.r6g.large"},
        "it restarts",
    ),
    (
        "exposure",
        "aws_db_instance",
        UP,
        {"publicly_accessible": False},
        {"publicly_accessible": True},
        "public address",
    ),
    (
        "protection",
        "aws_rds_cluster",
        UP,
        {"deletion_protection": True},
        {"deletion_protection": False},
        "turned off",
    ),
    (
        "protection",
        "aws_lb",
        UP,
        {"enable_deletion_protection": True},
        {"enable_deletion_protection": False},
        "turned off",
    ),
    ("service", "aws_ecs_service", UP, {"desired_count": 2}, {"desired_count": 0}, "to none"),
    ("service", "aws_route53_record", DOWN, {"name": "shop", "fqdn": "shop.x.org"}, {}, "shop.x"),
    (
        "exposure",
        "aws_vpc_security_group_ingress_rule",
        NEW,
        {},
        {"cidr_ipv4": "0.0.0.0/0", "ip_protocol": "tcp", "from_port": 5432, "to_port": 5432},
        "tcp 5432 is opened",
    ),
    (
        "exposure",
        "aws_security_group_rule",
        UP,
        {"type": "ingress", "cidr_blocks": ["10.0.0.0/8"], "protocol": "-1"},
        {"type": "ingress", "cidr_blocks": ["10.0.0.0/8", "0.0.0.0/0"], "protocol": "-1"},
        "every port is opened",
    ),
    (
        "exposure",
        "aws_security_group",
        UP,
        {"ingress": []},
        {
            "ingress": [
                {"ipv6_cidr_blocks": ["::/0"], "protocol": "tcp", "from_port": 1, "to_port": 9}
            ]
        },
        "tcp 1 to 9 is opened",
    ),
    (
        "exposure",
        "aws_s3_bucket_public_access_block",
        UP,
        {"block_public_acls": True},
        {"block_public_acls": False},
        "made public",
    ),
]


@pytest.mark.parametrize(("what", "kind", "actions", "before", "after", "words"), LOSSES)
def test_a_loss_is_named(
    what: str,
    kind: str,
    actions: list[str],
    before: dict[str, Any],
    after: dict[str, Any],
    words: str,
) -> None:
    [(said, text)] = found(kind, actions, before, after)
    assert said == what
    assert words in text


FINE: list[tuple[str, list[str], dict[str, Any], dict[str, Any]]] = [
    ("aws_ecs_task_definition", ANEW, {}, {}),
    ("aws_ecs_service", UP, {"desired_count": 2}, {"desired_count": 3}),
    ("aws_ecs_service", UP, {"desired_count": 0}, {"desired_count": 0}),
    ("aws_rds_cluster", UP, {"engine_version": "16"}, {}),
    (
        "aws_rds_cluster",
        UP,
        {"engine": "aurora-postgresql", "engine_version": "16.4"},
        {"engine": "aurora-postgresql", "engine_version": "16.8"},
    ),
    ("aws_rds_cluster", UP, {"deletion_protection": False}, {"deletion_protection": True}),
    ("aws_cloudwatch_log_group", UP, {"retention_in_days": 30}, {"retention_in_days": 365}),
    ("aws_cloudwatch_log_group", UP, {"retention_in_days": 30}, {"retention_in_days": 0}),
    ("aws_cloudwatch_log_group", DOWN, {"skip_destroy": True}, {}),
    ("aws_route53_record", DOWN, {"name": "_abc.shop.x.org"}, {}),
    ("aws_iam_role_policy", DOWN, {}, {}),
    ("aws_vpc_security_group_egress_rule", NEW, {}, {"cidr_ipv4": "0.0.0.0/0"}),
    (
        "aws_vpc_security_group_ingress_rule",
        NEW,
        {},
        {"cidr_ipv4": "0.0.0.0/0", "ip_protocol": "tcp", "from_port": 443, "to_port": 443},
    ),
    ("aws_security_group_rule", DOWN, {"type": "ingress", "cidr_blocks": ["0.0.0.0/0"]}, {}),
    ("aws_security_group_rule", NEW, {}, {"type": "egress", "cidr_blocks": ["0.0.0.0/0"]}),
    ("aws_rds_cluster", NEW, {}, {"skip_final_snapshot": True}),
]


@pytest.mark.parametrize(("kind", "actions", "before", "after"), FINE)
def test_what_loses_nothing_is_passed_over(
    kind: str, actions: list[str], before: dict[str, Any], after: dict[str, Any]
) -> None:
    assert found(kind, actions, before, after) == []


def test_what_is_made_first_opens_nothing_that_was_closed() -> None:
    rule = {"cidr_ipv4": "0.0.0.0/0", "ip_protocol": "-1"}
    kind = "aws_vpc_security_group_ingress_rule"
    assert found(kind, NEW, {}, rule, stands=False) == []
    assert found(kind, NEW, {}, rule) != []


def test_the_reason_of_a_replacement_is_said_and_a_secret_value_never() -> None:
    [(_, words)] = found(
        "aws_lb_target_group", EARLY, {"port": 1}, {"port": 2}, replace_paths=[["port"]]
    )
    assert "because of port" in words
    [(_, words)] = found(
        "aws_route53_record",
        DOWN,
        {"name": "hush", "fqdn": "hush.x.org"},
        None,
        before_sensitive={"name": True, "fqdn": True},
    )
    assert "hush" not in words


def test_a_finding_reads_as_a_line() -> None:
    assert str(Finding("aws_lb.this", "service", "destroyed")) == "aws_lb.this: destroyed"


@pytest.mark.parametrize("profile", ["development", "production"])
def test_a_first_creation_has_no_findings(profile: str) -> None:
    assert findings(json.loads((PLANS / f"{profile}.json").read_text())) == ()
