# A password that RDS manages: its secret comes into being when the cluster is made or changed, which a
# plan cannot foresee. The cluster is read again after such a change, and after no other: a secret that
# is unknown means a new task definition.

resource "terraform_data" "managed" {
  count = local.password_is_given ? 0 : 1
  input = { cluster = aws_rds_cluster.this.id }
}

data "aws_rds_cluster" "managed" {
  count              = local.password_is_given ? 0 : 1
  cluster_identifier = terraform_data.managed[0].output.cluster
}

# A password that the user gave, in the same form in which RDS keeps one of its own.

resource "aws_secretsmanager_secret" "given" {
  #checkov:skip=CKV2_AWS_57:the user chose the password; one that rotates is had by leaving it empty
  count       = local.password_is_given ? 1 : 0
  name_prefix = "${var.prefix}-database-"
  description = "Master user of the database of ${var.prefix}"
  # A stack that is destroyed and made again must not find its secret scheduled for deletion.
  recovery_window_in_days = var.production ? 7 : 0
  kms_key_id              = var.secrets_key_arn
  tags                    = var.tags

  lifecycle {
    # It goes when no task needs it any more.
    create_before_destroy = true
  }
}

resource "aws_secretsmanager_secret_version" "given" {
  count                    = local.password_is_given ? 1 : 0
  secret_id                = aws_secretsmanager_secret.given[0].id
  secret_string_wo         = jsonencode({ username = local.username, password = var.password })
  secret_string_wo_version = local.password_version

  lifecycle {
    create_before_destroy = true
  }
}
