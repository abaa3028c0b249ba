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

output "state_machine_arn" {
  description = "State machine that replaces the tasks; null without."
  value       = one(aws_sfn_state_machine.rotation[*].arn)
}

output "rotation_rule" {
  description = "Rule that starts it; null without."
  value       = one(aws_cloudwatch_event_rule.rotation[*].name)
}

output "service_arn" {
  description = "ARN of the ECS service."
  value       = aws_ecs_service.app.id
}

output "secret_versions" {
  description = "What the revision says of its secrets' versions."
  value       = try(jsondecode(aws_ecs_task_definition.app.container_definitions)[0].dockerLabels, {})
}

output "role_names" {
  description = "Names of the roles that tasks start and act with."
  value       = [aws_iam_role.execution.name, aws_iam_role.task.name]
}

output "environment_names" {
  description = "Names in the container's environment, secrets aside."
  value       = tolist(sort(keys(var.environment)))
}

output "reads_secrets" {
  description = "Whether there is a policy by which ECS reads the secrets of a task."
  value       = length(aws_iam_role_policy.secrets) == 1
}

output "secret_names" {
  description = "Names in the container's environment that come from secrets."
  value       = tolist(sort(keys(var.secrets)))
}
