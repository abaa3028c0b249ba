"""A region that judges every call by IAM's policies: users, roles' sessions, tasks."""

from __future__ import annotations

import base64
import itertools
import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from drydock.region.host import launcher
from tests.support import region as support
from tests.support.region import TestRegion
from tests.support.scenario import Scenario

_numbers = itertools.count(1)
ECS_TRUST = {"Principal": {"Service": "ecs-tasks.amazonaws.com"}}


class Enforced(TestRegion):
    """Clients of the account's root, and of whom it makes."""

    __test__ = False

    def as_(self, service: str, key: dict[str, str]) -> Any:
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.record.endpoint,
            region_name=self.record.region,
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
            aws_session_token=key.get("SessionToken"),
            config=Config(retries={"total_max_attempts": 1}, read_timeout=20),
        )

    def user(self, *statements: dict[str, Any]) -> dict[str, str]:
        """A user of these statements → its access key and ARN."""
        iam = self.client("iam")
        name = f"user-{next(_numbers)}"
        arn = iam.create_user(UserName=name)["User"]["Arn"]
        if statements:
            iam.put_user_policy(
                UserName=name, PolicyName="own", PolicyDocument=document(*statements)
            )
        return {**iam.create_access_key(UserName=name)["AccessKey"], "Arn": arn}

    def role(self, trust: dict[str, Any], *statements: dict[str, Any], **more: Any) -> str:
        """A role → its ARN."""
        iam = self.client("iam")
        name = f"role-{next(_numbers)}"
        action = more.pop("Action", "sts:AssumeRole")
        arn: str = iam.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=document({"Effect": "Allow", "Action": action, **trust}),
            **more,
        )["Role"]["Arn"]
        if statements:
            iam.put_role_policy(
                RoleName=name, PolicyName="own", PolicyDocument=document(*statements)
            )
        return arn

    def assume(self, key: dict[str, str], role: str, **more: Any) -> dict[str, str]:
        answer = self.as_("sts", key).assume_role(RoleArn=role, RoleSessionName="ci", **more)
        found: dict[str, str] = answer["Credentials"]
        return found


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {**allow(action, resource, **more), "Effect": "Deny"}


def refused(call: Any, **given: Any) -> tuple[int, str, str]:
    """Status, code and message of the error that a call ends with."""
    with pytest.raises(ClientError) as caught:
        call(**given)
    error = caught.value.response["Error"]
    status = caught.value.response["ResponseMetadata"]["HTTPStatusCode"]
    return status, str(error.get("Code")), str(error.get("Message"))


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory, needs_namespaces: None) -> Iterator[Enforced]:
    folder = tmp_path_factory.mktemp("enforced")
    workspace = support.prepare(folder)
    settings = folder / "drydock.toml"
    enforced = '[region]\nenforce_iam = true\nroot_access_keys = ["test"]'
    settings.write_text(settings.read_text().replace("[region]", enforced, 1))
    record = support.start(workspace)
    yield Enforced(workspace, record)
    launcher.stop(workspace)


@pytest.fixture(scope="module")
def scenario(region: Enforced) -> Scenario:
    return Scenario.build(region, "guarded")


def test_the_region_says_that_it_enforces(region: Enforced) -> None:
    assert region.inspect()["enforce_iam"] is True


def test_a_narrow_policy_and_the_words_of_each_service(region: Enforced) -> None:
    key = region.user(allow(["ec2:DescribeVpcs", "ecs:List*"]))
    region.as_("ec2", key).describe_vpcs()
    region.as_("ecs", key).list_clusters()
    who = key["Arn"]
    no = "because no identity-based policy allows the"
    assert refused(region.as_("ec2", key).describe_subnets) == (
        403,
        "UnauthorizedOperation",
        "You are not authorized to perform this operation. "
        f"User: {who} is not authorized to perform: ec2:DescribeSubnets on resource: * {no} "
        "ec2:DescribeSubnets action",
    )
    cluster = f"arn:aws:ecs:{region.record.region}:{region.record.account_id}:cluster/x"
    assert refused(region.as_("ecs", key).create_cluster, clusterName="x") == (
        400,
        "AccessDeniedException",
        f"User: {who} is not authorized to perform: ecs:CreateCluster on resource: {cluster} {no} "
        "ecs:CreateCluster action",
    )
    for service, call in (("rds", "describe_db_clusters"), ("route53", "list_hosted_zones")):
        status, code, _ = refused(getattr(region.as_(service, key), call))
        assert (status, code) == (403, "AccessDenied")
    assert refused(region.as_("s3", key).list_buckets)[1] == "AccessDenied"
    assert refused(region.as_("cloudwatch", key).describe_alarms)[1] == "AccessDeniedException"
    assert region.as_("sts", key).get_caller_identity()["Arn"] == who


