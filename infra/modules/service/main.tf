data "aws_region" "current" {}

resource "aws_ecs_cluster" "this" {
  #checkov:skip=CKV_AWS_65:on in production; they cost by the metric
  name = "${var.prefix}-app"
  tags = var.tags

  setting {
    name  = "containerInsights"
    value = var.production ? "enabled" : "disabled"
  }
}

resource "aws_ecs_task_definition" "app" {
  family                   = var.prefix
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn
  tags                     = var.tags

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  # Written as the API returns it (sorted, with its empty lists), so that a second plan is empty.
  container_definitions = jsonencode([merge({
    name           = "app"
    image          = var.image
    essential      = true
    cpu            = 0
    portMappings   = [{ containerPort = var.container_port, hostPort = var.container_port, protocol = "tcp" }]
    environment    = [for name, value in var.environment : { name = name, value = value }]
    secrets        = [for name, secret in var.secrets : { name = name, valueFrom = secret.key == "" ? secret.secret_arn : "${secret.secret_arn}:${secret.key}::" }]
    mountPoints    = [for number, path in var.writable_paths : { containerPath = path, readOnly = false, sourceVolume = "writable-${number}" }]
    volumesFrom    = []
    systemControls = []
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = var.log_group_name
        awslogs-region        = data.aws_region.current.id
        awslogs-stream-prefix = "app"
      }
    }
    }, var.read_only_root_filesystem ? { readonlyRootFilesystem = true } : {},
    # Empty: the image's own.
    length(var.command) > 0 ? { command = var.command } : {},
    # A secret that has changed means a new revision: tasks read it when they start. The secret itself is
    # named without its version, so that tasks of a former revision start with what is valid now.
    length(var.secret_versions) > 0 ? {
      dockerLabels = { for name, version in var.secret_versions : "secret-version.${name}" => tostring(version) }
    } : {},
  )])

  dynamic "volume" {
    for_each = var.writable_paths

    content {
      name = "writable-${volume.key}"
    }
  }

  # A former revision stays: ECS may have to roll back to it. (create_before_destroy would keep it too,
  # but only for the moment, and Terraform would extend it to all that the definition refers to: a
  # database or a role to be replaced would fail, since its name is still taken.) `drydock destroy`
  # deregisters all of them; they cost nothing.
  skip_destroy = true

  lifecycle {
    precondition {
      condition     = alltrue([for secret in var.secrets : secret.secret_arn != ""])
      error_message = "One of the secrets of the container does not exist: RDS has made none for the database's password. Run plan and apply once more; if it stays so, set postgresql_password."
    }
  }
}

resource "aws_ecs_service" "app" {
  name                               = "app"
  cluster                            = aws_ecs_cluster.this.id
  task_definition                    = aws_ecs_task_definition.app.arn
  launch_type                        = "FARGATE"
  desired_count                      = var.desired_count
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  health_check_grace_period_seconds  = 60
  wait_for_steady_state              = var.wait_for_steady_state
  enable_execute_command             = var.execute_command
  propagate_tags                     = "SERVICE"
  tags                               = var.tags

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = [var.security_group_id]
    assign_public_ip = var.assign_public_ip
  }

  load_balancer {
    target_group_arn = var.target_group_arn
    container_name   = "app"
    container_port   = var.container_port
  }

  timeouts {
    create = "15m"
    update = "15m"
    delete = "15m"
  }

  lifecycle {
    # Scaling's; everything else, the revision included, is Terraform's.
    ignore_changes = [desired_count]

    # ECS that has rolled back is as steady as ECS that has not.
    postcondition {
      condition     = self.task_definition == aws_ecs_task_definition.app.arn
      error_message = "The service runs ${self.task_definition}, not the revision that was applied: its tasks did not become healthy, and ECS rolled back. Look at `drydock status` and `drydock logs`, mend the image or its settings, then plan and apply again."
    }
  }

  # Tasks need the permissions to start, and still need them while they are drained at destroy.
  depends_on = [
    aws_iam_role_policy_attachment.execution,
    aws_iam_role_policy.secrets,
    aws_iam_role_policy.execute_command,
  ]
}
