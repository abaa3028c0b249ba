"""What a call needs besides its own action, since its service acts in the caller's name elsewhere.

RDS: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html
WAF: https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html
Flow logs: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-create-flow-log.html
"""

from __future__ import annotations

from drydock.region.api.access.call import Call
from drydock.region.api.access.checks import keys, logs
from drydock.region.api.access.evaluate import Check
from drydock.region.api.access.matching import EVERYTHING, Resource
from drydock.region.api.store import Store

_DATABASES = {
    "rds:CreateDBCluster": "cluster",
    "rds:ModifyDBCluster": "cluster",
    "rds:CreateDBInstance": "db",
    "rds:ModifyDBInstance": "db",
}
"""Calls that may ask for a password in Secrets Manager → how such a secret's name goes on."""


def checks(call: Call, store: Store) -> list[Check]:
    """Empty for most calls."""
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
