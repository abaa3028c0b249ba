from __future__ import annotations

import json
from dataclasses import replace

import pytest
from types_boto3_ec2.type_defs import FilterTypeDef

from drydock.errors import OpsError
from drydock.stack.quick import build, network
from drydock.stack.quick.settings import Settings

from .conftest import Account

SETTINGS = Settings()


def built(account: Account, settings: Settings = SETTINGS) -> dict[str, object]:
    return build.build(account.clients, settings, tell=lambda _: None)


def test_outputs_are_named_as_terraforms_and_lead_to_what_was_built(account: Account) -> None:
    outputs = built(account)
    assert outputs["prefix"] == "tasklist"
    assert outputs["ecs_cluster_name"] == "tasklist-app"
    assert outputs["app_dns_name"] is None
    answer = account.clients.ecs.describe_services(cluster="tasklist-app", services=["app"])
    service = answer["services"][0]
    assert service["desiredCount"] == 2
    placed = service["networkConfiguration"]["awsvpcConfiguration"]
    assert placed["subnets"][0] == outputs["standalone_task_subnet"]
    assert placed["securityGroups"] == [outputs["standalone_task_sg"]]
    assert service["taskDefinition"] == outputs["task_definition"]
    assert build.outputs(account.clients, SETTINGS) == outputs


def test_a_second_run_changes_nothing(account: Account) -> None:
    first = built(account)
    account.calls.clear()
    assert built(account) == first
    assert account.changes == []


class CutOffError(Exception):
    pass


