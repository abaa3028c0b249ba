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
