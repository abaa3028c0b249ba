"""List everything that a region holds, to compare before a stack and after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drydock.aws.clients import Clients
from drydock.stack.teardown.contents import client

_EC2 = {
    "vpcs": "VpcId",
    "subnets": "SubnetId",
    "route_tables": "RouteTableId",
    "internet_gateways": "InternetGatewayId",
    "security_groups": "GroupId",
    "network_interfaces": "NetworkInterfaceId",
    "addresses": "AllocationId",
    "flow_logs": "FlowLogId",
}
# Service, operation, the list in its answer, the key of an item's name, further arguments.
_OTHERS: tuple[tuple[str, str, str, str, dict[str, Any]], ...] = (
    ("elbv2", "describe_load_balancers", "LoadBalancers", "LoadBalancerArn", {}),
    ("elbv2", "describe_target_groups", "TargetGroups", "TargetGroupArn", {}),
    ("ecs", "list_clusters", "clusterArns", "", {}),
    ("ecs", "list_task_definitions", "taskDefinitionArns", "", {"status": "ACTIVE"}),
    ("rds", "describe_db_clusters", "DBClusters", "DBClusterArn", {}),
    ("rds", "describe_db_instances", "DBInstances", "DBInstanceArn", {}),
    ("rds", "describe_db_cluster_snapshots", "DBClusterSnapshots", "DBClusterSnapshotArn", {}),
    ("rds", "describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName", {}),
    ("secretsmanager", "list_secrets", "SecretList", "ARN", {}),
    ("logs", "describe_log_groups", "logGroups", "logGroupName", {}),
    ("iam", "list_roles", "Roles", "RoleName", {}),
    ("iam", "list_policies", "Policies", "Arn", {"Scope": "Local"}),
    ("acm", "list_certificates", "CertificateSummaryList", "CertificateArn", {}),
    ("route53", "list_hosted_zones", "HostedZones", "Id", {}),
    ("kms", "list_aliases", "Aliases", "AliasName", {}),
    ("sns", "list_topics", "Topics", "TopicArn", {}),
    ("sns", "list_subscriptions", "Subscriptions", "SubscriptionArn", {}),
    ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName", {}),
    ("events", "list_rules", "Rules", "Name", {}),
    ("stepfunctions", "list_state_machines", "stateMachines", "name", {}),
    ("wafv2", "list_web_acls", "WebACLs", "Name", {"Scope": "REGIONAL"}),
    ("ecr", "describe_repositories", "repositories", "repositoryName", {}),
    ("backup", "list_backup_vaults", "BackupVaultList", "BackupVaultName", {}),
    ("backup", "list_backup_plans", "BackupPlansList", "BackupPlanId", {}),
    (
        "application-autoscaling",
        "describe_scalable_targets",
        "ScalableTargets",
        "ResourceId",
        {"ServiceNamespace": "ecs"},
    ),
)


def everything(clients: Clients) -> dict[str, list[str]]:
    """Return the region's resources by kind. Buckets that keep Terraform's state are left out."""
    found: dict[str, list[str]] = {}
    for kind, key in _EC2.items():
        answer = getattr(clients.ec2, f"describe_{kind}")()
        [things] = [value for value in answer.values() if isinstance(value, list)]
        found[f"ec2 {kind}"] = sorted(one[key] for one in things)
    found["ec2 nat_gateways"] = _standing(
        clients.ec2.describe_nat_gateways()["NatGateways"], "NatGatewayId"
    )
    found["ec2 vpc_endpoints"] = _standing(
        clients.ec2.describe_vpc_endpoints()["VpcEndpoints"], "VpcEndpointId"
    )
    for service, operation, listed, key, given in _OTHERS:
        ask: Callable[..., Any] = getattr(client(clients, service), operation)
        things = ask(**given)[listed]
        found[f"{service} {listed}"] = sorted(one[key] if key else one for one in things)
    buckets = [one["Name"] for one in clients.s3.list_buckets()["Buckets"]]
    found["s3 buckets"] = sorted(name for name in buckets if "state" not in name)
    found["route53 records"] = _records(client(clients, "route53"))
    return found


def _standing(things: Any, key: str) -> list[str]:
    gone = ("deleted", "deleting")
    return sorted(one[key] for one in things if one["State"].lower() not in gone)


def _records(route53: Any) -> list[str]:
    return sorted(
        f"{zone['Name']} {one['Name']} {one['Type']}"
        for zone in route53.list_hosted_zones()["HostedZones"]
        for one in route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
    )