def test_a_key_that_nobody_has(region: Enforced) -> None:
    key = {"AccessKeyId": "AKIANOBODY", "SecretAccessKey": "x"}
    assert refused(region.as_("iam", key).list_users)[:2] == (403, "InvalidClientTokenId")
    assert refused(region.as_("ecs", key).list_clusters)[:2] == (400, "UnrecognizedClientException")
    assert refused(region.as_("ec2", key).describe_vpcs)[:2] == (401, "AuthFailure")
    assert refused(region.as_("s3", key).list_buckets)[:2] == (403, "InvalidAccessKeyId")
    known = region.user(allow("*"))
    name = known["Arn"].rsplit("/", 1)[-1]
    region.client("iam").update_access_key(
        UserName=name, AccessKeyId=known["AccessKeyId"], Status="Inactive"
    )
    assert refused(region.as_("iam", known).list_users)[1] == "InvalidClientTokenId"


def test_an_explicit_deny_wins_and_groups_and_versions_count(region: Enforced) -> None:
    iam = region.client("iam")
    key = region.user(deny("s3:DeleteBucket"))
    name = key["Arn"].rsplit("/", 1)[-1]
    iam.create_group(GroupName="makers")
    iam.add_user_to_group(GroupName="makers", UserName=name)
    arn = iam.create_policy(
        PolicyName="makers", PolicyDocument=document(allow("s3:ListAllMyBuckets"))
    )["Policy"]["Arn"]
    iam.attach_group_policy(GroupName="makers", PolicyArn=arn)
    s3 = region.as_("s3", key)
    where = {"LocationConstraint": region.record.region}
    s3.list_buckets()
    create = {"Bucket": "drydock-groups", "CreateBucketConfiguration": where}
    assert "s3:CreateBucket" in refused(s3.create_bucket, **create)[2]
    iam.create_policy_version(
        PolicyArn=arn, PolicyDocument=document(allow("s3:*")), SetAsDefault=True
    )
    s3.create_bucket(**create)
    message = refused(s3.delete_bucket, Bucket="drydock-groups")[2]
    assert message.endswith("with an explicit deny in an identity-based policy")
    iam.delete_user_policy(UserName=name, PolicyName="own")
    s3.delete_bucket(Bucket="drydock-groups")


