# Beside Aurora's own backups, which go when the cluster goes: copies in a vault, which stay.

data "aws_partition" "current" {}

data "aws_region" "current" {}

resource "aws_backup_vault" "this" {
  name          = var.prefix
  kms_key_arn   = var.key_arn
  force_destroy = var.force_destroy
  tags          = var.tags
}

resource "aws_backup_plan" "this" {
  name = var.prefix
  tags = var.tags

  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.this.name
    schedule          = "cron(0 18 * * ? *)"
    start_window      = 60
    completion_window = 180

    lifecycle {
      delete_after = var.keep_days
    }
  }
}

resource "aws_iam_role" "this" {
  # Roles are one to an account, not to a region.
  name        = "${var.prefix}-${data.aws_region.current.id}-backup"
  description = "AWS Backup copies the database of ${var.prefix} with this role"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "backup.amazonaws.com" }
    }]
  })
  tags = var.tags

  lifecycle {
    # One that has a former name keeps it.
    ignore_changes = [name]
  }
}

resource "aws_iam_role_policy_attachment" "this" {
  role       = aws_iam_role.this.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"
}

resource "aws_backup_selection" "database" {
  name         = "database"
  plan_id      = aws_backup_plan.this.id
  iam_role_arn = aws_iam_role.this.arn
  resources    = [var.cluster_arn]
}
