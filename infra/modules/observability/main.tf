resource "aws_cloudwatch_log_group" "tasks" {
  name              = "/ecs/${var.prefix}"
  retention_in_days = var.production ? 365 : 30
}
