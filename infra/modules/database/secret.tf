# A password that the user gave, in the same form in which RDS keeps one of its own.

resource "aws_secretsmanager_secret" "given" {
  count       = local.password_is_given ? 1 : 0
  name_prefix = "${var.prefix}-database-"
  description = "Master user of the database of ${var.prefix}"
  # A stack that is destroyed and made again must not find its secret scheduled for deletion.
  recovery_window_in_days = var.production ? 7 : 0
}

resource "aws_secretsmanager_secret_version" "given" {
  count                    = local.password_is_given ? 1 : 0
  secret_id                = aws_secretsmanager_secret.given[0].id
  secret_string_wo         = jsonencode({ username = local.username, password = var.password })
  secret_string_wo_version = local.password_version
}