@pytest.mark.parametrize("ending", ["create_db_cluster", "create_db_instance"])
def test_a_run_that_was_cut_off_is_finished_by_the_next(
    account: Account, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(**_: object) -> None:
        raise CutOffError

    with monkeypatch.context() as patch:
        patch.setattr(account.clients.rds, ending, cut)
        with pytest.raises(CutOffError):
            built(account)
    assert build.exists(account.clients, SETTINGS)
    assert build.outputs(account.clients, SETTINGS) == {}
    built(account)
    assert len(account.clients.ec2.describe_subnets(Filters=ours())["Subnets"]) == 6
    account.calls.clear()
    built(account)
    assert account.changes == []


def ours() -> list[FilterTypeDef]:
    return [{"Name": "tag:Application", "Values": ["tasklist"]}]


def test_another_image_is_a_new_revision_that_the_service_takes(account: Account) -> None:
    built(account)
    account.calls.clear()
    outputs = built(account, replace(SETTINGS, container_image="tasklist:2"))
    assert account.changes == ["RegisterTaskDefinition", "UpdateService"]
    assert str(outputs["task_definition"]).endswith("tasklist:2")


def test_groups_are_a_chain_and_nothing_else_is_open(account: Account) -> None:
    outputs = built(account)
    groups = {
        group["GroupName"]: group
        for group in account.clients.ec2.describe_security_groups(
            Filters=[{"Name": "vpc-id", "Values": [str(outputs["vpc_id"])]}]
        )["SecurityGroups"]
    }
    database = groups["tasklist-database"]
    assert database["IpPermissionsEgress"] == []
    [rule] = database["IpPermissions"]
    assert rule["FromPort"] == rule["ToPort"] == 5432
    assert [pair["GroupId"] for pair in rule["UserIdGroupPairs"]] == [outputs["standalone_task_sg"]]
    assert rule["IpRanges"] == []
    front = groups["tasklist-load-balancer"]
    assert sorted(one["FromPort"] for one in front["IpPermissions"]) == [80, 443]
    [out] = front["IpPermissionsEgress"]
    assert (out["FromPort"], out["UserIdGroupPairs"][0]["GroupId"]) == (
        3000,
        outputs["standalone_task_sg"],
    )


def test_the_password_is_only_in_its_secret(account: Account) -> None:
    outputs = built(account, replace(SETTINGS, postgresql_password="correct-horse"))
    secret = account.clients.secretsmanager.get_secret_value(
        SecretId=str(outputs["database_secret_arn"])
    )
    assert json.loads(secret["SecretString"]) == {
        "username": "postgres",
        "password": "correct-horse",
    }
    definition = account.clients.ecs.describe_task_definition(taskDefinition="tasklist")
    assert "correct-horse" not in json.dumps(definition, default=str)
    [container] = definition["taskDefinition"]["containerDefinitions"]
    assert container["secrets"] == [
        {"name": "VTT_DBPASSWORD", "valueFrom": f"{outputs['database_secret_arn']}:password::"}
    ]


@pytest.mark.parametrize("password", ["", "correct-horse"])
def test_destroy_leaves_nothing_and_can_be_done_twice(account: Account, password: str) -> None:
    ec2 = account.clients.ec2
    before = len(ec2.describe_subnets()["Subnets"]), len(ec2.describe_vpcs()["Vpcs"])
    built(account, replace(SETTINGS, postgresql_password=password))
    told: list[str] = []
    build.destroy(account.clients, SETTINGS, tell=told.append)
    assert any("VPC" in line for line in told)
    assert (len(ec2.describe_subnets()["Subnets"]), len(ec2.describe_vpcs()["Vpcs"])) == before
    assert not build.exists(account.clients, SETTINGS)
    assert account.clients.elbv2.describe_load_balancers()["LoadBalancers"] == []
    assert account.clients.elbv2.describe_target_groups()["TargetGroups"] == []
    assert account.clients.rds.describe_db_clusters()["DBClusters"] == []
    assert account.clients.secretsmanager.list_secrets()["SecretList"] == []
    assert account.clients.logs.describe_log_groups()["logGroups"] == []
    assert account.clients.ecs.list_task_definitions()["taskDefinitionArns"] == []
    assert account.clients.iam.list_roles()["Roles"] == []
    scaled = account.clients.scaling.describe_scalable_targets(ServiceNamespace="ecs")
    assert scaled["ScalableTargets"] == []
    assert account.clients.events.list_rules()["Rules"] == []
    assert account.clients.states.list_state_machines()["stateMachines"] == []
    told.clear()
    build.destroy(account.clients, SETTINGS, tell=told.append)
    assert told == []


def test_a_region_with_too_few_zones_is_refused_before_anything_is_made(account: Account) -> None:
    with pytest.raises(OpsError, match="zones"):
        built(account, replace(SETTINGS, zones=9))
    assert account.changes == []


def test_subnets_are_where_terraform_puts_them() -> None:
    plans = network.plan_subnets(SETTINGS, ["a", "b"])
    assert [(plan.tier, plan.zone, plan.cidr) for plan in plans] == [
        ("public", "a", "10.0.0.0/20"),
        ("public", "b", "10.0.16.0/20"),
        ("private", "a", "10.0.64.0/20"),
        ("private", "b", "10.0.80.0/20"),
        ("database", "a", "10.0.128.0/20"),
        ("database", "b", "10.0.144.0/20"),
    ]


def test_the_service_scales_and_follows_its_password(account: Account) -> None:
    outputs = built(account)
    scaling, resource = account.clients.scaling, "service/tasklist-app/app"
    [target] = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    assert (target["ResourceId"], target["MinCapacity"], target["MaxCapacity"]) == (resource, 2, 6)
    policies = scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    assert {one["PolicyName"] for one in policies} == {"tasklist-cpu", "tasklist-memory"}
    rule = account.clients.events.describe_rule(Name="tasklist-rotation")
    assert str(outputs["database_secret_arn"]) in rule["EventPattern"]
    [told] = account.clients.events.list_targets_by_rule(Rule="tasklist-rotation")["Targets"]
    machine = account.clients.states.describe_state_machine(stateMachineArn=told["Arn"])
    service = account.clients.ecs.describe_services(cluster="tasklist-app", services=["app"])
    for arn, allowed in (
        (machine["roleArn"], service["services"][0]["serviceArn"]),
        (told["RoleArn"], told["Arn"]),
    ):
        name = arn.rsplit("/", 1)[-1]
        assert name.startswith("tasklist-ap-southeast-2-")
        [policy] = account.clients.iam.list_role_policies(RoleName=name)["PolicyNames"]
        document = account.clients.iam.get_role_policy(RoleName=name, PolicyName=policy)
        assert [one["Resource"] for one in document["PolicyDocument"]["Statement"]] == [allowed]  # type: ignore[index]


def test_another_password_is_another_revision(account: Account) -> None:
    built(account, replace(SETTINGS, postgresql_password="correct-horse"))
    account.calls.clear()
    built(account, replace(SETTINGS, postgresql_password="another-one"))
    assert "RegisterTaskDefinition" in account.changes
    assert "UpdateService" in account.changes


def test_it_scales_no_more_once_the_settings_say_so(account: Account) -> None:
    built(account)
    built(account, replace(SETTINGS, scaling=False, redeploy_on_rotation=False))
    assert (
        account.clients.scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
        == []
    )
    assert account.clients.events.list_rules()["Rules"] == []
    assert account.clients.states.list_state_machines()["stateMachines"] == []
    account.calls.clear()
    built(account, replace(SETTINGS, scaling=False, redeploy_on_rotation=False))
    assert account.changes == []
