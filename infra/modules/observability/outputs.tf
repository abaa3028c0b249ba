output "log_group_name" {
  description = "Log group of the tasks."
  value       = aws_cloudwatch_log_group.tasks.name
}

output "retention_in_days" {
  description = "Days that logs are kept."
  value       = aws_cloudwatch_log_group.tasks.retention_in_days
}
