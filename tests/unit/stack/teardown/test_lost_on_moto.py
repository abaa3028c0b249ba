"""What a lost state has left is found by names and tags, and deleted; what is another's is not touched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from drydock.aws import clients
from drydock.aws.clients import Clients
from drydock.stack.existing.finding import look
from drydock.stack.existing.tags import tags_of
from drydock.stack.existing.wanted import NAMES, Wanted
from drydock.stack.teardown import lost, removal
from drydock.stack.teardown.contents import client
from tests.support.plain_moto import plain_moto

TAGS = {"Application": "shop"}
PAIRS: list[Any] = [{"Key": "Application", "Value": "shop"}]
SMALL: list[Any] = [{"key": "Application", "value": "shop"}]
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            }
        ],
    }
)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clients]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with plain_moto():
        yield clients.aws("ap-southeast-2")


def tagged(kind: Any) -> list[Any]:
    return [{"ResourceType": kind, "Tags": PAIRS}]


def build(api: Clients) -> dict[str, str]:
    """One of each type that has a name of its own → type and name; and a network without one."""
    ec2, elbv2, rds, iam = api.ec2, api.elbv2, api.rds, api.iam
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tagged("vpc"))["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(
            VpcId=vpc,
            CidrBlock=f"10.0.{number}.0/24",
            AvailabilityZone=f"ap-southeast-2{zone}",
            TagSpecifications=tagged("subnet"),
        )["Subnet"]["SubnetId"]
        for number, zone in enumerate("ab")
    ]
    gateway = ec2.create_internet_gateway(TagSpecifications=tagged("internet-gateway"))
    gateway_id = gateway["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway_id, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc, TagSpecifications=tagged("route-table"))
    table_id = table["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table_id, SubnetId=subnets[0])
    groups = [
        ec2.create_security_group(
            GroupName=name,
            Description=name,
            VpcId=vpc,
            TagSpecifications=tagged("security-group"),
        )["GroupId"]
        for name in ("web", "db")
    ]
    for own, other in (groups, reversed(groups)):
        ec2.authorize_security_group_ingress(
            GroupId=own,
            IpPermissions=[
                {
                    "IpProtocol": "tcp",
                    "FromPort": 80,
                    "ToPort": 80,
                    "UserIdGroupPairs": [{"GroupId": other}],
                }
            ],
        )
    balancer = elbv2.create_load_balancer(Name="shop", Subnets=subnets, Tags=PAIRS)
    target = elbv2.create_target_group(
        Name="shop", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip", Tags=PAIRS
    )["TargetGroups"][0]["TargetGroupArn"]
    elbv2.create_listener(
        LoadBalancerArn=balancer["LoadBalancers"][0]["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": target}],
        Tags=PAIRS,
    )
    rds.create_db_subnet_group(
        DBSubnetGroupName="shop", DBSubnetGroupDescription="x", SubnetIds=subnets, Tags=PAIRS
    )
    rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName="shop-c",
        DBParameterGroupFamily="aurora-postgresql16",
        Description="x",
        Tags=PAIRS,
    )
    rds.create_db_parameter_group(
        DBParameterGroupName="shop-i",
        DBParameterGroupFamily="postgres16",
        Description="x",
        Tags=PAIRS,
    )
    rds.create_db_cluster(
        DBClusterIdentifier="shop",
        Engine="aurora-postgresql",
        MasterUsername="shop",
        MasterUserPassword="a-long-password",
        DBSubnetGroupName="shop",
        Tags=PAIRS,
    )
    rds.create_db_instance(
        DBInstanceIdentifier="shop-1",
        DBClusterIdentifier="shop",
        Engine="aurora-postgresql",
        DBInstanceClass="db.r6g.large",
        Tags=PAIRS,
    )
    api.ecs.create_cluster(clusterName="shop", tags=SMALL)
    definition = api.ecs.register_task_definition(
        family="shop",
        containerDefinitions=[{"name": "web", "image": "x", "memory": 64}],
        tags=SMALL,
    )["taskDefinition"]["taskDefinitionArn"]
    api.ecs.create_service(
        cluster="shop", serviceName="web", taskDefinition=definition, desiredCount=0, tags=SMALL
    )
    iam.create_role(RoleName="shop", AssumeRolePolicyDocument=TRUST, Tags=PAIRS)
    statement = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName="shop", PolicyName="x", PolicyDocument=policy)
    api.logs.create_log_group(logGroupName="/shop", tags=TAGS)
    api.secretsmanager.create_secret(Name="shop", SecretString="x", Tags=PAIRS)
    client(api, "ssm").put_parameter(Name="/shop/x", Type="String", Value="x", Tags=PAIRS)
    place: Any = {"LocationConstraint": "ap-southeast-2"}
    s3 = client(api, "s3")
    s3.create_bucket(Bucket="shop-logs", CreateBucketConfiguration=place)
    s3.put_bucket_tagging(Bucket="shop-logs", Tagging={"TagSet": PAIRS})
    s3.put_object(Bucket="shop-logs", Key="a", Body=b"x")
    api.ecr.create_repository(repositoryName="shop", tags=PAIRS)
    client(api, "dynamodb").create_table(
        TableName="shop",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=PAIRS,
    )
    key = client(api, "kms").create_key(Tags=[{"TagKey": "Application", "TagValue": "shop"}])
    client(api, "kms").create_alias(AliasName="alias/shop", TargetKeyId=key["KeyMetadata"]["KeyId"])
    return {
        "aws_cloudwatch_log_group": "/shop",
        "aws_db_parameter_group": "shop-i",
        "aws_db_subnet_group": "shop",
        "aws_dynamodb_table": "shop",
        "aws_ecr_repository": "shop",
        "aws_ecs_cluster": "shop",
        "aws_ecs_service": "web",
        "aws_iam_role": "shop",
        "aws_kms_alias": "alias/shop",
        "aws_lb": "shop",
        "aws_lb_target_group": "shop",
        "aws_rds_cluster": "shop",
        "aws_rds_cluster_instance": "shop-1",
        "aws_rds_cluster_parameter_group": "shop-c",
        "aws_s3_bucket": "shop-logs",
        "aws_secretsmanager_secret": "shop",
        "aws_ssm_parameter": "/shop/x",
    }


def things(names: dict[str, str]) -> tuple[Wanted, ...]:
    return tuple(Wanted(f"{kind}.x", kind, name) for kind, name in names.items())


def test_each_kind_is_found_by_its_name_with_its_tags_and_nothing_where_there_is_nothing(
    api: Clients,
) -> None:
    nothing = look(api, things(dict.fromkeys(NAMES, "shop")))
    assert (nothing.found, nothing.unknown) == ((), ())
    names = build(api)
    looked = look(api, things(names))
    assert {one.kind: one.name for one in looked.found} == names
    assert looked.unknown == ()
    assert {one.kind for one in looked.found if tags_of(api, one.arn) != TAGS} == set()
    ids = {one.kind: one.id for one in looked.found}
    assert ids["aws_ecs_service"] == "shop/web"
    assert ids["aws_lb"].startswith("arn:")
    assert ids["aws_iam_role"] == "shop"


def test_all_of_it_is_deleted_and_nothing_of_others(api: Clients) -> None:
    names = build(api)
    other = api.ec2.create_vpc(CidrBlock="10.9.0.0/16", TagSpecifications=tagged("vpc"))
    untagged = api.ec2.create_vpc(CidrBlock="10.8.0.0/16")
    foreign = other["Vpc"]["VpcId"]
    api.iam.create_role(RoleName="others", AssumeRolePolicyDocument=TRUST)
    said: list[str] = []
    like = lost.Likeness(TAGS, things({**names, "aws_iam_user": "others"}))

    def find() -> tuple[str, ...]:
        return lost.find(api, like, frozenset({foreign}), said.append)

    assert len(find()) >= len(names)
    now = [0.0]

    def sleep(_: float) -> None:
        now[0] += 600

    left = removal.remove(api, find, said.append, clock=lambda: now[0], sleep=sleep)
    assert left == {}
    # A secret on AWS stays for its recovery window, and its name is taken as long.
    assert {one.kind for one in look(api, things(names)).found} == {"aws_secretsmanager_secret"}
    vpcs = {one["VpcId"] for one in api.ec2.describe_vpcs()["Vpcs"] if not one["IsDefault"]}
    assert vpcs == {foreign, untagged["Vpc"]["VpcId"]}
    assert api.iam.get_role(RoleName="others")
    snapshots = api.rds.describe_db_cluster_snapshots()["DBClusterSnapshots"]
    assert "shop-swept" in [one["DBClusterSnapshotIdentifier"] for one in snapshots]


def test_without_tags_nothing_is_taken_for_the_stacks(api: Clients) -> None:
    names = build(api)
    like = lost.Likeness({}, things(names))
    assert lost.find(api, like, frozenset(), lambda _: None) == ()


def test_what_another_stacks_state_holds_is_that_stacks(api: Clients, tmp_path: Any) -> None:
    state = {
        "resources": [
            {
                "mode": "managed",
                "type": "aws_vpc",
                "name": "x",
                "instances": [{"attributes": {"id": "vpc-1", "arn": "arn:aws:ec2:::vpc/vpc-1"}}],
            }
        ]
    }
    s3 = client(api, "s3")
    where: Any = {"LocationConstraint": "ap-southeast-2"}
    s3.create_bucket(Bucket="drydock-state-other-1", CreateBucketConfiguration=where)
    s3.put_object(Bucket="drydock-state-other-1", Key="k", Body=json.dumps(state).encode())
    own = tmp_path / "own"
    text = json.dumps(state).replace("vpc-1", "vpc-2")
    for home, words in ((own, "{}"), (tmp_path / "another", text)):
        (home / "state-r").mkdir(parents=True)
        (home / "state-r" / "terraform.tfstate").write_text(words)
    stack = cast("Any", SimpleNamespace(files=SimpleNamespace(home=own)))
    assert lost.foreign_names(api, stack) == frozenset(), "AWS is not searched"
    local = SimpleNamespace(is_local=True, endpoint=None, session=api.session, config=api.config)
    assert lost.foreign_names(cast("Any", local), stack) == {
        "vpc-1",
        "arn:aws:ec2:::vpc/vpc-1",
        "vpc-2",
        "arn:aws:ec2:::vpc/vpc-2",
    }


def test_kinds_with_a_protection_are_told() -> None:
    at = "ap-southeast-2:1"
    names = (f"arn:aws:rds:{at}:cluster:db", f"arn:aws:rds:{at}:cluster-pg:db", "vpc-1")
    assert [(one.kind, one.id) for one in lost.guarded(names)] == [("aws_rds_cluster", "db")]
