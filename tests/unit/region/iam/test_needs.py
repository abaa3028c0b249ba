"""From a request to actions, resources and condition keys; with the bodies still there afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from drydock.region.api.operations import identify
from drydock.region.api.store import Store
from drydock.region.iam.call import read
from drydock.region.iam.checks.general import needed
from drydock.region.iam.evaluate import Check
from tests.support.served import new_store
from tests.unit.region.iam.requests import REGION, environ


@pytest.fixture(scope="module")
def store() -> Store:
    return new_store()


def checks(store: Store, service: str, call: str, /, **given: Any) -> list[Check]:
    asked = environ(service, call, **given)
    before = asked["wsgi.input"].getvalue()
    with store.locked():
        found = needed(read(asked, identify(asked), store.account_id, store.region), store)
    assert asked["wsgi.input"].read() == before, "the body must be there for moto"
    return found


def spelt(store: Store, found: list[Check]) -> list[str]:
    """`action resource`, `some` for a resource that is not worked out."""
    return [
        f"{one.action} {one.resource.arn if one.resource.known else 'some'}".replace(
            f":{REGION}:{store.account_id}:", ":HERE:"
        ).replace(store.account_id, "ACCOUNT")
        for one in found
    ]


TAGS = [{"Key": "a", "Value": "b"}]
SMALL_TAGS = [{"key": "a", "value": "b"}]
ROLE = "arn:aws:iam::1:role/r"
OTHER = "arn:aws:iam::1:role/x"
LINKED = "arn:aws:iam::1:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS"
CONTAINERS = [{"name": "a", "image": "b"}]
BUCKET = "arn:aws:s3:::b"
WEB_ACL = "arn:aws:wafv2:x:1:regional/webacl/w/1"
BALANCER = "arn:aws:elasticloadbalancing:x:1:loadbalancer/app/n/1"
LOG_GROUP = "arn:aws:logs:x:1:log-group:aws-waf-logs-a"
EVENTS = [{"timestamp": 1, "message": "m"}]
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


@pytest.mark.parametrize(
    ("service", "call", "given", "wanted"),
    [
        ("sts", "get_caller_identity", {}, []),
        ("ec2", "describe_vpcs", {}, ["ec2:DescribeVpcs *"]),
        ("cloudwatch", "describe_alarms", {}, ["cloudwatch:DescribeAlarms some"]),
        ("elbv2", "describe_load_balancers", {}, ["elasticloadbalancing:DescribeLoadBalancers *"]),
        ("application-autoscaling", "describe_scalable_targets", {"ServiceNamespace": "ecs"},
         ["application-autoscaling:DescribeScalableTargets *"]),
        ("route53", "list_hosted_zones", {}, ["route53:ListHostedZones *"]),
        ("s3", "list_buckets", {}, ["s3:ListAllMyBuckets *"]),
        ("s3", "create_bucket", {"Bucket": "b"}, [f"s3:CreateBucket {BUCKET}"]),
        ("s3", "head_bucket", {"Bucket": "b"}, [f"s3:ListBucket {BUCKET}"]),
        ("s3", "get_bucket_location", {"Bucket": "b"}, [f"s3:GetBucketLocation {BUCKET}"]),
        ("s3", "list_object_versions", {"Bucket": "b"}, [f"s3:ListBucketVersions {BUCKET}"]),
        ("s3", "get_bucket_encryption", {"Bucket": "b"},
         [f"s3:GetEncryptionConfiguration {BUCKET}"]),
        ("s3", "delete_bucket_encryption", {"Bucket": "b"},
         [f"s3:PutEncryptionConfiguration {BUCKET}"]),
        ("s3", "delete_bucket_policy", {"Bucket": "b"}, [f"s3:DeleteBucketPolicy {BUCKET}"]),
        ("s3", "get_public_access_block", {"Bucket": "b"},
         [f"s3:GetBucketPublicAccessBlock {BUCKET}"]),
        ("s3", "put_bucket_tagging", {"Bucket": "b", "Tagging": {"TagSet": TAGS}},
         [f"s3:PutBucketTagging {BUCKET}"]),
        ("s3", "get_object", {"Bucket": "b", "Key": "ö/k"},
         [f"s3:GetObject {BUCKET}/ö/k", f"s3:ListBucket {BUCKET}"]),
        ("s3", "get_object", {"Bucket": "b", "Key": "k", "VersionId": "1"},
         [f"s3:GetObjectVersion {BUCKET}/k", f"s3:ListBucket {BUCKET}"]),
        ("s3", "put_object", {"Bucket": "b", "Key": "k", "Body": b"x"}, [f"s3:PutObject {BUCKET}/k"]),
        ("s3", "put_object", {"Bucket": "b", "Key": "k", "ACL": "private", "Tagging": "a=b"},
         [f"s3:PutObject {BUCKET}/k", f"s3:PutObjectAcl {BUCKET}/k",
          f"s3:PutObjectTagging {BUCKET}/k"]),
        ("s3", "copy_object", {"Bucket": "b", "Key": "k", "CopySource": "c/d e"},
         [f"s3:PutObject {BUCKET}/k", "s3:GetObject arn:aws:s3:::c/d e"]),
        ("s3", "get_object_tagging", {"Bucket": "b", "Key": "k"},
         [f"s3:GetObjectTagging {BUCKET}/k"]),
        ("s3", "delete_object", {"Bucket": "b", "Key": "k"}, [f"s3:DeleteObject {BUCKET}/k"]),
        ("s3", "delete_objects",
         {"Bucket": "b", "Delete": {"Objects": [{"Key": "a&<"}, {"Key": "c"}]}},
         [f"s3:DeleteObject {BUCKET}/a&<", f"s3:DeleteObject {BUCKET}/c"]),
        ("s3", "create_multipart_upload", {"Bucket": "b", "Key": "k"}, [f"s3:PutObject {BUCKET}/k"]),
        ("s3", "abort_multipart_upload", {"Bucket": "b", "Key": "k", "UploadId": "1"},
         [f"s3:AbortMultipartUpload {BUCKET}/k"]),
        ("ecs", "create_cluster", {"clusterName": "c", "tags": SMALL_TAGS},
         ["ecs:CreateCluster arn:aws:ecs:HERE:cluster/c",
          "ecs:TagResource arn:aws:ecs:HERE:cluster/c"]),
        ("ecs", "describe_clusters", {"clusters": ["c", "arn:aws:ecs:x:1:cluster/d"]},
         ["ecs:DescribeClusters arn:aws:ecs:HERE:cluster/c",
          "ecs:DescribeClusters arn:aws:ecs:x:1:cluster/d"]),
        ("ecs", "register_task_definition",
         {"family": "f", "containerDefinitions": CONTAINERS, "taskRoleArn": ROLE,
          "executionRoleArn": OTHER},
         ["ecs:RegisterTaskDefinition *", f"iam:PassRole {ROLE}", f"iam:PassRole {OTHER}"]),
        ("ecs", "register_task_definition",
         {"family": "f", "containerDefinitions": CONTAINERS, "taskRoleArn": "by-name"},
         ["ecs:RegisterTaskDefinition *", "iam:PassRole arn:aws:iam::ACCOUNT:role/by-name"]),
        ("ecs", "run_task", {"taskDefinition": "f:1", "overrides": {"taskRoleArn": ROLE}},
         ["ecs:RunTask arn:aws:ecs:HERE:task-definition/f:1", f"iam:PassRole {ROLE}"]),
        ("ecs", "create_service", {"cluster": "c", "serviceName": "s", "taskDefinition": "f"},
         ["ecs:CreateService arn:aws:ecs:HERE:service/c/s"]),
        ("ecs", "create_service",
         {"cluster": "c", "serviceName": "s", "taskDefinition": "f", "volumeConfigurations": [
             {"name": "v", "managedEBSVolume": {"sizeInGiB": 1, "roleArn": ROLE}}]},
         ["ecs:CreateService arn:aws:ecs:HERE:service/c/s", f"iam:PassRole {ROLE}"]),
        ("ecs", "update_service", {"service": "s"},
         ["ecs:UpdateService arn:aws:ecs:HERE:service/default/s"]),
        ("ecs", "describe_services", {"cluster": "arn:aws:ecs:x:1:cluster/c", "services": ["s"]},
         ["ecs:DescribeServices arn:aws:ecs:HERE:service/c/s"]),
        ("ecs", "execute_command", {"cluster": "c", "task": "t", "command": "x", "interactive": True},
         ["ecs:ExecuteCommand arn:aws:ecs:HERE:cluster/c",
          "ecs:ExecuteCommand arn:aws:ecs:HERE:task/c/t"]),
        ("ecs", "stop_task", {"cluster": "c", "task": "t"},
         ["ecs:StopTask arn:aws:ecs:HERE:task/c/t"]),
        ("ecs", "list_services", {}, ["ecs:ListServices *"]),
        ("secretsmanager", "get_secret_value", {"SecretId": "none"},
         ["secretsmanager:GetSecretValue arn:aws:secretsmanager:HERE:secret:none"]),
        ("secretsmanager", "list_secrets", {}, ["secretsmanager:ListSecrets *"]),
        ("secretsmanager", "create_secret", {"Name": "n", "Tags": TAGS},
         ["secretsmanager:CreateSecret arn:aws:secretsmanager:HERE:secret:n",
          "secretsmanager:TagResource arn:aws:secretsmanager:HERE:secret:n"]),
        ("ssm", "get_parameters", {"Names": ["/a/b:3", "c"]},
         ["ssm:GetParameters arn:aws:ssm:HERE:parameter/a/b",
          "ssm:GetParameters arn:aws:ssm:HERE:parameter/c"]),
        ("ssm", "describe_parameters", {}, ["ssm:DescribeParameters *"]),
        ("ssm", "get_parameters_by_path", {"Path": "/a"},
         ["ssm:GetParametersByPath arn:aws:ssm:HERE:parameter/a"]),
        ("ssm", "describe_instance_information", {}, ["ssm:DescribeInstanceInformation some"]),
        ("kms", "create_key", {"Tags": [{"TagKey": "a", "TagValue": "b"}]},
         ["kms:CreateKey *", "kms:TagResource some"]),
        ("kms", "describe_key", {"KeyId": "1-2"}, ["kms:DescribeKey arn:aws:kms:HERE:key/1-2"]),
        ("kms", "create_alias", {"AliasName": "alias/a", "TargetKeyId": "1-2"},
         ["kms:CreateAlias arn:aws:kms:HERE:alias/a", "kms:CreateAlias arn:aws:kms:HERE:key/1-2"]),
        ("logs", "describe_log_groups", {"logGroupNamePrefix": "/a"},
         ["logs:DescribeLogGroups arn:aws:logs:HERE:log-group::log-stream:"]),
        ("logs", "create_log_group", {"logGroupName": "/a", "tags": {"a": "b"}},
         ["logs:CreateLogGroup arn:aws:logs:HERE:log-group:/a:log-stream:",
          "logs:TagResource arn:aws:logs:HERE:log-group:/a"]),
        ("logs", "put_log_events", {"logGroupName": "/a", "logStreamName": "s", "logEvents": EVENTS},
         ["logs:PutLogEvents arn:aws:logs:HERE:log-group:/a:log-stream:s"]),
        ("logs", "list_tags_for_resource", {"resourceArn": "arn:aws:logs:x:1:log-group:/a"},
         ["logs:ListTagsForResource arn:aws:logs:x:1:log-group:/a"]),
        ("iam", "create_role", {"RoleName": "r", "Path": "/p/", "AssumeRolePolicyDocument": "{}",
                                "Tags": TAGS},
         ["iam:CreateRole arn:aws:iam::ACCOUNT:role/p/r", "iam:TagRole arn:aws:iam::ACCOUNT:role/p/r"]),
        ("iam", "attach_role_policy", {"RoleName": "r", "PolicyArn": "arn:aws:iam::aws:policy/X"},
         ["iam:AttachRolePolicy arn:aws:iam::ACCOUNT:role/r"]),
        ("iam", "create_policy", {"PolicyName": "n", "PolicyDocument": "{}"},
         ["iam:CreatePolicy arn:aws:iam::ACCOUNT:policy/n"]),
        ("iam", "add_role_to_instance_profile", {"InstanceProfileName": "i", "RoleName": "r"},
         ["iam:AddRoleToInstanceProfile arn:aws:iam::ACCOUNT:instance-profile/i",
          "iam:PassRole arn:aws:iam::ACCOUNT:role/r"]),
        ("iam", "create_service_linked_role", {"AWSServiceName": "ecs.amazonaws.com"},
         ["iam:CreateServiceLinkedRole arn:aws:iam::ACCOUNT:role/aws-service-role/"
          "ecs.amazonaws.com/AWSServiceRoleForECS"]),
        ("iam", "create_open_id_connect_provider", {"Url": "https://x.example/y"},
         ["iam:CreateOpenIDConnectProvider arn:aws:iam::ACCOUNT:oidc-provider/x.example/y"]),
        ("sts", "assume_role", {"RoleArn": ROLE, "RoleSessionName": "ci"},
         [f"sts:AssumeRole {ROLE}"]),
        ("application-autoscaling", "register_scalable_target",
         {"ServiceNamespace": "ecs", "ResourceId": "service/c/s",
          "ScalableDimension": "ecs:service:DesiredCount", "RoleARN": LINKED},
         ["application-autoscaling:RegisterScalableTarget some"]),
        ("ec2", "create_flow_logs",
         {"ResourceIds": ["vpc-1"], "ResourceType": "VPC", "DeliverLogsPermissionArn": ROLE},
         ["ec2:CreateFlowLogs arn:aws:ec2:HERE:vpc/vpc-1",
          "ec2:CreateFlowLogs arn:aws:ec2:HERE:vpc-flow-log/*", f"iam:PassRole {ROLE}"]),
        ("ec2", "create_subnet", {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/24", "TagSpecifications":
         [{"ResourceType": "subnet", "Tags": TAGS}]},
         ["ec2:CreateSubnet arn:aws:ec2:HERE:vpc/vpc-1",
          "ec2:CreateSubnet arn:aws:ec2:HERE:subnet/*",
          "ec2:CreateTags arn:aws:ec2:HERE:subnet/*"]),
        ("ec2", "create_route", {"RouteTableId": "rtb-1", "DestinationCidrBlock": "0.0.0.0/0",
                                 "GatewayId": "igw-1"},
         ["ec2:CreateRoute arn:aws:ec2:HERE:route-table/rtb-1"]),
        ("ec2", "authorize_security_group_ingress",
         {"GroupId": "sg-1", "IpPermissions": [{"UserIdGroupPairs": [{"GroupId": "sg-2"}]}]},
         ["ec2:AuthorizeSecurityGroupIngress arn:aws:ec2:HERE:security-group/sg-1"]),
        ("ec2", "create_tags", {"Resources": ["vpc-1", "eipalloc-2"], "Tags": TAGS},
         ["ec2:CreateTags arn:aws:ec2:HERE:vpc/vpc-1",
          "ec2:CreateTags arn:aws:ec2:HERE:elastic-ip/eipalloc-2"]),
        ("ec2", "disassociate_address", {"AssociationId": "eipassoc-1"},
         ["ec2:DisassociateAddress some"]),
        ("elbv2", "create_load_balancer", {"Name": "n", "Tags": TAGS},
         ["elasticloadbalancing:CreateLoadBalancer "
          "arn:aws:elasticloadbalancing:HERE:loadbalancer/app/n/*",
          "elasticloadbalancing:AddTags arn:aws:elasticloadbalancing:HERE:loadbalancer/app/n/*"]),
        ("elbv2", "create_listener",
         {"LoadBalancerArn": "arn:aws:elasticloadbalancing:x:1:loadbalancer/app/n/1",
          "DefaultActions": [{"Type": "forward", "TargetGroupArn": "arn:tg"}], "Tags": TAGS},
         ["elasticloadbalancing:CreateListener "
          "arn:aws:elasticloadbalancing:x:1:loadbalancer/app/n/1",
          "elasticloadbalancing:AddTags arn:aws:elasticloadbalancing:x:1:listener/app/n/1/*"]),
        ("rds", "create_db_cluster",
         {"DBClusterIdentifier": "App", "Engine": "aurora-postgresql", "DBSubnetGroupName": "s"},
         ["rds:CreateDBCluster arn:aws:rds:HERE:cluster:app",
          "rds:CreateDBCluster arn:aws:rds:HERE:subgrp:s"]),
        ("rds", "list_tags_for_resource", {"ResourceName": "arn:aws:rds:x:1:db:a"},
         ["rds:ListTagsForResource arn:aws:rds:x:1:db:a"]),
        ("ecr", "delete_repository", {"repositoryName": "a/b"},
         ["ecr:DeleteRepository arn:aws:ecr:HERE:repository/a/b"]),
        ("cloudwatch", "delete_alarms", {"AlarmNames": ["a"]}, ["cloudwatch:DeleteAlarms arn:aws:cloudwatch:HERE:alarm:a"]),
        ("route53", "list_resource_record_sets", {"HostedZoneId": "Z1"},
         ["route53:ListResourceRecordSets arn:aws:route53:::hostedzone/Z1"]),
        ("route53", "get_change", {"Id": "C1"}, ["route53:GetChange arn:aws:route53:::change/C1"]),
        ("acm", "delete_certificate", {"CertificateArn": "arn:aws:acm:x:1:certificate/1"},
         ["acm:DeleteCertificate arn:aws:acm:x:1:certificate/1"]),
        ("wafv2", "list_web_acls", {"Scope": "REGIONAL"}, ["wafv2:ListWebACLs *"]),
        ("wafv2", "associate_web_acl", {"WebACLArn": WEB_ACL, "ResourceArn": BALANCER},
         [f"wafv2:AssociateWebACL {WEB_ACL}", f"wafv2:AssociateWebACL {BALANCER}",
          f"elasticloadbalancing:SetWebACL {BALANCER}"]),
        ("wafv2", "put_logging_configuration",
         {"LoggingConfiguration": {"ResourceArn": WEB_ACL, "LogDestinationConfigs": [LOG_GROUP]}},
         ["wafv2:PutLoggingConfiguration some", "logs:CreateLogDelivery *",
          "logs:PutResourcePolicy *", "logs:DescribeResourcePolicies *",
          "logs:DescribeLogGroups arn:aws:logs:HERE:log-group::log-stream:"]),
        ("rds", "create_db_cluster",
         {"DBClusterIdentifier": "a", "Engine": "aurora-postgresql",
          "ManageMasterUserPassword": True},
         ["rds:CreateDBCluster arn:aws:rds:HERE:cluster:a",
          "secretsmanager:CreateSecret arn:aws:secretsmanager:HERE:secret:rds!cluster-*",
          "secretsmanager:TagResource arn:aws:secretsmanager:HERE:secret:rds!cluster-*"]),
        ("ec2", "create_flow_logs",
         {"ResourceIds": ["vpc-1"], "ResourceType": "VPC", "LogDestinationType": "s3",
          "LogDestination": "arn:aws:s3:::b"},
         ["ec2:CreateFlowLogs arn:aws:ec2:HERE:vpc/vpc-1",
          "ec2:CreateFlowLogs arn:aws:ec2:HERE:vpc-flow-log/*", "logs:CreateLogDelivery *"]),
    ],
)  # fmt: skip
def test_actions_and_resources(
    store: Store, service: str, call: str, given: dict[str, Any], wanted: list[str]
) -> None:
    assert spelt(store, checks(store, service, call, **given)) == wanted


@pytest.mark.parametrize(
    ("service", "call", "given", "key", "value"),
    [
        ("s3", "list_objects_v2", {"Bucket": "b", "Prefix": "a/"}, "s3:prefix", ("a/",)),
        ("s3", "put_object", {"Bucket": "b", "Key": "k", "ServerSideEncryption": "AES256"},
         "s3:x-amz-server-side-encryption", ("AES256",)),
        ("ecs", "run_task", {"cluster": "arn:aws:ecs:x:1:cluster/c", "taskDefinition": "f"},
         "ecs:cluster", ("arn:aws:ecs:x:1:cluster/c",)),
        ("ecs", "create_cluster", {"tags": SMALL_TAGS}, "aws:requesttag/a", ("b",)),
        ("ecs", "create_cluster", {"tags": SMALL_TAGS}, "aws:tagkeys", ("a",)),
        ("ec2", "create_vpc", {"CidrBlock": "10.0.0.0/16", "TagSpecifications":
         [{"ResourceType": "vpc", "Tags": TAGS}]}, "aws:requesttag/a", ("b",)),
        ("iam", "create_role", {"RoleName": "r", "AssumeRolePolicyDocument": "{}",
                                "Tags": TAGS}, "aws:requesttag/a", ("b",)),
        ("iam", "attach_role_policy", {"RoleName": "r", "PolicyArn": ADMIN},
         "iam:policyarn", (ADMIN,)),
        ("iam", "create_role", {"RoleName": "r", "AssumeRolePolicyDocument": "{}",
                                "PermissionsBoundary": "arn:aws:iam::1:policy/b"},
         "iam:permissionsboundary", ("arn:aws:iam::1:policy/b",)),
        ("kms", "describe_key", {"KeyId": "alias/a"}, "kms:requestalias", ("alias/a",)),
        ("sts", "assume_role", {"RoleArn": ROLE, "RoleSessionName": "ci", "ExternalId": "xx"},
         "sts:externalid", ("xx",)),
    ],
)  # fmt: skip
def test_condition_keys(
    store: Store, service: str, call: str, given: dict[str, Any], key: str, value: tuple[str, ...]
) -> None:
    assert checks(store, service, call, **given)[0].context.get(key) == value


def test_whom_a_role_is_passed_to(store: Store) -> None:
    given = {"family": "f", "containerDefinitions": CONTAINERS, "taskRoleArn": ROLE}
    passing = checks(store, "ecs", "register_task_definition", **given)[-1]
    assert passing.context["iam:passedtoservice"] == ("ecs-tasks.amazonaws.com",)


def test_rest_operations_have_their_names_and_parameters(store: Store) -> None:
    asked = environ(
        "route53",
        "change_resource_record_sets",
        HostedZoneId="Z1",
        ChangeBatch={
            "Changes": [
                {"Action": "DELETE", "ResourceRecordSet": {"Name": "a.example", "Type": "A"}}
            ]
        },
    )
    with store.locked():
        call = read(asked, identify(asked), store.account_id, store.region)
    assert call.action == "route53:ChangeResourceRecordSets"
    assert call.params["Id"] == "Z1"


def test_a_rest_path_that_nobody_knows_is_for_wildcards_alone(store: Store) -> None:
    asked = {**environ("route53", "list_hosted_zones"), "PATH_INFO": "/no/such/path"}
    with store.locked():
        assert read(asked, identify(asked), "1", REGION).action == "route53:GET"


def test_newer_sdks_name_the_operation_in_the_path() -> None:
    scope = f"Credential=AKIAX/20261123/{REGION}/monitoring/aws4_request"
    asked = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/service/GraniteServiceVersion20100801/operation/DescribeAlarms",
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 {scope}, Signature=x",
        "HTTP_SMITHY_PROTOCOL": "rpc-v2-cbor",
    }
    found = identify(asked)
    assert (str(found), found.protocol) == ("cloudwatch:DescribeAlarms", "cbor")
    assert not found.changes
    del asked["HTTP_SMITHY_PROTOCOL"]  # or else it may be an object of S3
    assert identify(asked).protocol != "cbor"


def test_what_nobody_signs_is_told_by_its_name() -> None:
    asked = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "QUERY_STRING": "Action=AssumeRoleWithWebIdentity",
    }
    assert str(identify(asked)) == "sts:AssumeRoleWithWebIdentity"
    asked["QUERY_STRING"] = "Action=ListUsers"
    assert identify(asked).service == "s3"  # and so no user's: only a bucket may let it in
