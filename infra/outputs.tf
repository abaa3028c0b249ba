output "prefix" {
  description = "Name of the application."
  value       = local.prefix
}

output "alb_dns_name" {
  description = "DNS name of the load balancer."
  value       = module.load_balancer.dns_name
}

output "app_dns_name" {
  description = "DNS name of the site; null without a domain."
  value       = local.app_name
}

output "app_url" {
  description = "Where the site answers."
  value       = "${local.has_certificate ? "https" : "http"}://${coalesce(local.app_name, module.load_balancer.dns_name)}"
}

output "ecs_cluster_name" {
  description = "Name of the ECS cluster."
  value       = module.service.cluster_name
}

output "ecs_service_name" {
  description = "Name of the ECS service."
  value       = module.service.service_name
}

output "task_definition" {
  description = "ARN of the task definition, with its revision."
  value       = module.service.task_definition_arn
}

output "standalone_task_subnet" {
  description = "Subnet for a one-off task."
  value       = module.network.task_subnet_ids[0]
}

output "standalone_task_sg" {
  description = "Security group for a one-off task."
  value       = module.security.task_group_id
}

output "standalone_task_public_ip" {
  description = "Whether a one-off task needs a public address to reach its image."
  value       = module.network.tasks_need_public_ip
}

output "log_group" {
  description = "CloudWatch log group of the tasks."
  value       = module.observability.log_group_name
}

output "vpc_id" {
  description = "VPC of the stack."
  value       = module.network.vpc_id
}

output "database_endpoint" {
  description = "Host name of the database's writer."
  value       = module.database.endpoint
}

output "database_secret_arn" {
  description = "Secret that holds the database's user name and password."
  value       = module.database.secret_arn
}

output "migrate_command" {
  description = "Words that a one-off task runs to bring the database's tables up to date, as a JSON list."
  value       = jsonencode(var.container.migrate_command)
}

output "alarm_topic" {
  description = "SNS topic that alarms are sent to; null without alarms."
  value       = one(module.alarms[*].topic_arn)
}

output "access_logs_bucket" {
  description = "Bucket of the load balancer's access logs; null without them."
  value       = module.load_balancer.logs_bucket
}
