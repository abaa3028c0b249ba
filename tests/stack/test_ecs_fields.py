"""What Terraform writes on aws_ecs_* and aws_service_discovery_* reads back the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from drydock.aws.target import Target
from drydock.paths import Workspace
from drydock.region.services.ecs.operations import service_connect
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
    tags = { Project = "fields" }
  }
}
locals {
  changed = %(changed)s
}
data "aws_caller_identity" "me" {}
data "aws_vpc" "this" { default = true }
data "aws_subnets" "this" {
  filter {
    name   = "vpc-id"
    values = [data.aws_vpc.this.id]
  }
}

resource "aws_ecs_account_setting_default" "this" {
  for_each = { containerInsights = local.changed ? "enhanced" : "enabled", taskLongArnFormat = "enabled" }
  name     = each.key
  value    = each.value
}
resource "aws_ecs_cluster" "this" {
  name = "fields"
  setting {
    name  = "containerInsights"
    value = local.changed ? "enhanced" : "enabled"
  }
  configuration {
    execute_command_configuration {
      kms_key_id = "alias/exec"
      logging    = "OVERRIDE"
      log_configuration {
        cloud_watch_encryption_enabled = true
        cloud_watch_log_group_name     = local.changed ? "/other" : "/exec"
        s3_bucket_name                 = "logs"
        s3_bucket_encryption_enabled   = true
        s3_key_prefix                  = "exec"
      }
    }
    managed_storage_configuration {
      fargate_ephemeral_storage_kms_key_id = "alias/disk"
    }
  }
  service_connect_defaults {
    namespace = aws_service_discovery_http_namespace.this.arn
  }
  tags = { Name = local.changed ? "b" : "a" }
}
resource "aws_ecs_tag" "this" {
  resource_arn = aws_ecs_cluster.bare.arn
  key          = "Also"
  value        = local.changed ? "2" : "1"
}
resource "aws_ecs_cluster" "bare" {
  name = "bare"
  lifecycle { ignore_changes = [tags, tags_all] }
}
resource "aws_ecs_capacity_provider" "this" {
  name = "own"
  auto_scaling_group_provider {
    auto_scaling_group_arn         = "arn:aws:autoscaling:%(region)s:${data.aws_caller_identity.me.account_id}:autoScalingGroup:12345678-1234-1234-1234-123456789012:autoScalingGroupName/x"
    managed_termination_protection = "DISABLED"
    managed_draining               = "ENABLED"
    managed_scaling {
      maximum_scaling_step_size = 10
      minimum_scaling_step_size = 1
      instance_warmup_period    = 200
      status                    = "ENABLED"
      target_capacity           = local.changed ? 50 : 80
    }
  }
  tags = { Name = "own" }
}
resource "aws_ecs_cluster_capacity_providers" "this" {
  cluster_name       = aws_ecs_cluster.this.name
  capacity_providers = ["FARGATE", "FARGATE_SPOT", aws_ecs_capacity_provider.this.name]
  default_capacity_provider_strategy {
    capacity_provider = "FARGATE"
    base              = 1
    weight            = local.changed ? 3 : 2
  }
  default_capacity_provider_strategy {
    capacity_provider = "FARGATE_SPOT"
    weight            = 1
  }
}

resource "aws_ecs_task_definition" "this" {
  family                   = "fields"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 512
  memory                   = 1024
  execution_role_arn       = "arn:aws:iam::${data.aws_caller_identity.me.account_id}:role/execution"
  task_role_arn            = "arn:aws:iam::${data.aws_caller_identity.me.account_id}:role/task"
  pid_mode                 = "task"
  track_latest             = true
  enable_fault_injection   = true
  ephemeral_storage { size_in_gib = 40 }
  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }
  volume { name = "scratch" }
  volume {
    name                = "later"
    configure_at_launch = true
  }
  volume {
    name = "shared"
    efs_volume_configuration {
      file_system_id          = aws_efs_file_system.this.id
      root_directory          = "/"
      transit_encryption      = "ENABLED"
      transit_encryption_port = 2999
      authorization_config {
        access_point_id = aws_efs_access_point.this.id
        iam             = "ENABLED"
      }
    }
  }
  container_definitions = jsonencode([
    {
      name = "app", image = "tasklist:latest", essential = true, cpu = 256, memory = 512, memoryReservation = 256
      entryPoint = ["/app"], command = ["serve"], workingDirectory = "/srv", user = "1000:1000"
      hostname = null, interactive = false, pseudoTerminal = true, privileged = false, readonlyRootFilesystem = true
      startTimeout = 30, stopTimeout = 20, versionConsistency = "disabled"
      portMappings = [{ containerPort = 3000, hostPort = 3000, protocol = "tcp", name = "http", appProtocol = "http" }]
      environment = [{ name = "B", value = "2" }, { name = "A", value = local.changed ? "3" : "1" }]
      environmentFiles = [{ type = "s3", value = "arn:aws:s3:::bucket/file.env" }]
      secrets = [{ name = "S", valueFrom = "arn:aws:secretsmanager:%(region)s:123456789012:secret:s-abcdef:key::" }]
      dependsOn = [{ containerName = "init", condition = "SUCCESS" }]
      mountPoints = [{ sourceVolume = "scratch", containerPath = "/scratch", readOnly = false }]
      volumesFrom = [{ sourceContainer = "init", readOnly = true }]
      ulimits = [{ name = "nofile", softLimit = 1024, hardLimit = 2048 }]
      systemControls = [{ namespace = "net.ipv4.tcp_keepalive_time", value = "500" }]
      dockerLabels = { Some = "label" }
      linuxParameters = { initProcessEnabled = true, capabilities = { drop = ["ALL"] } }
      restartPolicy = { enabled = true, ignoredExitCodes = [3], restartAttemptPeriod = 60 }
      healthCheck = { command = ["CMD-SHELL", "true"], interval = 10, timeout = 3, retries = 2, startPeriod = 5 }
      logConfiguration = {
        logDriver     = "awslogs"
        options       = { awslogs-group = "/ecs/fields", awslogs-region = "%(region)s", awslogs-stream-prefix = "t", mode = "non-blocking", max-buffer-size = "25m" }
        secretOptions = []
      }
    },
    { name = "init", image = "tasklist:latest", essential = false, command = ["updatedb"] },
    {
      name = "router", image = "tasklist:latest", essential = false
      firelensConfiguration = { type = "fluentbit", options = { enable-ecs-log-metadata = "true" } }
    },
  ])
  tags = { Name = "definition" }
}

resource "aws_security_group" "this" {
  name   = "fields"
  vpc_id = data.aws_vpc.this.id
}
data "aws_lb_target_group" "this" { name = "fields" }
resource "aws_ecs_service" "this" {
  name                               = "fields"
  cluster                            = aws_ecs_cluster.this.id
  task_definition                    = aws_ecs_task_definition.this.arn
  desired_count                      = 0
  availability_zone_rebalancing      = "ENABLED"
  deployment_maximum_percent         = local.changed ? 150 : 200
  deployment_minimum_healthy_percent = 50
  enable_ecs_managed_tags            = true
  enable_execute_command             = true
  health_check_grace_period_seconds  = local.changed ? 20 : 30
  platform_version                   = "1.4.0"
  propagate_tags                     = "SERVICE"
  force_new_deployment               = true
  triggers                           = { redeployment = local.changed ? "2" : "1" }
  capacity_provider_strategy {
    capacity_provider = "FARGATE"
    base              = 1
    weight            = 1
  }
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }
  deployment_controller { type = "ECS" }
  alarms {
    alarm_names = ["x"]
    enable      = true
    rollback    = true
  }
  load_balancer {
    target_group_arn = data.aws_lb_target_group.this.arn
    container_name   = "app"
    container_port   = 3000
  }
  network_configuration {
    subnets          = data.aws_subnets.this.ids
    security_groups  = [aws_security_group.this.id]
    assign_public_ip = true
  }
  service_registries {
    registry_arn   = aws_service_discovery_service.this["SRV"].arn
    container_name = "app"
    container_port = 3000
  }
  service_connect_configuration {
    enabled   = true
    namespace = aws_service_discovery_http_namespace.this.arn
    log_configuration {
      log_driver = "awslogs"
      options    = { awslogs-group = "/ecs/fields", awslogs-region = "%(region)s", awslogs-stream-prefix = "mesh" }
    }
    service {
      port_name             = "http"
      discovery_name        = "store"
      ingress_port_override = local.changed ? 3002 : 3001
      client_alias {
        dns_name = "store"
        port     = 80
      }
      timeout {
        idle_timeout_seconds        = 120
        per_request_timeout_seconds = local.changed ? 20 : 10
      }
    }
  }
  volume_configuration {
    name = "later"
    managed_ebs_volume {
      role_arn         = "arn:aws:iam::${data.aws_caller_identity.me.account_id}:role/infrastructure"
      size_in_gb       = local.changed ? 6 : 5
      volume_type      = "gp3"
      iops             = 3100
      throughput       = 130
      file_system_type = "ext4"
      encrypted        = true
      tag_specifications {
        resource_type  = "volume"
        propagate_tags = "SERVICE"
        tags           = { Name = "volume" }
      }
    }
  }
  tags       = { Name = "service" }
  depends_on = [aws_cloudwatch_metric_alarm.x]
}
resource "aws_cloudwatch_metric_alarm" "x" {
  alarm_name          = "x"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 1
  metric_name         = "Errors"
  namespace           = "Own"
  period              = 60
  statistic           = "Sum"
  threshold           = 1
}
resource "aws_ecs_service" "plain" {
  name            = "plain"
  cluster         = aws_ecs_cluster.bare.arn
  task_definition = aws_ecs_task_definition.this.arn
  launch_type     = "FARGATE"
  network_configuration { subnets = data.aws_subnets.this.ids }
  service_connect_configuration { enabled = false }
}
resource "aws_ecs_service" "client" {
  name            = "client"
  cluster         = aws_ecs_cluster.this.arn
  task_definition = aws_ecs_task_definition.this.arn
  launch_type     = "FARGATE"
  network_configuration { subnets = data.aws_subnets.this.ids }
  service_connect_configuration { enabled = true }
}

resource "aws_efs_file_system" "this" {
  creation_token   = "fields"
  encrypted        = true
  performance_mode = "generalPurpose"
  throughput_mode  = local.changed ? "elastic" : "bursting"
  lifecycle_policy { transition_to_ia = local.changed ? "AFTER_14_DAYS" : "AFTER_7_DAYS" }
  tags = { Name = local.changed ? "b" : "a" }
}
resource "aws_efs_mount_target" "this" {
  file_system_id  = aws_efs_file_system.this.id
  subnet_id       = data.aws_subnets.this.ids[0]
  security_groups = [aws_security_group.this.id]
}
resource "aws_efs_access_point" "this" {
  file_system_id = aws_efs_file_system.this.id
  posix_user {
    uid = 1000
    gid = 1000
  }
  root_directory {
    path = "/inner"
    creation_info {
      owner_uid   = 1000
      owner_gid   = 1000
      permissions = "0755"
    }
  }
  tags = { Name = "point" }
}
resource "aws_efs_backup_policy" "this" {
  file_system_id = aws_efs_file_system.this.id
  backup_policy { status = local.changed ? "ENABLED" : "DISABLED" }
}

resource "aws_service_discovery_http_namespace" "this" {
  name        = "calls"
  description = "a"
  tags        = { Name = "http" }
}
resource "aws_service_discovery_private_dns_namespace" "this" {
  name        = "fields.test"
  description = local.changed ? "b" : "a"
  vpc         = data.aws_vpc.this.id
  tags        = { Name = "private" }
}
resource "aws_service_discovery_public_dns_namespace" "this" {
  name        = "fields.example"
  description = local.changed ? "b" : "a"
}
resource "aws_service_discovery_service" "this" {
  for_each     = toset(["A", "SRV"])
  name         = lower(each.key)
  description  = local.changed ? "b" : "a"
  dns_config {
    namespace_id   = aws_service_discovery_private_dns_namespace.this.id
    routing_policy = "MULTIVALUE"
    dns_records {
      ttl  = local.changed ? 20 : 10
      type = each.key
    }
  }
  health_check_custom_config { failure_threshold = 1 }
  tags = { Name = each.key }
}
resource "aws_service_discovery_service" "http" {
  name         = "http"
  namespace_id = aws_service_discovery_http_namespace.this.id
}
resource "aws_service_discovery_instance" "this" {
  instance_id = "one"
  service_id  = aws_service_discovery_service.this["A"].id
  attributes  = { AWS_INSTANCE_IPV4 = "172.31.0.9", colour = local.changed ? "red" : "blue" }
}
data "aws_service_discovery_dns_namespace" "this" {
  name       = aws_service_discovery_private_dns_namespace.this.name
  type       = "DNS_PRIVATE"
}
output "namespaces" {
  value = data.aws_service_discovery_dns_namespace.this.id == aws_service_discovery_private_dns_namespace.this.id
}
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path / "region.log") as one:
        one.balancer("fields")
        yield one


def test_a_second_plan_of_ecs_and_cloud_map_is_empty_and_a_third_holds_the_changes(
    served: Served, aws_provider: None, tmp_path: Path
) -> None:
    folder = tmp_path / "stack"
    folder.mkdir()

    def write(*, changed: bool) -> None:
        text = STACK % {"region": REGION, "changed": str(changed).lower()}
        (folder / "main.tf").write_text(text)

    write(changed=False)
    target = Target.local(served.url, region_id="fields")
    stack = Stack(folder, target, Workspace(tmp_path / "work"), on_line=print)
    stack.init()
    stack.plan()
    stack.apply()
    assert stack.plan().no_changes
    write(changed=True)
    planned = stack.plan()
    assert sorted(planned.replaced) == ["aws_ecs_task_definition.this"]
    stack.apply()
    assert stack.plan().no_changes
    cluster = served.client("ecs").describe_clusters(clusters=["fields"], include=["TAGS"])
    assert {"key": "Name", "value": "b"} in cluster["clusters"][0]["tags"]

    def drained(_service: str) -> None:
        """What the controller of services does when the last task is gone."""
        with served.store.locked():
            for one in served.store.backend("ecs").services.values():
                if one.status == "DRAINING":
                    one.status, one.deployments = "INACTIVE", []
                    service_connect.withdraw(one, served.store.backend("servicediscovery"))

    served.store.subscribe(drained)
    stack.destroy()
    api = served.client("servicediscovery")
    assert api.list_namespaces()["Namespaces"] == api.list_services()["Services"] == []
    assert served.client("route53").list_hosted_zones()["HostedZones"] == []
    assert served.client("ecs").list_clusters()["clusterArns"] == []
