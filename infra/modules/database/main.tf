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
}

# A snapshot outlives its stack: one that is made and destroyed again needs another name for its own.
resource "terraform_data" "final_snapshot" {
  count = var.final_snapshot ? 1 : 0
}

resource "aws_rds_cluster" "this" {
  cluster_identifier     = var.prefix
  engine                 = "aurora-postgresql"
  engine_version         = var.engine_version
  database_name          = "app"
  port                   = 5432
  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = [var.security_group_id]

  master_username             = local.username
  manage_master_user_password = local.password_is_given ? null : true
  master_password_wo          = local.password_is_given ? var.password : null
  master_password_wo_version  = local.password_version

  storage_encrypted            = true
  backup_retention_period      = 7
  copy_tags_to_snapshot        = true
  preferred_backup_window      = "16:00-16:30"
  preferred_maintenance_window = "sun:17:00-sun:17:30"
  deletion_protection          = var.deletion_protection
  skip_final_snapshot          = !var.final_snapshot
  final_snapshot_identifier    = var.final_snapshot ? "${var.prefix}-final-${substr(terraform_data.final_snapshot[0].id, 0, 8)}" : null
  apply_immediately            = true

  dynamic "serverlessv2_scaling_configuration" {
    for_each = local.serverless ? [true] : []

    content {
      min_capacity             = var.production ? 0.5 : 0
      max_capacity             = var.production ? 8 : 2
      seconds_until_auto_pause = var.production ? null : 300
    }
  }
}

resource "aws_rds_cluster_instance" "this" {
  count                      = var.production ? 2 : 1
  identifier                 = "${var.prefix}-${count.index + 1}"
  cluster_identifier         = aws_rds_cluster.this.id
  engine                     = aws_rds_cluster.this.engine
  instance_class             = var.instance_class
  db_subnet_group_name       = aws_db_subnet_group.this.name
  publicly_accessible        = false
  auto_minor_version_upgrade = local.follows_minor_versions
  copy_tags_to_snapshot      = true
  apply_immediately          = true
}
