"""The actions that each resource type of a stack needs, as data, by Terraform's name of the type.

Gathered from the calls of the AWS provider and from
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html

A resource `SERVICE:NAME` stands for `arn:PARTITION:SERVICE:REGION:ACCOUNT:NAME`; with two colons
(`iam::role/x`) it has no region, with three (`s3:::x`) no account either. `{p}` is the stack's
prefix. The actions that read resources are in `reads`.
"""

from __future__ import annotations

from collections.abc import Mapping

from drydock.ops.bootstrap.right import Right, linked, passed, right
from drydock.ops.bootstrap.rights_network import NETWORK
from drydock.ops.bootstrap.rights_operations import OPERATIONS

ALWAYS: tuple[Right, ...] = (
    # One-off tasks: `make update_db`.
    right("ecs:RunTask", "ecs:task-definition/{p}:*"),
    right("ecs:StopTask", "ecs:task/{p}*/*"),
)
"""Rights that Drydock's own commands need beside Terraform's."""

_BALANCERS = (
    "elasticloadbalancing:loadbalancer/app/{p}*/*",
    "elasticloadbalancing:listener/app/{p}*/*",
    "elasticloadbalancing:listener-rule/app/{p}*/*",
    "elasticloadbalancing:targetgroup/{p}*/*",
)
_BALANCER_TAGS = right("elasticloadbalancing:AddTags RemoveTags", *_BALANCERS)
_DATABASE = (
    "rds:cluster:{p}*",
    "rds:db:{p}*",
    "rds:subgrp:{p}*",
    "rds:cluster-pg:*",
    "rds:pg:*",
    "rds:og:*",
    "rds:cluster-snapshot:{p}*",
)
_DATABASE_TAGS = right("rds:AddTagsToResource RemoveTagsFromResource", *_DATABASE)
_ECS_TAGS = right(
    "ecs:TagResource UntagResource",
    "ecs:cluster/{p}*",
    "ecs:service/{p}*/*",
    "ecs:task-definition/{p}:*",
)
_GRANTS = right("kms:CreateGrant Decrypt GenerateDataKey*", "kms:key/*")
"""For services that encrypt with a key on the caller's behalf."""

