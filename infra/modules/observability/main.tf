resource "aws_cloudwatch_log_group" "tasks" {
  name              = "/ecs/${var.prefix}"
  retention_in_days = var.retention_in_days
  kms_key_id        = var.logs_key_arn
  tags              = var.tags
}
