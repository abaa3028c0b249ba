"""Read actions that `terraform plan` needs, by the service that the actions belong to, as data.

They are granted along with any right of that service. `rights` explains how resources are written.
"""

from __future__ import annotations

from collections.abc import Mapping

from drydock.ops.bootstrap.right import Right, right

READS: Mapping[str, tuple[Right, ...]] = {
    "": (right("sts:GetCallerIdentity"), right("tag:GetResources")),
    "ec2": (right("ec2:Describe*"),),
    "elasticloadbalancing": (right("elasticloadbalancing:Describe*"),),
    "ecs": (right("ecs:Describe* List*"),),
    "rds": (right("rds:Describe* ListTagsForResource"),),
    "logs": (
        right("logs:DescribeLogGroups ListTagsForResource"),
        right("logs:DescribeLogStreams FilterLogEvents GetLogEvents", "logs:log-group:*{p}*"),
    ),
    "iam": (
        right(
            "iam:GetRole GetRolePolicy ListRolePolicies ListAttachedRolePolicies"
            " ListInstanceProfilesForRole",
            "iam::role/{p}-*",
        ),
    ),
    "acm": (
        right("acm:DescribeCertificate ListTagsForCertificate", "acm:certificate/*"),
        right("acm:ListCertificates"),
    ),
    "route53": (
        right("route53:ListHostedZones ListHostedZonesByName"),
        right("route53:GetChange", "route53:::change/*"),
        right(
            "route53:GetHostedZone ListResourceRecordSets ListTagsForResource ListTagsForResources",
            "route53:::hostedzone/*",
        ),
    ),
    "secretsmanager": (
        right(
            # Terraform reads a version to see whether it is still the one it made.
            "secretsmanager:DescribeSecret GetResourcePolicy GetSecretValue",
            "secretsmanager:secret:{p}-*",
        ),
    ),
    "kms": (
        right("kms:DescribeKey GetKeyPolicy GetKeyRotationStatus ListResourceTags", "kms:key/*"),
        right("kms:ListAliases ListKeys"),
    ),
    "wafv2": (
        right(
            "wafv2:GetWebACL GetWebACLForResource GetIPSet GetLoggingConfiguration"
            " ListTagsForResource",
            "wafv2:regional/*/{p}*/*",
            "elasticloadbalancing:loadbalancer/app/{p}*/*",
        ),
        right("wafv2:ListWebACLs ListResourcesForWebACL"),
    ),
    "ecr": (
        right(
            "ecr:DescribeRepositories DescribeImages GetLifecyclePolicy GetRepositoryPolicy"
            " ListTagsForResource",
            "ecr:repository/{p}*",
        ),
    ),
    "application-autoscaling": (right("application-autoscaling:Describe* ListTagsForResource"),),
    "cloudwatch": (right("cloudwatch:Describe* ListTagsForResource GetDashboard"),),
    "sns": (
        right(
            "sns:GetTopicAttributes GetSubscriptionAttributes ListTagsForResource"
            " ListSubscriptionsByTopic",
            "sns:{p}*",
        ),
    ),
    "events": (
        right("events:DescribeRule ListTargetsByRule ListTagsForResource", "events:rule/{p}*"),
    ),
    "states": (
        right(
            "states:DescribeStateMachine ListStateMachineVersions ListTagsForResource",
            "states:stateMachine:{p}*",
        ),
    ),
    "backup": (
        right("backup:DescribeBackupVault ListTags", "backup:backup-vault:{p}*"),
        right("backup:GetBackupPlan GetBackupSelection ListTags", "backup:backup-plan:*"),
    ),
    "s3": (right("s3:Get* ListBucket ListBucketVersions", "s3:::{p}-logs-*"),),
}
