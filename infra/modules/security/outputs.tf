output "load_balancer_group_id" {
  description = "Security group of the load balancer."
  value       = aws_security_group.load_balancer.id

  depends_on = [
    aws_vpc_security_group_ingress_rule.load_balancer,
    aws_vpc_security_group_egress_rule.load_balancer_to_task,
  ]
}

output "task_group_id" {
  description = "Security group of the tasks."
  value       = aws_security_group.task.id

  # Tasks start only when they can reach what they need and be reached.
  depends_on = [
    aws_vpc_security_group_ingress_rule.task_from_load_balancer,
    aws_vpc_security_group_egress_rule.task_to_anywhere,
    aws_vpc_security_group_ingress_rule.database_from_task,
  ]
}

output "database_group_id" {
  description = "Security group of the database."
  value       = aws_security_group.database.id
}
