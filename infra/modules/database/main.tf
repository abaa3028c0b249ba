locals {
  username          = "postgres"
  password_is_given = nonsensitive(var.password != "")
  # Terraform never sees a write-only value again, so a number tells it of a change. 16 bits of a hash
  # give nothing away that would help to guess the password.
  password_version = local.password_is_given ? nonsensitive(parseint(substr(sha256(var.password), 0, 4), 16)) : null

  serverless = var.instance_class == "db.serverless"
  # A major version alone follows AWS's minor upgrades; a full one would be upgraded back and forth.
  follows_minor_versions = length(split(".", var.engine_version)) == 1
}

resource "aws_db_subnet_group" "this" {
  name        = var.prefix
  description = "Database of ${var.prefix}"
  subnet_ids  = var.subnet_ids
  tags        = var.tags
}

# A snapshot outlives its stack: one that is made and destroyed again needs another name for its own.
resource "terraform_data" "final_snapshot" {
  count = var.final_snapshot ? 1 : 0
}

resource "aws_rds_cluster" "this" {
  #checkov:skip=CKV_AWS_162:the tasks read a password from Secrets Manager
  #checkov:skip=CKV2_AWS_8:modules/backup selects it, in production
  cluster_identifier = var.prefix
  engine             = "aurora-postgresql"
  engine_version     = var.engine_version
  # A new major version is asked for by its number alone: the plan says so, and `drydock apply` wants
  # --allow-replace for it. Without this AWS refuses it in the middle of the apply.
  allow_major_version_upgrade = true
  # Once support ends AWS upgrades the cluster, where it would go on for a price.
  engine_lifecycle_support = var.extended_support ? "open-source-rds-extended-support" : "open-source-rds-extended-support-disabled"
  database_name            = "app"
  port                     = 5432
  db_subnet_group_name     = aws_db_subnet_group.this.name
  vpc_security_group_ids   = [var.security_group_id]
  tags                     = var.tags

  master_username             = local.username
  manage_master_user_password = local.password_is_given ? null : true
  master_password_wo          = local.password_is_given ? var.password : null
  master_password_wo_version  = local.password_version

  master_user_secret_kms_key_id = local.password_is_given ? null : var.secrets_key_arn

  db_cluster_parameter_group_name = one(aws_rds_cluster_parameter_group.this[*].name)
  enabled_cloudwatch_logs_exports = var.production ? ["postgresql"] : []

  storage_encrypted            = true
  kms_key_id                   = var.database_key_arn
  backup_retention_period      = var.backup_retention_days
  copy_tags_to_snapshot        = true
  preferred_backup_window      = "16:00-16:30"
  preferred_maintenance_window = "sun:17:00-sun:17:30"
  deletion_protection          = var.deletion_protection
  skip_final_snapshot          = !var.final_snapshot
  final_snapshot_identifier    = var.final_snapshot ? "${var.prefix}-final-${substr(terraform_data.final_snapshot[0].id, 0, 8)}" : null
  apply_immediately            = var.apply_immediately

  lifecycle {
    # AWS takes it when a cluster is made, and never again.
    ignore_changes = [engine_lifecycle_support]
  }

  # RDS would make the log group itself, to keep for ever.
  depends_on = [aws_cloudwatch_log_group.server]

  dynamic "serverlessv2_scaling_configuration" {
    for_each = local.serverless ? [true] : []

    content {
      min_capacity             = var.min_capacity
      max_capacity             = var.max_capacity
      seconds_until_auto_pause = var.min_capacity == 0 ? 300 : null
    }
  }
}

resource "aws_rds_cluster_instance" "this" {
  #checkov:skip=CKV_AWS_118:Performance Insights and CloudWatch's metrics say what one looks for
  count                      = var.instance_count
  identifier                 = "${var.prefix}-${count.index + 1}"
  cluster_identifier         = aws_rds_cluster.this.id
  engine                     = aws_rds_cluster.this.engine
  instance_class             = var.instance_class
  db_subnet_group_name       = aws_db_subnet_group.this.name
  publicly_accessible        = false
  auto_minor_version_upgrade = local.follows_minor_versions
  copy_tags_to_snapshot      = true
  apply_immediately          = var.apply_immediately
  tags                       = var.tags

  performance_insights_enabled    = var.production
  performance_insights_kms_key_id = var.production ? var.database_key_arn : null
}

# What the server says of slow statements, and TLS alone. The names of the families are those of the
# major versions.
resource "aws_rds_cluster_parameter_group" "this" {
  count       = var.production ? 1 : 0
  name_prefix = "${var.prefix}-"
  family      = "aurora-postgresql${split(".", var.engine_version)[0]}"
  description = "Database of ${var.prefix}"
  tags        = var.tags

  # ddl: what changes tables. Each statement would be a log line (and its values a leak).
  parameter {
    name  = "log_statement"
    value = "ddl"
  }

  # Milliseconds.
  parameter {
    name  = "log_min_duration_statement"
    value = "1000"
  }

  parameter {
    name  = "rds.force_ssl"
    value = var.require_tls ? "1" : "0"
  }

  lifecycle {
    # A new major version needs another one while the cluster still has this one.
    create_before_destroy = true
  }
}

resource "aws_cloudwatch_log_group" "server" {
  count             = var.production ? 1 : 0
  name              = "/aws/rds/cluster/${var.prefix}/postgresql"
  retention_in_days = var.retention_in_days
  kms_key_id        = var.logs_key_arn
  tags              = var.tags
}
