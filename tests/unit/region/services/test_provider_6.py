"""What the AWS provider 6 can ask for and 5.100 cannot: kept and read back, or refused in so many words.

docs/reference/provider-6.md has the list. No provider 6 runs here: its arguments' API members are tried.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.served import Served


def refused(call: Callable[..., Any], **given: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**given)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_log_groups_deletion_protection_is_kept_and_holds(served: Served) -> None:
    logs = served.client("logs")
    logs.create_log_group(logGroupName="app", deletionProtectionEnabled=True)
    logs.create_log_group(logGroupName="other")
    groups = logs.describe_log_groups()["logGroups"]
    shown = {one["logGroupName"]: one["deletionProtectionEnabled"] for one in groups}
    assert shown == {"app": True, "other": False}
    code, words = refused(logs.delete_log_group, logGroupName="app")
    assert code == "ValidationException"
    assert "app has deletion protection enabled" in words
    for identity in ("app", groups[0]["logGroupArn"]):
        logs.put_log_group_deletion_protection(
            logGroupIdentifier=identity, deletionProtectionEnabled=identity != "app"
        )
        (group, _) = logs.describe_log_groups()["logGroups"]
        assert group["deletionProtectionEnabled"] is (identity != "app")
    logs.put_log_group_deletion_protection(
        logGroupIdentifier="app", deletionProtectionEnabled=False
    )
    logs.delete_log_group(logGroupName="app")
    assert [one["logGroupName"] for one in logs.describe_log_groups()["logGroups"]] == ["other"]
    code, _ = refused(
        logs.put_log_group_deletion_protection,
        logGroupIdentifier="app",
        deletionProtectionEnabled=True,
    )
    assert code == "ResourceNotFoundException"


def test_a_nat_gateway_is_zonal_and_a_regional_one_is_refused(served: Served) -> None:
    ec2 = served.client("ec2")
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = ec2.create_nat_gateway(
        SubnetId=served.subnets[0], AllocationId=address, AvailabilityMode="zonal"
    )["NatGateway"]
    assert made["AvailabilityMode"] == "zonal"
    (shown,) = ec2.describe_nat_gateways()["NatGateways"]
    assert shown["AvailabilityMode"] == "zonal"
    code, words = refused(ec2.create_nat_gateway, VpcId=served.vpc, AvailabilityMode="regional")
    assert (code, "no regional NAT gateways" in words) == ("UnsupportedOperation", True)
    assert len(ec2.describe_nat_gateways()["NatGateways"]) == 1


@pytest.mark.parametrize("kinds", [["SSE-C"], ["NONE"]])
def test_a_buckets_blocked_kinds_of_encryption_are_kept(served: Served, kinds: list[str]) -> None:
    s3 = served.client("s3")
    place = {"LocationConstraint": "ap-southeast-2"}
    s3.create_bucket(Bucket="six", CreateBucketConfiguration=place)
    default = {"SSEAlgorithm": "AES256"}
    rule: dict[str, Any] = {
        "ApplyServerSideEncryptionByDefault": default,
        "BucketKeyEnabled": True,
        "BlockedEncryptionTypes": {"EncryptionType": kinds},
    }
    s3.put_bucket_encryption(Bucket="six", ServerSideEncryptionConfiguration={"Rules": [rule]})
    shown = s3.get_bucket_encryption(Bucket="six")["ServerSideEncryptionConfiguration"]
    assert shown == {"Rules": [rule]}
    del rule["BlockedEncryptionTypes"]
    s3.put_bucket_encryption(Bucket="six", ServerSideEncryptionConfiguration={"Rules": [rule]})
    shown = s3.get_bucket_encryption(Bucket="six")["ServerSideEncryptionConfiguration"]
    assert shown == {"Rules": [rule]}
    s3.delete_bucket(Bucket="six")


def test_a_balancers_health_check_logs_are_kept(served: Served) -> None:
    elb = served.client("elbv2")
    balancer, _ = served.balancer()
    wanted = {"health_check_logs.s3.enabled": "false", "health_check_logs.s3.prefix": "health"}
    elb.modify_load_balancer_attributes(
        LoadBalancerArn=balancer,
        Attributes=[{"Key": key, "Value": value} for key, value in wanted.items()],
    )
    found = elb.describe_load_balancer_attributes(LoadBalancerArn=balancer)["Attributes"]
    shown = {one["Key"]: one["Value"] for one in found}
    assert {key: shown.get(key) for key in wanted} == wanted


def test_a_target_control_port_and_jwt_validation_are_refused(served: Served) -> None:
    elb = served.client("elbv2")
    balancer, group = served.balancer()
    code, words = refused(
        elb.create_target_group,
        Name="six",
        Protocol="HTTP",
        Port=80,
        VpcId=served.vpc,
        TargetType="ip",
        TargetControlPort=3000,
    )
    assert (code, "target control ports" in words) == ("OperationNotPermitted", True)
    token = {"JwksEndpoint": "https://a.example/keys", "Issuer": "https://a.example"}
    code, words = refused(
        elb.create_listener,
        LoadBalancerArn=balancer,
        Protocol="HTTP",
        Port=81,
        DefaultActions=[
            {"Type": "jwt-validation", "Order": 1, "JwtValidationConfig": token},
            {"Type": "forward", "Order": 2, "TargetGroupArn": group},
        ],
    )
    assert (code, "jwt-validation" in words) == ("OperationNotPermitted", True)


def service(served: Served, **more: Any) -> dict[str, Any]:
    answer = served.client("ecs").create_service(
        cluster=served.cluster(),
        serviceName="six",
        taskDefinition=served.task_definition(),
        desiredCount=0,
        launchType="FARGATE",
        networkConfiguration=served.network,
        **more,
    )
    return dict(answer["service"])


def test_a_services_rolling_strategy_and_bake_time_are_kept(served: Served) -> None:
    made = service(served, deploymentConfiguration={"strategy": "ROLLING", "bakeTimeInMinutes": 3})
    (shown,) = served.client("ecs").describe_services(cluster="app", services=["six"])["services"]
    for one in (made, shown):
        assert one["deploymentConfiguration"]["strategy"] == "ROLLING"
        assert one["deploymentConfiguration"]["bakeTimeInMinutes"] == 3


@pytest.mark.parametrize(
    "configuration",
    [
        {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5},
        {
            "strategy": "LINEAR",
            "linearConfiguration": {"stepPercent": 20.0, "stepBakeTimeInMinutes": 2},
        },
        {
            "strategy": "CANARY",
            "canaryConfiguration": {"canaryPercent": 10.0, "canaryBakeTimeInMinutes": 2},
        },
    ],
    ids=lambda one: str(one["strategy"]),
)
def test_other_strategies_of_a_service_are_refused(
    served: Served, configuration: dict[str, Any]
) -> None:
    with pytest.raises(ClientError, match=f"no deployment strategy {configuration['strategy']}"):
        service(served, deploymentConfiguration=configuration)


def test_a_services_other_target_group_is_kept(served: Served) -> None:
    balancer, group = served.balancer()
    (listener,) = served.client("elbv2").describe_listeners(LoadBalancerArn=balancer)["Listeners"]
    wanted = {
        "targetGroupArn": group,
        "containerName": "app",
        "containerPort": 3000,
        "advancedConfiguration": {
            "alternateTargetGroupArn": group,
            "productionListenerRule": listener["ListenerArn"],
            "roleArn": "arn:aws:iam::123456789012:role/ecs",
        },
    }
    made = service(served, loadBalancers=[wanted])
    (shown,) = served.client("ecs").describe_services(cluster="app", services=["six"])["services"]
    assert made["loadBalancers"] == shown["loadBalancers"] == [wanted]


def test_a_repositorys_exclusions_from_immutable_tags_are_kept(served: Served) -> None:
    ecr = served.client("ecr")
    filters = [{"filterType": "WILDCARD", "filter": "latest*"}]
    ecr.create_repository(
        repositoryName="six",
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=filters,
    )
    (shown,) = ecr.describe_repositories()["repositories"]
    assert shown["imageTagMutability"] == "IMMUTABLE_WITH_EXCLUSION"
    assert shown["imageTagMutabilityExclusionFilters"] == filters


def test_a_certificate_that_can_be_exported_says_so(served: Served) -> None:
    acm = served.client("acm")
    arn = acm.request_certificate(
        DomainName="six.example", ValidationMethod="DNS", Options={"Export": "ENABLED"}
    )["CertificateArn"]
    shown = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert shown["Options"]["Export"] == "ENABLED"


def test_a_backup_plans_scans_and_gapped_vault_are_kept(served: Served) -> None:
    backup = served.client("backup")
    backup.create_backup_vault(BackupVaultName="six")
    vault = "arn:aws:backup:ap-southeast-2:123456789012:backup-vault:gapped"
    rule = {
        "RuleName": "daily",
        "TargetBackupVaultName": "six",
        "TargetLogicallyAirGappedBackupVaultArn": vault,
        "ScanActions": [{"MalwareScanner": "GUARDDUTY", "ScanMode": "FULL_SCAN"}],
    }
    scans = [
        {
            "MalwareScanner": "GUARDDUTY",
            "ResourceTypes": ["EBS"],
            "ScannerRoleArn": "arn:aws:iam::123456789012:role/scan",
        }
    ]
    plan = backup.create_backup_plan(
        BackupPlan={"BackupPlanName": "six", "Rules": [rule], "ScanSettings": scans}
    )["BackupPlanId"]
    shown = backup.get_backup_plan(BackupPlanId=plan)["BackupPlan"]
    assert shown["ScanSettings"] == scans
    assert {key: shown["Rules"][0].get(key) for key in rule} == rule


def test_predictive_scaling_is_refused_by_its_name(served: Served) -> None:
    service(served)
    scaling = served.client("application-autoscaling")
    target = {
        "ServiceNamespace": "ecs",
        "ResourceId": "service/app/six",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=2)
    code, words = refused(
        scaling.put_scaling_policy,
        PolicyName="six",
        PolicyType="PredictiveScaling",
        PredictiveScalingPolicyConfiguration={
            "MetricSpecifications": [
                {
                    "TargetValue": 40.0,
                    "PredefinedMetricPairSpecification": {
                        "PredefinedMetricType": "ECSServiceCPUUtilization"
                    },
                }
            ]
        },
        **target,
    )
    assert (code, words) == ("ValidationException", "The local region has no predictive scaling.")


def test_lifecycle_hooks_of_deployments_are_refused(served: Served) -> None:
    hook = {
        "hookTargetArn": "arn:aws:lambda:ap-southeast-2:123456789012:function:look",
        "roleArn": "arn:aws:iam::123456789012:role/ecs",
        "lifecycleStages": ["PRE_SCALE_UP"],
    }
    with pytest.raises(ClientError, match="no lifecycle hooks of deployments"):
        service(served, deploymentConfiguration={"strategy": "ROLLING", "lifecycleHooks": [hook]})


def test_rules_for_test_traffic_of_service_connect_are_kept(served: Served) -> None:
    served.client("servicediscovery").create_http_namespace(Name="six")
    alias = {
        "port": 80,
        "dnsName": "six",
        "testTrafficRules": {"header": {"name": "x-test", "value": {"exact": "yes"}}},
    }
    container = {
        "name": "app",
        "image": "tasklist:latest",
        "portMappings": [{"name": "web", "containerPort": 3000}],
    }
    served.task_definition(containerDefinitions=[container])
    wanted = {
        "enabled": True,
        "namespace": "six",
        "services": [{"portName": "web", "clientAliases": [alias]}],
    }
    made = served.client("ecs").create_service(
        cluster=served.cluster(),
        serviceName="six",
        taskDefinition="app",
        desiredCount=0,
        launchType="FARGATE",
        networkConfiguration=served.network,
        serviceConnectConfiguration=wanted,
    )["service"]
    (configuration,) = [one["serviceConnectConfiguration"] for one in made["deployments"]]
    assert configuration["services"][0]["clientAliases"] == [alias]


def test_a_bucket_is_made_with_its_tags(served: Served) -> None:
    s3 = served.client("s3")
    tags = [{"Key": "a", "Value": "b"}]
    s3.create_bucket(
        Bucket="tagged",
        CreateBucketConfiguration={"LocationConstraint": "ap-southeast-2", "Tags": tags},
    )
    assert s3.get_bucket_tagging(Bucket="tagged")["TagSet"] == tags
    s3.delete_bucket(Bucket="tagged")
