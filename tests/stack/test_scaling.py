"""What Terraform writes on aws_appautoscaling_* and aws_cloudwatch_metric_alarm reads back the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from drydock.aws.target import Target
from drydock.paths import Workspace
from drydock.stack import Stack
from tests.support.minutes import takes_minutes
from tests.support.served import REGION, Served, serving

pytestmark = [pytest.mark.terraform, takes_minutes]

STACK = """
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100"
    }
  }
}
provider "aws" {
  region = "%(region)s"
  default_tags {
    tags = { Project = "scaling" }
  }
}
locals {
  changed = %(changed)s
}
resource "aws_appautoscaling_target" "this" {
  service_namespace  = "ecs"
  resource_id        = "service/app/app"
  scalable_dimension = "ecs:service:DesiredCount"
  min_capacity       = local.changed ? 0 : 1
  max_capacity       = 4
  suspended_state {
    dynamic_scaling_in_suspended  = true
    dynamic_scaling_out_suspended = false
    scheduled_scaling_suspended   = local.changed
  }
  tags = { Name = "web" }
}
resource "aws_appautoscaling_policy" "tracking" {
  for_each           = toset(["ECSServiceAverageCPUUtilization", "ECSServiceAverageMemoryUtilization"])
  name               = each.key
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  resource_id        = aws_appautoscaling_target.this.resource_id
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  target_tracking_scaling_policy_configuration {
    target_value       = local.changed ? 60 : 70.5
    scale_in_cooldown  = 300
    scale_out_cooldown = 60
    disable_scale_in   = each.key == "ECSServiceAverageMemoryUtilization"
    predefined_metric_specification {
      predefined_metric_type = each.key
    }
  }
}
resource "aws_appautoscaling_policy" "requests" {
  name               = "requests"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  resource_id        = aws_appautoscaling_target.this.resource_id
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  target_tracking_scaling_policy_configuration {
    target_value = 1000
    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget"
      resource_label         = "app/web/50dc6c495c0c9188/targetgroup/tg/0123456789abcdef"
    }
  }
}
resource "aws_appautoscaling_policy" "own" {
  name               = "own"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  resource_id        = aws_appautoscaling_target.this.resource_id
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  target_tracking_scaling_policy_configuration {
    target_value = 10
    customized_metric_specification {
      metric_name = "Depth"
      namespace   = "Own"
      statistic   = "Average"
      unit        = "Count"
      dimensions {
        name  = "Queue"
        value = "jobs"
      }
    }
  }
}
resource "aws_appautoscaling_policy" "steps" {
  name               = "steps"
  policy_type        = "StepScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  resource_id        = aws_appautoscaling_target.this.resource_id
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  step_scaling_policy_configuration {
    adjustment_type          = "PercentChangeInCapacity"
    cooldown                 = 60
    metric_aggregation_type  = "Maximum"
    min_adjustment_magnitude = 2
    step_adjustment {
      metric_interval_lower_bound = 0
      metric_interval_upper_bound = 10.5
      scaling_adjustment          = 10
    }
    step_adjustment {
      metric_interval_lower_bound = 10.5
      scaling_adjustment          = 30
    }
  }
}
resource "aws_appautoscaling_scheduled_action" "night" {
  name               = "night"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  resource_id        = aws_appautoscaling_target.this.resource_id
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  schedule           = "cron(0 22 * * ? *)"
  timezone           = "Australia/Sydney"
  start_time         = "2030-01-01T00:00:00Z"
  end_time           = "2031-01-01T00:00:00Z"
  scalable_target_action {
    min_capacity = 0
    max_capacity = local.changed ? 2 : 1
  }
}
resource "aws_appautoscaling_scheduled_action" "morning" {
  name               = "morning"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  resource_id        = aws_appautoscaling_target.this.resource_id
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  schedule           = "at(2099-01-01T06:00:00)"
  scalable_target_action {
    min_capacity = 1
  }
}
resource "aws_cloudwatch_metric_alarm" "plain" {
  alarm_name                = "plain"
  alarm_description         = "Tasks are busy"
  comparison_operator       = "GreaterThanOrEqualToThreshold"
  evaluation_periods        = 5
  datapoints_to_alarm       = 3
  metric_name               = "CPUUtilization"
  namespace                 = "AWS/ECS"
  period                    = 60
  statistic                 = "Average"
  unit                      = "Percent"
  threshold                 = local.changed ? 80 : 70.5
  treat_missing_data        = "notBreaching"
  actions_enabled           = local.changed
  alarm_actions             = [aws_appautoscaling_policy.steps.arn]
  ok_actions                = ["arn:aws:sns:%(region)s:123456789012:told"]
  insufficient_data_actions = ["arn:aws:sns:%(region)s:123456789012:told"]
  dimensions                = { ClusterName = "app", ServiceName = "app" }
  tags                      = { Name = "plain" }
}
resource "aws_cloudwatch_metric_alarm" "percentile" {
  alarm_name                            = "percentile"
  comparison_operator                   = "GreaterThanThreshold"
  evaluation_periods                    = 2
  metric_name                           = "TargetResponseTime"
  namespace                             = "AWS/ApplicationELB"
  period                                = 300
  extended_statistic                    = "p99.9"
  evaluate_low_sample_count_percentiles = "ignore"
  threshold                             = 2
}
resource "aws_cloudwatch_metric_alarm" "ratio" {
  alarm_name          = "ratio"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 2
  threshold           = 10
  metric_query {
    id          = "e1"
    expression  = "m2/m1*100"
    label       = "Error rate"
    return_data = true
  }
  dynamic "metric_query" {
    for_each = { m1 = "RequestCount", m2 = "HTTPCode_ELB_5XX_Count" }
    content {
      id = metric_query.key
      metric {
        metric_name = metric_query.value
        namespace   = "AWS/ApplicationELB"
        period      = 120
        stat        = "Sum"
        unit        = "Count"
        dimensions  = { LoadBalancer = "app/web" }
      }
    }
  }
}
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path / "region.log") as one:
        one.cluster()
        one.task_definition()
        one.client("ecs").create_service(
            cluster="app",
            serviceName="app",
            taskDefinition="app",
            launchType="FARGATE",
            desiredCount=1,
            networkConfiguration=one.network,
        )
        yield one


def test_a_second_plan_of_scaling_is_empty_and_a_third_holds_the_changes(
    served: Served, aws_provider: None, tmp_path: Path
) -> None:
    folder = tmp_path / "stack"
    folder.mkdir()

    def write(*, changed: bool) -> None:
        text = STACK % {"region": REGION, "changed": str(changed).lower()}
        (folder / "main.tf").write_text(text)

    write(changed=False)
    target = Target.local(served.url, region_id="scaling")
    stack = Stack(folder, target, Workspace(tmp_path / "work"), on_line=lambda _: None)
    stack.init()
    assert len(stack.plan().added) == 11
    stack.apply()
    assert stack.plan().no_changes
    write(changed=True)
    planned = stack.plan()
    assert sorted(one.split(".", 1)[1] for one in planned.changed) == [
        "night",
        "plain",
        "this",
        'tracking["ECSServiceAverageCPUUtilization"]',
        'tracking["ECSServiceAverageMemoryUtilization"]',
    ]
    assert not planned.replaced
    stack.apply()
    assert stack.plan().no_changes
    stack.destroy()
    assert served.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
