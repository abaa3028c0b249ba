"""The resources that a plan creates under a name of its own. Pure.

https://developer.hashicorp.com/terraform/internals/json-format#plan-representation
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from drydock.stack.change import changes
from drydock.stack.tree import managed

NAMES: Mapping[str, str] = {
    "aws_alb": "name",
    "aws_alb_target_group": "name",
    "aws_backup_vault": "name",
    "aws_cloudwatch_log_group": "name",
    "aws_db_instance": "identifier",
    "aws_db_parameter_group": "name",
    "aws_db_subnet_group": "name",
    "aws_dynamodb_table": "name",
    "aws_ecr_repository": "name",
    "aws_ecs_cluster": "name",
    "aws_ecs_service": "name",
    "aws_iam_instance_profile": "name",
    "aws_iam_role": "name",
    "aws_iam_user": "name",
    "aws_kms_alias": "name",
    "aws_lb": "name",
    "aws_lb_target_group": "name",
    "aws_rds_cluster": "cluster_identifier",
    "aws_rds_cluster_instance": "identifier",
    "aws_rds_cluster_parameter_group": "name",
    "aws_s3_bucket": "bucket",
    "aws_secretsmanager_secret": "name",
    "aws_sfn_state_machine": "name",
    "aws_ssm_parameter": "name",
}
"""Types whose names are unique within an account and region => the attribute that holds the name."""


@dataclass(frozen=True)
class Wanted:
    """A resource that a plan creates. `cluster` is that of an ECS service, where the plan knows it."""

    address: str
    kind: str
    name: str
    cluster: str = ""


def wanted(plan: Mapping[str, Any]) -> tuple[Wanted, ...]:
    """Return the resources that a plan creates under a known name which its state does not have yet.

    (A resource that has moved in the stack is created at one address and destroyed at another.)
    """
    standing = {
        (one["type"], str(one["values"].get(NAMES[one["type"]])))
        for one in managed((plan.get("prior_state") or {}).get("values"))
        if one["type"] in NAMES
    }
    found = []
    for change in changes(plan):
        attribute = NAMES.get(change.kind)
        name = change.after.get(attribute) if attribute else None
        if not change.created or not name or (change.kind, str(name)) in standing:
            continue
        cluster = str(change.after.get("cluster") or "")
        found.append(Wanted(change.address, change.kind, str(name), cluster))
    return tuple(found)
