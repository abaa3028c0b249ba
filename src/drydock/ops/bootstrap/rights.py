"""The actions that each kind of resource of a stack needs, as data, by Terraform's name of the kind.

Gathered from what the AWS provider calls for it and from
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
A resource `SERVICE:NAME` stands for `arn:PARTITION:SERVICE:REGION:ACCOUNT:NAME`, with two colons
(`iam::role/x`) without a region, with three (`s3:::x`) without an account too; `{p}` is the stack's
prefix. What it takes to look at them is in `reads`.
"""

from __future__ import annotations

from collections.abc import Mapping

from drydock.ops.bootstrap.right import Right, right


def _linked(service: str) -> Right:
    """The role of the service itself, which the first such resource of an account brings along."""
    name = f"{service}.amazonaws.com"
    return right(
        "iam:CreateServiceLinkedRole",
        f"iam::role/aws-service-role/{name}/*",
        iam__AWSServiceName=name,
    )


def _passed(service: str) -> Right:
    return right("iam:PassRole", "iam::role/{p}-*", iam__PassedToService=f"{service}.amazonaws.com")


ALWAYS: tuple[Right, ...] = (
    # One-off tasks: `make update_db`.
    right("ecs:RunTask", "ecs:task-definition/{p}:*"),
    right("ecs:StopTask", "ecs:task/{p}*/*"),
)
"""What Drydock's own commands need beside Terraform."""

_TAGS = right("ec2:CreateTags DeleteTags", "ec2:*/*")
_GROUP = right(
    "ec2:AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress"
    " RevokeSecurityGroupEgress ModifySecurityGroupRules"
    " UpdateSecurityGroupRuleDescriptionsIngress UpdateSecurityGroupRuleDescriptionsEgress",
    "ec2:security-group/*",
    "ec2:security-group-rule/*",
)
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
"""A service encrypts with a key on the caller's behalf."""

RIGHTS: Mapping[str, tuple[Right, ...]] = {
    "aws_vpc": (right("ec2:CreateVpc DeleteVpc ModifyVpcAttribute", "ec2:vpc/*"), _TAGS),
    "aws_default_security_group": (_GROUP, _TAGS),
    "aws_subnet": (
        right("ec2:CreateSubnet DeleteSubnet ModifySubnetAttribute", "ec2:subnet/*", "ec2:vpc/*"),
        _TAGS,
    ),
    "aws_internet_gateway": (
        right(
            "ec2:CreateInternetGateway DeleteInternetGateway AttachInternetGateway"
            " DetachInternetGateway",
            "ec2:internet-gateway/*",
            "ec2:vpc/*",
        ),
        _TAGS,
    ),
    "aws_route_table": (
        right(
            "ec2:CreateRouteTable DeleteRouteTable DisassociateRouteTable",
            "ec2:route-table/*",
            "ec2:vpc/*",
            "ec2:subnet/*",
        ),
        _TAGS,
    ),
    "aws_route": (right("ec2:CreateRoute DeleteRoute ReplaceRoute", "ec2:route-table/*"),),
    "aws_route_table_association": (
        right(
            "ec2:AssociateRouteTable DisassociateRouteTable ReplaceRouteTableAssociation",
            "ec2:route-table/*",
            "ec2:subnet/*",
        ),
    ),
    "aws_eip": (
        # DisassociateAddress names an interface whose owner is the gateway.
        right("ec2:AllocateAddress ReleaseAddress DisassociateAddress", "ec2:*/*"),
        _TAGS,
    ),
    "aws_nat_gateway": (
        right(
            "ec2:CreateNatGateway DeleteNatGateway",
            "ec2:natgateway/*",
            "ec2:subnet/*",
            "ec2:elastic-ip/*",
            "ec2:vpc/*",
        ),
        _TAGS,
    ),
    "aws_vpc_endpoint": (
        right("ec2:CreateVpcEndpoint ModifyVpcEndpoint DeleteVpcEndpoints", "ec2:*/*"),
        _TAGS,
    ),
    "aws_flow_log": (
        right("ec2:CreateFlowLogs DeleteFlowLogs", "ec2:vpc-flow-log/*", "ec2:vpc/*"),
        _passed("vpc-flow-logs"),
        _TAGS,
    ),
    "aws_security_group": (
        right("ec2:CreateSecurityGroup DeleteSecurityGroup", "ec2:security-group/*", "ec2:vpc/*"),
        _GROUP,
        _TAGS,
    ),
    "aws_vpc_security_group_ingress_rule": (_GROUP, _TAGS),
    "aws_vpc_security_group_egress_rule": (_GROUP, _TAGS),
    "aws_lb": (
        right(
            "elasticloadbalancing:CreateLoadBalancer DeleteLoadBalancer"
            " ModifyLoadBalancerAttributes SetSubnets SetSecurityGroups SetIpAddressType",
            _BALANCERS[0],
        ),
        _BALANCER_TAGS,
        _linked("elasticloadbalancing"),
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
        _linked("ecs"),
    ),
    "aws_ecs_cluster_capacity_providers": (
        right("ecs:PutClusterCapacityProviders", "ecs:cluster/{p}*"),
    ),
    "aws_ecs_task_definition": (
        # These two know no resources.
        right("ecs:RegisterTaskDefinition DeregisterTaskDefinition"),
        _passed("ecs-tasks"),
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
        _linked("ecs.application-autoscaling"),
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
        _linked("rds"),
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
    "aws_cloudwatch_metric_alarm": (
        right(
            "cloudwatch:PutMetricAlarm DeleteAlarms TagResource UntagResource",
            "cloudwatch:alarm:{p}*",
        ),
    ),
    "aws_cloudwatch_dashboard": (
        right("cloudwatch:PutDashboard DeleteDashboards", "cloudwatch::dashboard/{p}*"),
    ),
    "aws_sns_topic": (
        right(
            "sns:CreateTopic DeleteTopic SetTopicAttributes TagResource UntagResource", "sns:{p}*"
        ),
    ),
    "aws_sns_topic_policy": (right("sns:SetTopicAttributes", "sns:{p}*"),),
    "aws_sns_topic_subscription": (right("sns:Subscribe Unsubscribe", "sns:{p}*"),),
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
        _linked("wafv2"),
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
            "s3:::{p}-*",
        ),
    ),
    "aws_s3_bucket_policy": (right("s3:PutBucketPolicy DeleteBucketPolicy", "s3:::{p}-*"),),
    "aws_s3_bucket_versioning": (right("s3:PutBucketVersioning", "s3:::{p}-*"),),
    "aws_s3_bucket_public_access_block": (right("s3:PutBucketPublicAccessBlock", "s3:::{p}-*"),),
    "aws_s3_bucket_ownership_controls": (right("s3:PutBucketOwnershipControls", "s3:::{p}-*"),),
    "aws_s3_bucket_lifecycle_configuration": (right("s3:PutLifecycleConfiguration", "s3:::{p}-*"),),
    "aws_s3_bucket_server_side_encryption_configuration": (
        right("s3:PutEncryptionConfiguration", "s3:::{p}-*"),
    ),
    "terraform_data": (),
    "random_id": (),
}
