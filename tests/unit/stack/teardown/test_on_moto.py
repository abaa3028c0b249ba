"""What is asked of the API around a destroy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from drydock.aws import clients
from drydock.aws.clients import Clients
from drydock.errors import OpsError, StackError, WaitTimedOut
from drydock.stack.teardown import contents, guards, interfaces, sweep
from drydock.stack.teardown.contents import client, empty_bucket, empty_repository
from drydock.stack.teardown.remains import Remains, Standing
from tests.support.plain_moto import plain_moto

TAGS = {"Application": "shop", "ManagedBy": "terraform"}
PAIRS: list[Any] = [{"Key": key, "Value": value} for key, value in TAGS.items()]


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clients]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with plain_moto():
        yield clients.aws("ap-southeast-2")


def look(api: Clients, *, tags: dict[str, str] | None = None, roles: tuple[str, ...] = ()) -> Any:
    said: list[str] = []
    found = sweep.sweep(api, TAGS if tags is None else tags, roles, said.append)
    return [(one.name.rpartition("/")[2], bool(one.kept)) for one in found], said


def specification(kind: str) -> list[Any]:
    return [{"ResourceType": kind, "Tags": PAIRS}]


def test_a_sweep_finds_what_carries_every_tag_once_and_the_roles_by_name(api: Clients) -> None:
    vpc = api.ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=specification("vpc"))
    api.ec2.create_vpc(CidrBlock="10.1.0.0/16")
    api.ec2.create_tags(
        Resources=[api.ec2.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]], Tags=PAIRS[:1]
    )
    api.iam.create_role(RoleName="shop-task", AssumeRolePolicyDocument="{}")
    found, said = look(api, roles=("shop-task", "gone"))
    assert found == [(vpc["Vpc"]["VpcId"], False), ("iam role shop-task", False)]
    assert said == []
    assert look(api, tags={})[0] == []


def test_what_is_gone_is_not_told_of_although_its_tags_are(api: Clients) -> None:
    vpc = api.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group = api.ec2.create_security_group(
        GroupName="g", Description="g", VpcId=vpc, TagSpecifications=specification("security-group")
    )["GroupId"]
    api.ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": 1,
                "ToPort": 1,
                "IpRanges": [{"CidrIp": "10.0.0.0/8"}],
            }
        ],
        TagSpecifications=specification("security-group-rule"),
    )
    subnet = api.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    gateway = api.ec2.create_nat_gateway(
        SubnetId=subnet, ConnectivityType="private", TagSpecifications=specification("natgateway")
    )["NatGateway"]["NatGatewayId"]
    assert {name for name, _ in look(api)[0]} >= {group, gateway}
    api.ec2.delete_nat_gateway(NatGatewayId=gateway)
    api.ec2.delete_security_group(GroupId=group)
    assert look(api)[0] == []


def test_a_revision_counts_while_it_is_active_and_a_key_until_it_is_deleted(api: Clients) -> None:
    made = api.ecs.register_task_definition(
        family="shop",
        containerDefinitions=[{"name": "a", "image": "a", "memory": 1}],
        tags=[{"key": key, "value": value} for key, value in TAGS.items()],
    )["taskDefinition"]["taskDefinitionArn"]
    kms = client(api, "kms")
    key = kms.create_key(Tags=[{"TagKey": k, "TagValue": v} for k, v in TAGS.items()])
    name = key["KeyMetadata"]["KeyId"]
    assert sorted(look(api)[0]) == sorted([("shop:1", False), (name, False)])
    api.ecs.deregister_task_definition(taskDefinition=made)
    kms.schedule_key_deletion(KeyId=name, PendingWindowInDays=7)
    assert look(api)[0] == [(name, True)]


def test_a_secret_counts_until_it_is_deleted_and_is_named_while_it_waits_for_that(
    api: Clients,
) -> None:
    secrets = client(api, "secretsmanager")
    secret = secrets.create_secret(Name="s", SecretString="x", Tags=PAIRS)["ARN"]
    assert look(api)[0] == [(secret, False)]
    secrets.delete_secret(SecretId=secret, RecoveryWindowInDays=7)
    assert look(api)[0] == [(secret, True)]
    secrets.restore_secret(SecretId=secret)
    secrets.delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)
    assert look(api)[0] == []


def test_where_the_tagging_api_refuses_each_service_is_asked(
    api: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = api.secretsmanager.create_secret(Name="s", SecretString="x", Tags=PAIRS)["ARN"]
    api.logs.create_log_group(logGroupName="/shop", tags=TAGS)
    api.logs.create_log_group(logGroupName="/other")

    def refuses(*_: Any) -> Any:
        raise OpsError("GetResources failed", "AccessDenied")

    monkeypatch.setattr(sweep, "_tagged", refuses)
    said: list[str] = []
    found = sweep.sweep(api, TAGS, (), said.append)
    assert [one.name for one in found] == sorted(
        [secret, "arn:aws:logs:ap-southeast-2:123456789012:log-group:/shop"]
    )
    assert "AccessDenied" in said[0]


def test_a_bucket_is_emptied_of_every_version_and_one_that_is_gone_is_empty(api: Clients) -> None:
    s3 = client(api, "s3")
    where: Any = {"LocationConstraint": "ap-southeast-2"}
    s3.create_bucket(Bucket="filled-bucket", CreateBucketConfiguration=where)
    s3.put_bucket_versioning(Bucket="filled-bucket", VersioningConfiguration={"Status": "Enabled"})
    for _ in range(2):
        s3.put_object(Bucket="filled-bucket", Key="k", Body=b"")
    s3.delete_object(Bucket="filled-bucket", Key="k")
    assert empty_bucket(api, "filled-bucket") == 3
    assert empty_bucket(api, "filled-bucket") == 0
    s3.delete_bucket(Bucket="filled-bucket")
    assert empty_bucket(api, "filled-bucket") == 0


def test_a_repository_that_is_gone_or_empty_needs_nothing(api: Clients) -> None:
    assert empty_repository(api, "shop") == 0
    client(api, "ecr").create_repository(repositoryName="shop")
    assert empty_repository(api, "shop") == 0


class Registry:
    """Refuses to delete an image while a list of images refers to it; moto does not."""

    def __init__(self, lists: dict[str, set[str]], stubborn: str = "") -> None:
        self.images = {*lists, *(image for images in lists.values() for image in images)}
        self.lists = lists
        self.stubborn = stubborn

    def get_paginator(self, _operation: str) -> Any:
        return self

    def paginate(self, **_: Any) -> list[Any]:
        return [{"imageIds": [{"imageDigest": one} for one in self.images]}]

    def batch_delete_image(self, *, imageIds: list[Any], **_: Any) -> Any:  # noqa: N803 - boto3's
        asked = {one["imageDigest"] for one in imageIds}
        held = {
            image for name, images in self.lists.items() if name in self.images for image in images
        }
        held = (held | {self.stubborn}) & asked
        self.images -= asked - held
        failures = [
            {"imageId": {"imageDigest": one}, "failureCode": "ImageReferencedByManifestList"}
            for one in held
        ]
        return {"failures": failures}


def test_images_of_a_list_go_after_it() -> None:
    registry = Registry({"sha256:list": {"sha256:arm", "sha256:x86"}})
    assert contents._delete_images(registry, "shop") == 3
    assert registry.images == set()
    stubborn = Registry({"sha256:list": set()}, stubborn="sha256:list")
    with pytest.raises(OpsError, match="ImageReferencedByManifestList"):
        contents._delete_images(stubborn, "shop")


def test_protection_is_turned_off_for_kinds_that_we_know_a_way_for(api: Clients) -> None:
    api.rds.create_db_cluster(
        DBClusterIdentifier="c",
        Engine="aurora-postgresql",
        MasterUsername="u",
        MasterUserPassword="long-enough",
        DeletionProtection=True,
    )
    guards.turn_off(api, [Standing("aws_rds_cluster.c", "aws_rds_cluster", {"id": "c"})])
    [cluster] = api.rds.describe_db_clusters()["DBClusters"]
    assert cluster["DeletionProtection"] is False
    strange = Standing("aws_qldb_ledger.x", "aws_qldb_ledger", {"deletion_protection": True})
    with pytest.raises(StackError, match=r"aws_qldb_ledger\.x"):
        guards.turn_off(api, [strange])


def test_interfaces_in_the_stacks_subnets_are_waited_for_by_name(
    api: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    vpc = api.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = api.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    interface = api.ec2.create_network_interface(SubnetId=subnet, Description="ELB app/shop")
    name = interface["NetworkInterface"]["NetworkInterfaceId"]
    remains = Remains((Standing("aws_subnet.a", "aws_subnet", {"id": subnet}),))
    assert interfaces.left(api, remains) == [f"{name} (ELB app/shop)"]

    monkeypatch.setattr(interfaces, "_TIMEOUT", {True: 0.0, False: 0.0})
    said: list[str] = []
    with pytest.raises(WaitTimedOut, match=name):
        interfaces.wait_until_gone(api, remains, said.append)
    assert name in said[0]
    api.ec2.delete_network_interface(NetworkInterfaceId=name)
    interfaces.wait_until_gone(api, remains, said.append)
    assert interfaces.left(api, Remains()) == []
