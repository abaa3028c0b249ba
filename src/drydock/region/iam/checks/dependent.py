"""The further permissions of calls whose service acts elsewhere in the caller's name.

RDS: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html
WAF: https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html
Flow logs: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-create-flow-log.html
"""

from __future__ import annotations

from drydock.region.api.store import Store
from drydock.region.iam.call import Call
from drydock.region.iam.checks import keys, logs
from drydock.region.iam.evaluate import Check
from drydock.region.iam.matching import EVERYTHING, Resource

_DATABASES = {
    "rds:CreateDBCluster": "cluster",
    "rds:ModifyDBCluster": "cluster",
    "rds:CreateDBInstance": "db",
    "rds:ModifyDBInstance": "db",
}
"""Calls that may create a password in Secrets Manager → the continuation of such a secret's name."""


def checks(call: Call, store: Store) -> list[Check]:
    """Return the further checks of a call; none for most calls."""
    if kind := _DATABASES.get(call.action):
        return [*_password(call, store, kind), *_storage(call, store)]
    if call.action in {"wafv2:AssociateWebACL", "wafv2:DisassociateWebACL"}:
        arn = call.text("ResourceArn")
        balancer = ":loadbalancer/app/" in arn
        return [Check("elasticloadbalancing:SetWebACL", Resource(arn))] if balancer else []
    if call.action == "wafv2:PutLoggingConfiguration":
        return [
            Check("logs:CreateLogDelivery", EVERYTHING),
            Check("logs:PutResourcePolicy", EVERYTHING),
            Check("logs:DescribeResourcePolicies", EVERYTHING),
            Check("logs:DescribeLogGroups", logs.stream(call, "")),
        ]
    if call.action == "ec2:CreateFlowLogs" and call.text("LogDestinationType") == "s3":
        return [Check("logs:CreateLogDelivery", EVERYTHING)]
    return []


def _password(call: Call, store: Store, kind: str) -> list[Check]:
    if call.text("ManageMasterUserPassword").lower() != "true":
        return []
    secret = Resource(call.arn(f"secret:rds!{kind}-*", "secretsmanager"))
    own = call.text("MasterUserSecretKmsKeyId")
    return [
        Check("secretsmanager:CreateSecret", secret),
        Check("secretsmanager:TagResource", secret),
        *keys.use(call, store, "DescribeKey", own, "rds"),
        *keys.use(call, store, "CreateGrant", own, "rds"),
    ]


def _storage(call: Call, store: Store) -> list[Check]:
    given = call.text("KmsKeyId")
    return [
        *keys.use(call, store, "DescribeKey", given, "rds"),
        *keys.use(call, store, "CreateGrant", given, "rds"),
    ]
