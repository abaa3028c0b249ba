# Two roles: ECS starts tasks with the one (image, logs, secrets); the application acts with the other,
# which may do nothing until it needs to.

data "aws_partition" "current" {}

locals {
  reads_secrets = length(var.secrets) > 0
  role_prefix   = "${var.prefix}-${data.aws_region.current.id}"
}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "execution" {
  # Roles are one to an account, not to a region.
  name               = "${local.role_prefix}-execution"
  description        = "ECS starts the tasks of ${var.prefix} with this role"
  assume_role_policy = data.aws_iam_policy_document.assume.json
  tags               = var.tags

  lifecycle {
    # One that has a former name keeps it.
    ignore_changes = [name]
  }
}

resource "aws_iam_role_policy_attachment" "execution" {
  role       = aws_iam_role.execution.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

data "aws_iam_policy_document" "secrets" {
  # A statement without a resource is no policy.
  count = local.reads_secrets ? 1 : 0

  statement {
    sid       = "ReadTheSecretsOfTheTask"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = distinct([for secret in var.secrets : secret.secret_arn])
  }

  dynamic "statement" {
    for_each = length(var.secrets_key_arns) > 0 ? [true] : []

    content {
      sid       = "DecryptThem"
      actions   = ["kms:Decrypt"]
      resources = var.secrets_key_arns
    }
  }
}

resource "aws_iam_role_policy" "secrets" {
  count  = local.reads_secrets ? 1 : 0
  name   = "secrets"
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.secrets[0].json
}

moved {
  from = aws_iam_role_policy.secrets
  to   = aws_iam_role_policy.secrets[0]
}

resource "aws_iam_role" "task" {
  name               = "${local.role_prefix}-task"
  description        = "The application of ${var.prefix} acts on AWS with this role"
  assume_role_policy = data.aws_iam_policy_document.assume.json
  tags               = var.tags

  lifecycle {
    # One that has a former name keeps it.
    ignore_changes = [name]
  }
}

# ECS Exec's channels have no resources to name.
resource "aws_iam_role_policy" "execute_command" {
  #checkov:skip=CKV_AWS_290:these actions know no resource but *
  #checkov:skip=CKV_AWS_355:these actions know no resource but *
  count = var.execute_command ? 1 : 0
  name  = "execute-command"
  role  = aws_iam_role.task.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow"
      Action = [
        "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
      ]
      Resource = "*"
    }]
  })
}
