"""What Drydock's own stack costs, from plans that Terraform made; and what is said of what is not known."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from drydock.cost.estimate import Estimate, estimate, numbers
from drydock.cost.prices import load
from drydock.errors import UsageError
from drydock.stack.tree import managed

PLANS = Path(__file__).parents[1] / "fixtures" / "plans"


def of_plan(profile: str, region: str = "us-east-1", **assumptions: str) -> Estimate:
    plan = json.loads((PLANS / f"{profile}.json").read_text())
    given = {name: Decimal(value) for name, value in assumptions.items()}
    return estimate(list(managed(plan["planned_values"])), load(region), given)


def of(kind: str, region: str = "us-east-1", **values: Any) -> Estimate:
    return estimate([{"address": f"{kind}.x", "type": kind, "values": values}], load(region))


def monthly(found: Estimate) -> dict[str, str]:
    sums: dict[str, Decimal] = {}
    for item in found.items:
        kind = item.meter.price
        sums[kind] = sums.get(kind, Decimal(0)) + (item.monthly or Decimal(0))
    return {kind: f"{dollars:.2f}" for kind, dollars in sums.items()}


def test_the_development_profile_by_hand() -> None:
    found = of_plan("development")
    assert monthly(found) == {
        "secret_month": "0.40",
        "aurora_acu_hour": "43.80",  # 0.5 ACU x 730 h x 0.12
        "alb_hour": "16.42",  # 730 h x 0.0225
        "public_ipv4_hour": "14.60",  # 2 of the load balancer, 2 of tasks, x 730 h x 0.005
        "fargate_vcpu_hour": "14.78",  # 2 tasks x 0.25 x 730 h x 0.04048
        "fargate_gb_hour": "3.24",  # 2 tasks x 0.5 x 730 h x 0.004445
    }
    assert found.complete
    assert f"{found.monthly:.2f}" == "93.25"
    assert found.hourly == found.monthly / 730
    assert found.metered.assumed["tasks"] == "2 (desired_count)"


def test_the_production_profile_has_gateways_and_a_second_database_server() -> None:
    found = of_plan("production")
    sums = monthly(found)
    assert sums["nat_gateway_hour"] == "65.70"
    assert sums["aurora_acu_hour"] == "87.60"
    assert sums["public_ipv4_hour"] == "14.60", "2 of the load balancer, 2 of the gateways"
    assert found.monthly > of_plan("development").monthly


def test_a_price_that_no_source_is_known_for_makes_the_sum_incomplete() -> None:
    found = of_plan("development", "ap-southeast-2")
    assert not found.complete
    [(address, why)] = found.missing
    assert address == "module.database.aws_rds_cluster_instance.this[0]"
    assert "aurora_acu_hour" in why
    assert "at least USD" in found.sentence()
    assert "the price of 1 part is not known" in found.sentence()


def test_the_sentence_says_where_and_by_which_lists() -> None:
    assert of_plan("development").sentence() == (
        "USD 93.25 a month (0.1277 an hour) in us-east-1, by AWS's list prices of 2025-10-28"
        " to 2026-09-11; data and requests not counted"
    )
    assert "nothing of this stack is charged" in estimate([], load("us-east-1")).sentence()


def test_what_depends_on_use_is_listed_until_it_is_assumed() -> None:
    listed = {usage.assumption for usage in of_plan("development").metered.usages}
    assert {"logs_gb", "lcu_hours", "db_gb", "out_gb"} <= listed
    found = of_plan("development", logs_gb="10", tasks="4", acu="2")
    assert monthly(found)["logs_ingested_gb"] == "5.00"
    assert monthly(found)["aurora_acu_hour"] == "175.20"
    assert monthly(found)["fargate_vcpu_hour"] == "29.55"
    assert "logs_gb" not in {usage.assumption for usage in found.metered.usages}
    assert found.metered.assumed["tasks"] == "4 (given)"


@pytest.mark.parametrize(
    ("kind", "values", "price", "units"),
    [
        ("aws_kms_key", {}, "kms_key_month", 1),
        ("aws_secretsmanager_secret", {}, "secret_month", 1),
        ("aws_route53_zone", {}, "route53_zone_month", 1),
        ("aws_cloudwatch_metric_alarm", {}, "alarm_month", 1),
        (
            "aws_cloudwatch_metric_alarm",
            {"metric_query": [{"metric": [{}]}, {"metric": [{}]}, {"expression": "m1/m2"}]},
            "alarm_month",
            2,
        ),
        ("aws_nat_gateway", {}, "nat_gateway_hour", 730),
        ("aws_eip", {}, "public_ipv4_hour", 730),
        (
            "aws_vpc_endpoint",
            {"vpc_endpoint_type": "Interface", "subnet_ids": ["a", "b", "c"]},
            "endpoint_hour",
            2190,
        ),
        ("aws_lb", {"internal": True}, "alb_hour", 730),
        (
            "aws_db_instance",
            {"engine": "postgres", "instance_class": "db.t4g.medium", "multi_az": True},
            "rds_postgres_hour.db.t4g.medium",
            1460,
        ),
        (
            "aws_rds_cluster_instance",
            {"instance_class": "db.r7g.large"},
            "aurora_hour.db.r7g.large",
            730,
        ),
    ],
)
def test_each_kind_is_charged_by_its_price(
    kind: str, values: dict[str, Any], price: str, units: int
) -> None:
    [item] = of(kind, **values).items
    assert (item.meter.price, int(item.meter.units)) == (price, units)


def test_a_web_acl_is_charged_by_its_rules_too() -> None:
    found = of("aws_wafv2_web_acl", rule=[{}, {}, {}])
    assert f"{found.monthly:.2f}" == "8.00"


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("aws_vpc_endpoint", {"vpc_endpoint_type": "Gateway"}),
        ("aws_iam_role", {}),
        ("aws_lb_target_group", {}),
        ("aws_s3_bucket", {}),
        ("terraform_data", {}),
    ],
)
def test_what_is_free_or_charged_by_use_costs_nothing_and_is_known(
    kind: str, values: dict[str, Any]
) -> None:
    found = of(kind, **values)
    assert found.items == ()
    assert found.complete


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("aws_elasticache_cluster", {}),
        ("aws_lb", {"load_balancer_type": "network"}),
        ("aws_ecs_service", {"launch_type": "EC2"}),
        ("aws_ecs_service", {"launch_type": "FARGATE"}),
        ("aws_rds_cluster_instance", {"instance_class": "db.serverless"}),
        ("aws_db_instance", {"engine": "mysql"}),
    ],
)
def test_what_is_not_known_is_said_never_guessed(kind: str, values: dict[str, Any]) -> None:
    found = of(kind, **values)
    assert not found.complete
    assert found.monthly == 0


@pytest.mark.parametrize(("least", "tasks"), [(1, "2 (desired_count)"), (3, "3 (scaling's least)")])
def test_a_service_that_scales_has_its_least_tasks(least: int, tasks: str) -> None:
    resources: list[dict[str, Any]] = [
        {
            "address": "aws_ecs_service.a",
            "type": "aws_ecs_service",
            "values": {"desired_count": 2, "launch_type": "FARGATE"},
        },
        {
            "address": "aws_ecs_task_definition.a",
            "type": "aws_ecs_task_definition",
            "values": {"cpu": "1024", "memory": "2048"},
        },
        {
            "address": "aws_appautoscaling_target.a",
            "type": "aws_appautoscaling_target",
            "values": {"service_namespace": "ecs", "min_capacity": least, "max_capacity": 6},
        },
    ]
    assert estimate(resources, load("us-east-1")).metered.assumed["tasks"] == tasks


def test_arm_tasks_have_a_price_of_their_own() -> None:
    resources: list[dict[str, Any]] = [
        {
            "address": "aws_ecs_service.a",
            "type": "aws_ecs_service",
            "values": {"desired_count": 1, "launch_type": "FARGATE"},
        },
        {
            "address": "aws_ecs_task_definition.a",
            "type": "aws_ecs_task_definition",
            "values": {
                "cpu": "1024",
                "memory": "2048",
                "runtime_platform": [{"cpu_architecture": "ARM64"}],
            },
        },
    ]
    found = estimate(resources, load("us-east-1"))
    assert [item.meter.price for item in found.items] == [
        "fargate_arm_vcpu_hour",
        "fargate_arm_gb_hour",
    ]
    assert [item.meter.units for item in found.items] == [730, 1460]
    assert not found.complete


def test_as_json_it_has_each_price_with_its_source() -> None:
    told = of_plan("production", "ap-southeast-2").to_json()
    assert told["complete"] is False
    assert told["prices"]["nat_gateway_hour"]["source"].startswith("https://pricing.us-east-1")
    assert told["unknown"][0]["address"].startswith("module.database")
    gateway = next(one for one in told["items"] if one["price"] == "nat_gateway_hour")
    assert (gateway["monthly"], gateway["hourly"]) == (43.07, 0.059)
    assert json.loads(json.dumps(told)) == told


def test_numbers_are_names_and_numbers() -> None:
    assert numbers(["tasks=4", "acu=0.5"], "assume") == {"tasks": 4, "acu": Decimal("0.5")}
    for wrong in ("tasks", "tasks=many", "=1", "tasks=-1", "tasks=Infinity"):
        with pytest.raises(UsageError, match="--assume"):
            numbers([wrong], "assume")
