output "cluster_name" {
  description = "Name of the cluster."
  value       = aws_ecs_cluster.this.name
}

output "service_name" {
  description = "Name of the service."
  value       = aws_ecs_service.app.name
}

output "task_definition_arn" {
  description = "Task definition with its revision."
  value       = aws_ecs_task_definition.app.arn
}

output "scaling" {
  description = "Least and most tasks; null without scaling."
  value       = one([for one in aws_appautoscaling_target.service : { min = one.min_capacity, max = one.max_capacity }])
}

output "redeploys_on_rotation" {
  description = "Whether a rotated password replaces the tasks."
  value       = length(aws_cloudwatch_event_target.rotation) == 1
}

output "environment_names" {
  description = "Names in the container's environment, secrets aside."
  value       = tolist(sort(keys(var.environment)))
}

output "secret_names" {
  description = "Names in the container's environment that come from secrets."
  value       = tolist(sort(keys(var.secrets)))
}