RIGHTS: Mapping[str, tuple[Right, ...]] = {
    **NETWORK,
    **OPERATIONS,
    "aws_lb": (
        right(
            "elasticloadbalancing:CreateLoadBalancer DeleteLoadBalancer"
            " ModifyLoadBalancerAttributes SetSubnets SetSecurityGroups SetIpAddressType",
            _BALANCERS[0],
        ),
        _BALANCER_TAGS,
        linked("elasticloadbalancing"),
    ),
    "aws_lb_target_group": (
        right(
            "elasticloadbalancing:CreateTargetGroup DeleteTargetGroup ModifyTargetGroup"
            " ModifyTargetGroupAttributes",
            _BALANCERS[3],
        ),
        _BALANCER_TAGS,
    ),
    "aws_lb_listener": (
        right(
            "elasticloadbalancing:CreateListener DeleteListener ModifyListener"
            " ModifyListenerAttributes",
            *_BALANCERS[:2],
        ),
        _BALANCER_TAGS,
    ),
    "aws_lb_listener_rule": (
        right(
            "elasticloadbalancing:CreateRule DeleteRule ModifyRule SetRulePriorities",
            *_BALANCERS[1:3],
        ),
        _BALANCER_TAGS,
    ),
    "aws_ecs_cluster": (
        right(
            "ecs:CreateCluster DeleteCluster UpdateCluster UpdateClusterSettings",
            "ecs:cluster/{p}*",
        ),
        _ECS_TAGS,
        linked("ecs"),
    ),
    "aws_ecs_cluster_capacity_providers": (
        right("ecs:PutClusterCapacityProviders", "ecs:cluster/{p}*"),
    ),
    "aws_ecs_task_definition": (
        # These two actions support no resource-level permissions.
        right("ecs:RegisterTaskDefinition DeregisterTaskDefinition"),
        passed("ecs-tasks"),
        _ECS_TAGS,
    ),
    "aws_ecs_service": (
        right("ecs:CreateService UpdateService DeleteService", "ecs:service/{p}*/*"),
        _ECS_TAGS,
    ),
    "aws_appautoscaling_target": (
        right(
            "application-autoscaling:RegisterScalableTarget DeregisterScalableTarget TagResource"
            " UntagResource",
            "application-autoscaling:scalable-target/*",
        ),
        linked("ecs.application-autoscaling"),
    ),
    "aws_appautoscaling_policy": (
        right(
            "application-autoscaling:PutScalingPolicy DeleteScalingPolicy",
            "application-autoscaling:scalable-target/*",
        ),
    ),
    "aws_db_subnet_group": (
        right("rds:CreateDBSubnetGroup ModifyDBSubnetGroup DeleteDBSubnetGroup", "rds:subgrp:{p}*"),
        _DATABASE_TAGS,
        linked("rds"),
    ),
    "aws_rds_cluster": (
        right(
            "rds:CreateDBCluster ModifyDBCluster DeleteDBCluster CreateDBClusterSnapshot",
            *_DATABASE,
        ),
        _DATABASE_TAGS,
        # The password that RDS manages is a secret made on the caller's behalf.
        right(
            "secretsmanager:CreateSecret TagResource RotateSecret DescribeSecret",
            "secretsmanager:secret:rds!cluster-*",
        ),
        _GRANTS,
    ),
    "aws_rds_cluster_instance": (
        right(
            "rds:CreateDBInstance ModifyDBInstance DeleteDBInstance RebootDBInstance", *_DATABASE
        ),
        _DATABASE_TAGS,
    ),
    "aws_rds_cluster_parameter_group": (
        right(
            "rds:CreateDBClusterParameterGroup ModifyDBClusterParameterGroup"
            " DeleteDBClusterParameterGroup ResetDBClusterParameterGroup",
            "rds:cluster-pg:{p}*",
        ),
        _DATABASE_TAGS,
    ),
    "aws_iam_role": (
        right(
            "iam:CreateRole DeleteRole UpdateRole UpdateRoleDescription UpdateAssumeRolePolicy"
            " TagRole UntagRole",
            "iam::role/{p}-*",
        ),
    ),
    "aws_iam_role_policy": (right("iam:PutRolePolicy DeleteRolePolicy", "iam::role/{p}-*"),),
    "aws_iam_role_policy_attachment": (
        Right(
            ("iam:AttachRolePolicy", "iam:DetachRolePolicy"),
            ("iam::role/{p}-*",),
            # AWS's own policies for services, never AdministratorAccess.
            {"ArnLike": {"iam:PolicyARN": "arn:{partition}:iam::aws:policy/service-role/*"}},
        ),
    ),
    "aws_cloudwatch_log_group": (
        right(
            "logs:CreateLogGroup DeleteLogGroup PutRetentionPolicy DeleteRetentionPolicy"
            " TagResource UntagResource AssociateKmsKey DisassociateKmsKey",
            "logs:log-group:*{p}*",
        ),
    ),
    "aws_acm_certificate": (
        right("acm:RequestCertificate"),
        right(
            "acm:DeleteCertificate AddTagsToCertificate RemoveTagsFromCertificate"
            " UpdateCertificateOptions",
            "acm:certificate/*",
        ),
    ),
    "aws_acm_certificate_validation": (right("acm:DescribeCertificate", "acm:certificate/*"),),
    "aws_route53_record": (right("route53:ChangeResourceRecordSets", "route53:::hostedzone/*"),),
    "aws_secretsmanager_secret": (
        right(
            "secretsmanager:CreateSecret DeleteSecret UpdateSecret TagResource UntagResource",
            "secretsmanager:secret:{p}-*",
        ),
        _GRANTS,
    ),
    "aws_secretsmanager_secret_version": (
        right(
            "secretsmanager:PutSecretValue UpdateSecretVersionStage", "secretsmanager:secret:{p}-*"
        ),
        _GRANTS,
    ),
    "aws_kms_key": (
        right("kms:CreateKey"),
        right(
            "kms:EnableKeyRotation DisableKeyRotation PutKeyPolicy ScheduleKeyDeletion TagResource"
            " UntagResource UpdateKeyDescription",
            "kms:key/*",
        ),
        _GRANTS,
    ),
    "aws_kms_alias": (
        right("kms:CreateAlias UpdateAlias DeleteAlias", "kms:alias/{p}*", "kms:key/*"),
    ),
    "aws_wafv2_web_acl": (
        right(
            "wafv2:CreateWebACL UpdateWebACL DeleteWebACL TagResource UntagResource",
            "wafv2:regional/*/{p}*/*",
            "wafv2:regional/managedruleset/*/*",
        ),
    ),
    "aws_wafv2_web_acl_association": (
        right(
            "wafv2:AssociateWebACL DisassociateWebACL",
            "wafv2:regional/webacl/{p}*/*",
            _BALANCERS[0],
        ),
        right("elasticloadbalancing:SetWebACL", _BALANCERS[0]),
    ),
    "aws_wafv2_web_acl_logging_configuration": (
        right(
            "wafv2:PutLoggingConfiguration DeleteLoggingConfiguration",
            "wafv2:regional/webacl/{p}*/*",
        ),
        right(
            "logs:CreateLogDelivery DeleteLogDelivery PutResourcePolicy DescribeResourcePolicies"
        ),
        linked("wafv2"),
    ),
    "aws_ecr_repository": (
        right(
            "ecr:CreateRepository DeleteRepository PutImageTagMutability"
            " PutImageScanningConfiguration TagResource UntagResource",
            "ecr:repository/{p}*",
        ),
        # `drydock image push`
        right("ecr:GetAuthorizationToken"),
        right(
            "ecr:BatchCheckLayerAvailability BatchGetImage CompleteLayerUpload"
            " GetDownloadUrlForLayer InitiateLayerUpload PutImage UploadLayerPart BatchDeleteImage",
            "ecr:repository/{p}*",
        ),
    ),
    "aws_ecr_lifecycle_policy": (
        right("ecr:PutLifecyclePolicy DeleteLifecyclePolicy", "ecr:repository/{p}*"),
    ),
    "aws_ecr_repository_policy": (
        right("ecr:SetRepositoryPolicy DeleteRepositoryPolicy", "ecr:repository/{p}*"),
    ),
    "aws_s3_bucket": (
        right(
            "s3:CreateBucket DeleteBucket PutBucketTagging ListBucketVersions DeleteObject"
            " DeleteObjectVersion",
            "s3:::{p}-logs-*",
        ),
    ),
    "aws_s3_bucket_policy": (right("s3:PutBucketPolicy DeleteBucketPolicy", "s3:::{p}-logs-*"),),
    "aws_s3_bucket_versioning": (right("s3:PutBucketVersioning", "s3:::{p}-logs-*"),),
    "aws_s3_bucket_public_access_block": (
        right("s3:PutBucketPublicAccessBlock", "s3:::{p}-logs-*"),
    ),
    "aws_s3_bucket_ownership_controls": (
        right("s3:PutBucketOwnershipControls", "s3:::{p}-logs-*"),
    ),
    "aws_s3_bucket_lifecycle_configuration": (
        right("s3:PutLifecycleConfiguration", "s3:::{p}-logs-*"),
    ),
    "aws_s3_bucket_server_side_encryption_configuration": (
        right("s3:PutEncryptionConfiguration", "s3:::{p}-logs-*"),
    ),
    "terraform_data": (),
    "random_id": (),
}