def test_s3_by_resource_prefix_and_the_buckets_policy(region: Enforced) -> None:
    owner = region.client("s3")
    where = {"LocationConstraint": region.record.region}
    owner.create_bucket(Bucket="drydock-guarded", CreateBucketConfiguration=where)
    for key in ("mine/a", "other/a"):
        owner.put_object(Bucket="drydock-guarded", Key=key, Body=b"1")
    ann = region.user(
        allow(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::drydock-guarded/mine/*"),
        allow(
            "s3:ListBucket",
            "arn:aws:s3:::drydock-guarded",
            Condition={"StringLike": {"s3:prefix": "mine/*"}},
        ),
    )
    s3 = region.as_("s3", ann)
    place = {"Bucket": "drydock-guarded"}
    assert s3.get_object(**place, Key="mine/a")["Body"].read() == b"1"
    s3.put_object(**place, Key="mine/b", Body=b"2")
    s3.list_objects_v2(**place, Prefix="mine/")
    message = refused(s3.get_object, **place, Key="other/a")[2]
    assert '"arn:aws:s3:::drydock-guarded/other/a" because no identity-based' in message
    for call, given in (
        (s3.list_objects_v2, {"Prefix": "other/"}),
        (s3.list_objects_v2, {}),
        (s3.delete_object, {"Key": "mine/a"}),
        (s3.get_bucket_policy, {}),
        (s3.copy_object, {"Key": "mine/c", "CopySource": "drydock-guarded/other/a"}),
    ):
        assert refused(call, **place, **given)[1] == "AccessDenied"
    assert refused(s3.head_object, **place, Key="other/a")[0] == 403
    assert refused(s3.get_object, **place, Key="mine/none")[1] == "AccessDenied"  # may not list
    assert refused(owner.get_object, **place, Key="mine/none")[1] == "NoSuchKey"
    keys = {"Objects": [{"Key": "mine/a"}, {"Key": "other/a"}]}
    bucket_policy = document(
        {
            "Effect": "Allow",
            "Principal": {"AWS": ann["Arn"]},
            "Action": "s3:DeleteObject",
            "Resource": "arn:aws:s3:::drydock-guarded/mine/*",
        },
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::drydock-guarded/mine/b",
        },
    )
    owner.put_bucket_policy(**place, Policy=bucket_policy)
    assert refused(s3.delete_objects, **place, Delete=keys)[1] == "AccessDenied"
    s3.delete_object(**place, Key="mine/a")
    denied = refused(s3.get_object, **place, Key="mine/b")[2]
    assert denied.endswith("with an explicit deny in a resource-based policy")


def test_secrets_by_resource_policy_and_key(region: Enforced) -> None:
    secrets, kms = region.client("secretsmanager"), region.client("kms")
    own_key = kms.create_key()["KeyMetadata"]["Arn"]
    mine = secrets.create_secret(Name="app/db", SecretString="1", KmsKeyId=own_key)["ARN"]
    other = secrets.create_secret(Name="other/db", SecretString="2")["ARN"]
    reading = allow("secretsmanager:GetSecretValue", f"{mine[:-6]}??????")
    ann = region.user(reading)
    message = refused(region.as_("secretsmanager", ann).get_secret_value, SecretId="app/db")[2]
    assert f"kms:Decrypt on resource: {own_key} because no identity-based" in message
    via = f"secretsmanager.{region.record.region}.amazonaws.com"
    only_via = {"StringEquals": {"kms:ViaService": via}}
    bob = region.user(reading, allow("kms:Decrypt", own_key, Condition=only_via))
    client = region.as_("secretsmanager", bob)
    assert client.get_secret_value(SecretId="app/db")["SecretString"] == "1"
    assert f"on resource: {other} " in refused(client.get_secret_value, SecretId="other/db")[2]
    secrets.put_resource_policy(
        SecretId=other,
        ResourcePolicy=document(
            {
                "Effect": "Allow",
                "Principal": {"AWS": bob["Arn"]},
                "Action": "secretsmanager:GetSecretValue",
                "Resource": "*",
            }
        ),
    )
    assert client.get_secret_value(SecretId=other)["SecretString"] == "2"
    kms.put_key_policy(
        KeyId=own_key,
        PolicyName="default",
        Policy=document(
            {"Effect": "Allow", "Principal": {"AWS": ann["Arn"]}, "Action": "*", "Resource": "*"}
        ),
    )
    assert (
        "no resource-based policy allows the kms:Decrypt"
        in (refused(client.get_secret_value, SecretId="app/db")[2])
    )


def test_parameters_and_logs_by_resource(region: Enforced) -> None:
    ssm, logs = region.client("ssm"), region.client("logs")
    ssm.put_parameter(Name="/app/colour", Value="red", Type="String")
    ssm.put_parameter(Name="/other/colour", Value="blue", Type="String")
    logs.create_log_group(logGroupName="/app/web")
    logs.create_log_group(logGroupName="/other/web")
    here = f"{region.record.region}:{region.record.account_id}"
    ann = region.user(
        allow(["ssm:GetParameter*"], f"arn:aws:ssm:{here}:parameter/app/*"),
        allow(
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            f"arn:aws:logs:{here}:log-group:/app/web:*",
        ),
        allow("logs:PutRetentionPolicy", f"arn:aws:logs:{here}:log-group:/app/web"),
    )
    hers = region.as_("ssm", ann)
    assert hers.get_parameter(Name="/app/colour")["Parameter"]["Value"] == "red"
    assert refused(hers.get_parameter, Name="/other/colour")[1] == "AccessDeniedException"
    both = ["/app/colour", "/other/colour"]
    assert refused(hers.get_parameters, Names=both)[1] == "AccessDeniedException"
    writer = region.as_("logs", ann)
    writer.create_log_stream(logGroupName="/app/web", logStreamName="s")
    other = {"logGroupName": "/other/web", "logStreamName": "s"}
    assert "log-group:/other/web:log-stream:s " in refused(writer.create_log_stream, **other)[2]
    # AWS wants the `:*` at the end of a log group's ARN, and so does this
    keep = {"logGroupName": "/app/web", "retentionInDays": 7}
    assert refused(writer.put_retention_policy, **keep)[1] == "AccessDeniedException"


def test_a_role_is_assumed_by_whom_it_trusts(region: Enforced) -> None:
    account = f"arn:aws:iam::{region.record.account_id}:root"
    role = region.role({"Principal": {"AWS": account}}, allow(["ec2:DescribeVpcs", "ecs:*"]))
    ann = region.user(allow("sts:AssumeRole", role))
    bob = region.user()
    sts = region.as_("sts", bob)
    assert "sts:AssumeRole" in refused(sts.assume_role, RoleArn=role, RoleSessionName="ci")[2]
    session = region.assume(ann, role)
    region.as_("ec2", session).describe_vpcs()
    arn = f"arn:aws:sts::{region.record.account_id}:assumed-role/{role.rsplit('/', 1)[-1]}/ci"
    assert f"User: {arn} is not" in refused(region.as_("ec2", session).describe_subnets)[2]
    stolen = {**session, "SessionToken": "another"}
    assert refused(region.as_("ec2", stolen).describe_vpcs)[1] == "AuthFailure"
    narrowed = region.assume(ann, role, Policy=document(allow("ecs:*")))
    region.as_("ecs", narrowed).list_clusters()
    message = refused(region.as_("ec2", narrowed).describe_vpcs)[2]
    assert "because no session policy allows the ec2:DescribeVpcs action" in message
    read_only = [{"arn": "arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess"}]
    narrowed = region.assume(ann, role, PolicyArns=read_only)
    region.as_("ec2", narrowed).describe_vpcs()
    assert "no session policy allows" in refused(region.as_("ecs", narrowed).list_clusters)[2]
    given = {"RoleArn": role, "RoleSessionName": "ci", "Tags": [{"Key": "team", "Value": "red"}]}
    assert "sts:TagSession" in refused(region.as_("sts", ann).assume_role, **given)[2]
    nobody = region.role(ECS_TRUST, allow("*"))
    eve = region.user(allow("sts:AssumeRole"))
    message = refused(region.as_("sts", eve).assume_role, RoleArn=nobody, RoleSessionName="ci")[2]
    assert message.endswith("because no role trust policy allows the sts:AssumeRole action")


def test_the_tags_of_a_session_are_its_principals(region: Enforced) -> None:
    account = f"arn:aws:iam::{region.record.account_id}:root"
    may = ["sts:AssumeRole", "sts:TagSession"]
    role = region.role(
        {"Principal": {"AWS": account}},
        allow("ecs:CreateCluster", "arn:aws:ecs:*:*:cluster/${aws:PrincipalTag/team}-*"),
        Action=may,
    )
    tags = [{"Key": "team", "Value": "red"}]
    ecs = region.as_("ecs", region.assume(region.user(allow(may)), role, Tags=tags))
    ecs.create_cluster(clusterName="red-one")
    assert refused(ecs.create_cluster, clusterName="blue-one")[1] == "AccessDeniedException"


def test_a_permissions_boundary_takes_away(region: Enforced) -> None:
    limit = region.client("iam").create_policy(
        PolicyName="limit", PolicyDocument=document(allow("ecs:*"))
    )["Policy"]["Arn"]
    trust = {"Principal": {"AWS": f"arn:aws:iam::{region.record.account_id}:root"}}
    role = region.role(trust, allow("*"), PermissionsBoundary=limit)
    session = region.assume(region.user(allow("sts:AssumeRole")), role)
    region.as_("ecs", session).list_clusters()
    message = refused(region.as_("ec2", session).describe_vpcs)[2]
    assert "because no permissions boundary allows the ec2:DescribeVpcs action" in message


def test_a_users_boundary_is_kept_shown_and_taken_away(region: Enforced) -> None:
    iam = region.client("iam")
    limit = iam.create_policy(PolicyName="of-user", PolicyDocument=document(allow("ecs:*")))
    arn = limit["Policy"]["Arn"]
    key = region.user(allow("*"))
    name = key["Arn"].rsplit("/", 1)[-1]
    iam.put_user_permissions_boundary(UserName=name, PermissionsBoundary=arn)
    shown = iam.get_user(UserName=name)["User"]["PermissionsBoundary"]
    assert shown["PermissionsBoundaryArn"] == arn
    ecs, ec2 = region.as_("ecs", key), region.as_("ec2", key)
    ecs.list_clusters()
    assert "no permissions boundary allows" in refused(ec2.describe_vpcs)[2]
    iam.delete_user_permissions_boundary(UserName=name)
    ec2.describe_vpcs()
    assert "PermissionsBoundary" not in iam.get_user(UserName=name)["User"]
    nowhere = f"{arn}-none"
    call = iam.create_user
    assert refused(call, UserName="limited", PermissionsBoundary=nowhere)[1] == "NoSuchEntity"
    made = iam.create_user(UserName="limited", PermissionsBoundary=arn)["User"]
    assert made["PermissionsBoundary"]["PermissionsBoundaryArn"] == arn


def test_a_pipeline_comes_in_by_its_token(region: Enforced) -> None:
    issuer = "token.actions.githubusercontent.com"
    provider = region.client("iam").create_open_id_connect_provider(
        Url=f"https://{issuer}", ClientIDList=["sts.amazonaws.com"]
    )["OpenIDConnectProviderArn"]
    conditions = {
        "StringEquals": {f"{issuer}:aud": "sts.amazonaws.com"},
        "StringLike": {f"{issuer}:sub": "repo:me/app:*"},
    }
    role = region.role(
        {"Principal": {"Federated": provider}, "Condition": conditions},
        allow("ec2:DescribeVpcs"),
        Action="sts:AssumeRoleWithWebIdentity",
    )
    unsigned = boto3.client(
        "sts",
        endpoint_url=region.record.endpoint,
        region_name=region.record.region,
        aws_access_key_id="",
        aws_secret_access_key="",
    )

    def token(**claims: str) -> str:
        body = {"iss": f"https://{issuer}", "aud": "sts.amazonaws.com", **claims}
        middle = base64.urlsafe_b64encode(json.dumps(body).encode()).decode().rstrip("=")
        return f"e30.{middle}.x"

    def come(text: str) -> Any:
        return unsigned.assume_role_with_web_identity(
            RoleArn=role, RoleSessionName="ci", WebIdentityToken=text
        )

    session = come(token(sub="repo:me/app:ref:refs/heads/master"))["Credentials"]
    region.as_("ec2", session).describe_vpcs()
    assert refused(region.as_("ec2", session).describe_subnets)[1] == "UnauthorizedOperation"
    for wrong in (
        token(sub="repo:you/app:x"),
        token(sub="repo:me/app:x", aud="other"),
        token(sub="repo:me/app:x", iss="https://example.com"),
        "no token",
    ):
        words = refused(come, text=wrong)[2]
        assert words == "Not authorized to perform sts:AssumeRoleWithWebIdentity"


def test_roles_are_passed_only_by_who_may(region: Enforced, scenario: Scenario) -> None:
    task_role = region.role(ECS_TRUST)
    definition = {
        "family": "passed",
        "taskRoleArn": task_role,
        "containerDefinitions": [scenario.container("app", "shell:1", ["true"])],
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": "256",
        "memory": "512",
        "executionRoleArn": scenario.role,
    }
    without = region.user(allow("ecs:*"))
    message = refused(region.as_("ecs", without).register_task_definition, **definition)[2]
    assert f"iam:PassRole on resource: {task_role} because" in message
    to = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    passing = allow("iam:PassRole", [task_role, scenario.role], Condition=to)
    may = region.user(allow("ecs:*"), passing)
    region.as_("ecs", may).register_task_definition(**definition)
    elsewhere = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    other = region.user(allow("ecs:*"), {**passing, "Condition": elsewhere})
    call = region.as_("ecs", other).register_task_definition
    assert "iam:PassRole" in refused(call, **definition)[2]
    # RunTask passes the definition's roles again
    run = {
        "cluster": scenario.cluster,
        "taskDefinition": "passed",
        "launchType": "FARGATE",
        "networkConfiguration": scenario.network,
    }
    assert "iam:PassRole" in refused(region.as_("ecs", without).run_task, **run)[2]
    assert region.as_("ecs", may).run_task(**run)["tasks"]


def test_run_task_by_definition_and_cluster(region: Enforced, scenario: Scenario) -> None:
    definition = scenario.define("shell:1", ["true"])
    family = definition.partition(":")[0]
    here = f"{region.record.region}:{region.record.account_id}"
    cluster = f"arn:aws:ecs:{here}:cluster/{scenario.cluster}"
    region.client("ecs").create_cluster(clusterName="elsewhere")
    ann = region.user(
        allow(
            "ecs:RunTask",
            f"arn:aws:ecs:{here}:task-definition/{family}:*",
            Condition={"ArnEquals": {"ecs:cluster": cluster}},
        ),
        allow("iam:PassRole", scenario.role),
    )
    ecs = region.as_("ecs", ann)
    given = {
        "cluster": scenario.cluster,
        "taskDefinition": definition,
        "launchType": "FARGATE",
        "networkConfiguration": scenario.network,
    }
    assert ecs.run_task(**given)["tasks"]
    assert ecs.run_task(**{**given, "cluster": cluster, "taskDefinition": family})["tasks"]
    assert refused(ecs.run_task, **{**given, "cluster": "elsewhere"})[1] == "AccessDeniedException"
    another = scenario.define("shell:1", ["true"])
    message = refused(ecs.run_task, **{**given, "taskDefinition": another})[2]
    assert f"on resource: arn:aws:ecs:{here}:task-definition/{another} " in message


def test_tags_of_what_is_made_need_the_right_to_tag(region: Enforced) -> None:
    ann = region.user(
        allow(["ecs:CreateCluster", "iam:CreateRole"]),
        allow(
            ["ecs:TagResource", "iam:TagRole"],
            Condition={"StringEquals": {"aws:RequestTag/app": "x"}},
        ),
    )
    ecs, iam = region.as_("ecs", ann), region.as_("iam", ann)
    ecs.create_cluster(clusterName="untagged")
    ecs.create_cluster(clusterName="tagged", tags=[{"key": "app", "value": "x"}])
    wrong = [{"key": "app", "value": "y"}]
    assert "ecs:TagResource" in refused(ecs.create_cluster, clusterName="t", tags=wrong)[2]
    role = {"RoleName": "tagged", "AssumeRolePolicyDocument": document()}
    tags = [{"Key": "app", "Value": "y"}]
    assert "iam:TagRole" in refused(iam.create_role, **role, Tags=tags)[2]


def test_iam_itself_by_resource(region: Enforced) -> None:
    ann = region.user(
        allow("iam:*", f"arn:aws:iam::{region.record.account_id}:role/app-*"),
        deny("iam:AttachRolePolicy", Condition={"ArnLike": {"iam:PolicyARN": "*:policy/Admin*"}}),
    )
    iam = region.as_("iam", ann)
    trust = document({"Effect": "Allow", "Action": "sts:AssumeRole", **ECS_TRUST})
    iam.create_role(RoleName="app-one", AssumeRolePolicyDocument=trust)
    create = {"RoleName": "other", "AssumeRolePolicyDocument": trust}
    assert "role/other" in refused(iam.create_role, **create)[2]
    assert refused(iam.create_user, UserName="app-one")[1] == "AccessDenied"
    aws = "arn:aws:iam::aws:policy"
    iam.attach_role_policy(RoleName="app-one", PolicyArn=f"{aws}/ReadOnlyAccess")


EXECUTION = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"


def run(
    region: Enforced,
    scenario: Scenario,
    execution: str,
    task_role: str = "",
    *,
    enter: bool = False,
    **container: Any,
) -> str:
    """A task under these roles → its ARN. `enter`: with ExecuteCommand."""
    family = f"roles-{next(_numbers)}"
    given = {"image": "shell:1", "command": ["true"], **container}
    roles = {"executionRoleArn": execution, **({"taskRoleArn": task_role} if task_role else {})}
    region.client("ecs").register_task_definition(
        family=family,
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        containerDefinitions=[scenario.container("app", **given)],
        **roles,
    )
    return scenario.run(family, enableExecuteCommand=enter)


def test_a_task_stops_without_the_right_to_its_secret(region: Enforced, scenario: Scenario) -> None:
    secret = region.client("secretsmanager").create_secret(Name="task/db", SecretString="1")["ARN"]
    execution = region.role(ECS_TRUST)
    name = execution.rsplit("/", 1)[-1]
    iam = region.client("iam")
    iam.attach_role_policy(RoleName=name, PolicyArn=EXECUTION)
    wanted: dict[str, Any] = {
        "secrets": [{"name": "PASSWORD", "valueFrom": secret}],
        "command": ['test "$PASSWORD" = 1'],
    }
    arn = run(region, scenario, execution, **wanted)
    stopped = scenario.wait(arn, "STOPPED")
    task_id = arn.rsplit("/", 1)[-1]
    session = f"arn:aws:sts::{region.record.account_id}:assumed-role/{name}/{task_id}"
    assert stopped["stopCode"] == "TaskFailedToStart"
    assert stopped["stoppedReason"].startswith(
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource "
        "retrieval failed: unable to retrieve secret from asm: service call has been retried 1 "
        f"time(s): failed to fetch secret {secret} from secrets manager: AccessDeniedException: "
        f"User: {session} is not authorized to perform: secretsmanager:GetSecretValue on resource: "
        f"{secret} because no identity-based policy allows the secretsmanager:GetSecretValue action "
        "status code: 400, request id: "
    )
    iam.put_role_policy(
        RoleName=name,
        PolicyName="own",
        PolicyDocument=document(allow("secretsmanager:GetSecretValue", secret)),
    )
    stopped = scenario.wait(run(region, scenario, execution, **wanted), "STOPPED")
    assert stopped["containers"][0]["exitCode"] == 0


def test_a_task_stops_without_the_right_to_its_log_stream_and_image(
    region: Enforced, scenario: Scenario
) -> None:
    bare = region.role(ECS_TRUST)
    reason = scenario.wait(run(region, scenario, bare), "STOPPED")["stoppedReason"]
    assert reason.startswith("ResourceInitializationError: failed to validate logger args")
    assert "logs:CreateLogStream on resource: arn:aws:logs:" in reason
    ecr = f"{region.record.account_id}.dkr.ecr.{region.record.region}.amazonaws.com/app:1"
    arn = run(region, scenario, bare, image=ecr)
    assert "ecr:GetAuthorizationToken" in scenario.wait(arn, "STOPPED")["stoppedReason"]
    untrusting = region.role({"Principal": {"Service": "ec2.amazonaws.com"}}, allow("*"))
    arn = run(region, scenario, untrusting)
    assert "unable to assume the role" in scenario.wait(arn, "STOPPED")["stoppedReason"]


def test_a_tasks_own_calls_are_its_task_roles(region: Enforced, scenario: Scenario) -> None:
    execution = region.role(ECS_TRUST)
    region.client("iam").attach_role_policy(
        RoleName=execution.rsplit("/", 1)[-1], PolicyArn=EXECUTION
    )
    task_role = region.role(ECS_TRUST, allow("ssm:GetParameter"))
    region.client("ssm").put_parameter(Name="/task/colour", Value="red", Type="String")
    program = """
import boto3, botocore
print(boto3.client("sts").get_caller_identity()["Arn"], flush=True)
print(boto3.client("ssm").get_parameter(Name="/task/colour")["Parameter"]["Value"], flush=True)
try:
    boto3.client("ssm").delete_parameter(Name="/task/colour")
except botocore.exceptions.ClientError as error:
    print(error.response["Error"]["Code"], flush=True)
"""
    given: dict[str, Any] = {"image": "psql:1", "command": [program]}
    arn = run(region, scenario, execution, task_role, **given)
    stopped = scenario.wait(arn, "STOPPED", seconds=40)
    lines = scenario.output(arn)
    assert stopped["containers"][0]["exitCode"] == 0, lines
    who = f"assumed-role/{task_role.rsplit('/', 1)[-1]}/{arn.rsplit('/', 1)[-1]}"
    assert lines[0].endswith(who)
    assert lines[1:] == ["red", "AccessDeniedException"]
    arn = run(region, scenario, execution, image="shell:1", command=['echo "<$AWS_ACCESS_KEY_ID>"'])
    scenario.wait(arn, "STOPPED")
    assert scenario.output(arn) == ["<>"]


def test_a_task_is_entered_only_with_its_roles_right_and_by_who_may(
    region: Enforced, scenario: Scenario
) -> None:
    execution = region.role(ECS_TRUST)
    iam = region.client("iam")
    iam.attach_role_policy(RoleName=execution.rsplit("/", 1)[-1], PolicyArn=EXECUTION)
    wait = {"command": ["while true; do sleep 0.2; done"]}
    asked: dict[str, Any] = {"cluster": scenario.cluster, "interactive": True, "command": "true"}
    for task_role, said in (
        ("", "the task has no task role"),
        (region.role(ECS_TRUST, allow("ssm:GetParameter")), "ssmmessages:CreateControlChannel"),
    ):
        arn = run(region, scenario, execution, task_role, enter=True, **wait)
        agent = scenario.wait(arn, "RUNNING")["containers"][0]["managedAgents"][0]
        assert agent["lastStatus"] == "STOPPED"
        assert said in agent["reason"]
        answer = refused(region.client("ecs").execute_command, task=arn, **asked)
        assert answer[1] == "TargetNotConnectedException"
        scenario.stop(arn)
    arn = run(
        region,
        scenario,
        execution,
        region.role(ECS_TRUST, allow("ssmmessages:*")),
        enter=True,
        **wait,
    )
    scenario.wait(arn, "RUNNING")
    region.client("ecs").execute_command(task=arn, **asked)
    cluster = scenario.task(arn)["clusterArn"]
    half = region.user(allow("ecs:ExecuteCommand", [arn]))
    _, code, words = refused(region.as_("ecs", half).execute_command, task=arn, **asked)
    assert (code, cluster in words) == ("AccessDeniedException", True)
    only = {"StringEquals": {"ecs:container-name": "app"}}
    whole = region.user(allow("ecs:ExecuteCommand", [arn, cluster], Condition=only))
    region.as_("ecs", whole).execute_command(task=arn, container="app", **asked)
    refused(region.as_("ecs", whole).execute_command, task=arn, **asked)
    scenario.stop(arn)


ASKS = """
import os, urllib.error, urllib.request
try:
    url = os.environ["ECS_AGENT_URI"] + "/task-protection/v1/state"
    print(urllib.request.urlopen(url, timeout=5).read().decode(), flush=True)
except urllib.error.HTTPError as error:
    print(error.read().decode(), flush=True)
"""


def test_a_task_asks_for_its_protection_with_its_roles_right(
    region: Enforced, scenario: Scenario
) -> None:
    execution = region.role(ECS_TRUST)
    region.client("iam").attach_role_policy(
        RoleName=execution.rsplit("/", 1)[-1], PolicyArn=EXECUTION
    )
    for rights, words in (
        (allow("ecs:ListTasks"), "not authorized to perform: ecs:GetTaskProtection"),
        (allow("ecs:GetTaskProtection"), '"ProtectionEnabled": false'),
    ):
        task_role = region.role(ECS_TRUST, rights)
        arn = run(region, scenario, execution, task_role, image="psql:1", command=[ASKS])
        (said,) = scenario.wait_for_output(arn, 1)
        assert words in said


def test_who_is_known_survives_a_restart(region: Enforced) -> None:
    trust = {"Principal": {"AWS": f"arn:aws:iam::{region.record.account_id}:root"}}
    role = region.role(trust, allow("ec2:DescribeVpcs"))
    session = region.assume(region.user(allow("sts:AssumeRole")), role)
    region.restart()
    region.as_("ec2", session).describe_vpcs()
    assert refused(region.as_("ec2", session).describe_subnets)[1] == "UnauthorizedOperation"


def test_a_key_with_another_secret_is_nobodys(region: Enforced) -> None:
    key = {**region.user(allow("*")), "SecretAccessKey": "another"}
    assert refused(region.as_("ecs", key).list_clusters)[:2] == (400, "InvalidSignatureException")
    assert refused(region.as_("iam", key).list_users)[:2] == (403, "SignatureDoesNotMatch")
    assert refused(region.as_("ec2", key).describe_vpcs)[:2] == (401, "AuthFailure")
    assert refused(region.as_("s3", key).list_buckets)[:2] == (403, "SignatureDoesNotMatch")
    session = region.assume(
        region.user(allow("sts:AssumeRole")),
        region.role({"Principal": {"AWS": region.record.account_id}}, allow("*")),
    )
    region.as_("ec2", session).describe_vpcs()
    stolen = {**session, "SecretAccessKey": "another"}
    assert refused(region.as_("rds", stolen).describe_db_clusters)[1] == "SignatureDoesNotMatch"


def test_the_roots_key_is_random_and_the_known_word_opens_nothing(region: Enforced) -> None:
    word = {"AccessKeyId": "drydock", "SecretAccessKey": "drydock"}
    assert refused(region.as_("iam", word).list_users)[1] == "InvalidClientTokenId"
    own = region.record.key
    root = {"AccessKeyId": own.id, "SecretAccessKey": own.secret}
    region.as_("iam", root).list_users()
    assert refused(region.as_("iam", {**root, "SecretAccessKey": "drydock"}).list_users)[1] == (
        "SignatureDoesNotMatch"
    )
    assert region.workspace.root_key.stat().st_mode & 0o077 == 0
    shown = drydock(region, "region", "status", "--json")
    assert own.id in shown
    assert own.secret not in shown
    assert own.secret in drydock(region, "env")
    assert own.secret not in region.log


def drydock(region: Enforced, *words: str) -> str:
    command = [str(Path(sys.executable).with_name("drydock")), *words]
    return subprocess.run(
        command, cwd=region.workspace.root, capture_output=True, text=True, check=True
    ).stdout


def test_a_signed_url_is_its_makers_until_its_time_is_over(region: Enforced) -> None:
    owner = region.client("s3")
    where = {"LocationConstraint": region.record.region}
    owner.create_bucket(Bucket="drydock-signed", CreateBucketConfiguration=where)
    owner.put_object(Bucket="drydock-signed", Key="a b%2F", Body=b"mine")
    key = region.user(allow("s3:GetObject", "arn:aws:s3:::drydock-signed/*"))
    s3 = region.as_("s3", key)
    asked = {"Bucket": "drydock-signed", "Key": "a b%2F"}
    url = s3.generate_presigned_url("get_object", asked, ExpiresIn=60)
    assert requested(url) == (200, b"mine")
    status, words = requested(url.replace("drydock-signed", "drydock-other"))
    assert (status, b"SignatureDoesNotMatch" in words) == (403, True)
    over = s3.generate_presigned_url("get_object", asked, ExpiresIn=-1)
    status, words = requested(over)
    assert (status, b"<Message>Request has expired</Message>" in words) == (403, True)


def requested(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
