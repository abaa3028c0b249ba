# Keys of the account's own, one for each kind of data, so that each can be shut off alone. Without them
# AWS's own keys encrypt the same things, at no price and with no policy.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  account = data.aws_caller_identity.current.account_id
  root    = "arn:${data.aws_partition.current.partition}:iam::${local.account}:root"

  # The account decides with IAM who may use and manage its keys, as AWS's default key policy says.
  by_iam = {
    Sid       = "TheAccountDecidesByIam"
    Effect    = "Allow"
    Principal = { AWS = local.root }
    Action    = "kms:*"
    Resource  = "*"
  }
  logs_use = {
    Sid       = "CloudWatchLogsOfThisAccount"
    Effect    = "Allow"
    Principal = { Service = "logs.${data.aws_region.current.id}.amazonaws.com" }
    Action    = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
    Resource  = "*"
    Condition = {
      ArnLike = {
        "kms:EncryptionContext:aws:logs:arn" = "arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.id}:${local.account}:*"
      }
    }
  }
  # An alarm that may not use its topic's key is lost without a word.
  alarms_use = {
    Sid       = "AlarmsToAnEncryptedTopic"
    Effect    = "Allow"
    Principal = { Service = ["cloudwatch.amazonaws.com", "events.amazonaws.com"] }
    Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
    Resource  = "*"
    Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
  }
}

resource "aws_kms_key" "logs" {
  count                   = var.enabled ? 1 : 0
  description             = "Logs and alarms of ${var.prefix}"
  enable_key_rotation     = true
  deletion_window_in_days = 7
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [local.by_iam, local.logs_use, local.alarms_use]
  })
  tags = var.tags
}

resource "aws_kms_key" "secrets" {
  count                   = var.enabled ? 1 : 0
  description             = "Secrets of ${var.prefix}"
  enable_key_rotation     = true
  deletion_window_in_days = 7
  policy                  = jsonencode({ Version = "2012-10-17", Statement = [local.by_iam] })
  tags                    = var.tags
}

resource "aws_kms_key" "database" {
  count                   = var.enabled ? 1 : 0
  description             = "Database of ${var.prefix} and its backups"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = jsonencode({ Version = "2012-10-17", Statement = [local.by_iam] })
  tags                    = var.tags
}

resource "aws_kms_alias" "this" {
  for_each = var.enabled ? {
    logs     = aws_kms_key.logs[0].key_id
    secrets  = aws_kms_key.secrets[0].key_id
    database = aws_kms_key.database[0].key_id
  } : {}
  name          = "alias/${var.prefix}-${each.key}"
  target_key_id = each.value
}
