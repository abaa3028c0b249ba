"""Resource types that are free of charge by themselves. Pure data.

A type that is neither here nor has a meter is reported to have no known price.
"""

from __future__ import annotations


def is_free(kind: str) -> bool:
    """Return whether AWS charges nothing for a type without a meter.

    Call it only for types without one: aws_kms_key has a meter and matches here too.
    """
    return kind in _KINDS or kind.startswith(_FAMILIES)


_FAMILIES = (
    "aws_acm_",
    "aws_appautoscaling_",
    "aws_cloudwatch_event_",
    "aws_cloudwatch_log_data_protection",
    "aws_cloudwatch_log_delivery",
    "aws_cloudwatch_log_resource_policy",
    "aws_cloudwatch_log_stream",
    "aws_cloudwatch_log_subscription",
    "aws_cloudwatch_query_definition",
    "aws_default_",
    "aws_ecr_lifecycle",
    "aws_ecr_registry_",
    "aws_ecr_repository_",
    "aws_iam_",
    "aws_kms_",
    "aws_lb_",
    "aws_route53_record",
    "aws_s3_bucket_",
    "aws_secretsmanager_secret_",
    "aws_sns_",
    "aws_vpc_endpoint_",
    "aws_vpc_ipv4_",
    "aws_vpc_security_group_",
    "aws_wafv2_ip_set",
    "aws_wafv2_web_acl_",
    "null_",
    "random_",
    "terraform_",
    "time_",
    "tls_",
)
_KINDS = frozenset(
    {
        "aws_db_parameter_group",
        "aws_db_subnet_group",
        "aws_ecs_cluster",
        "aws_ecs_cluster_capacity_providers",
        "aws_ecs_task_definition",
        "aws_ecs_account_setting_default",
        "aws_egress_only_internet_gateway",
        "aws_eip_association",
        "aws_internet_gateway",
        "aws_network_acl",
        "aws_network_acl_rule",
        "aws_rds_cluster_parameter_group",
        "aws_route",
        "aws_route_table",
        "aws_route_table_association",
        "aws_security_group",
        "aws_security_group_rule",
        # 4,000 transitions a month cost nothing; a rotation is one
        "aws_sfn_state_machine",
        "aws_ssm_parameter",
        "aws_subnet",
        "aws_vpc",
        "aws_vpc_dhcp_options",
    }
)
