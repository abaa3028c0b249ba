output "vpc_id" {
  description = "VPC that is used."
  value       = local.vpc_id
}

output "public_subnet_ids" {
  description = "One public subnet per zone, for the load balancer."
  value       = local.public_subnet_ids

  # A load balancer that faces the internet works only once there is a way to it.
  depends_on = [aws_route.internet, aws_route_table_association.public]

  precondition {
    condition     = length(local.public_subnet_ids) >= 2
    error_message = "The VPC ${var.vpc_id} has public subnets (with a route to an internet gateway) in fewer than two zones, and a load balancer needs two. Add one, or leave vpc_id empty to have a VPC made."
  }
}

output "task_subnet_ids" {
  description = "One subnet per zone, for the tasks: private in production, else public."
  value       = var.production ? local.private_subnet_ids : local.public_subnet_ids

  # A task starts only where it can reach its image.
  depends_on = [
    aws_route.internet, aws_route_table_association.public,
    aws_route.nat, aws_route_table_association.private,
  ]

  precondition {
    condition     = !var.production || length(local.private_subnet_ids) >= 2
    error_message = "The VPC ${var.vpc_id} has private subnets in fewer than two zones, and production = true puts the tasks there. Add private subnets with a route to a NAT gateway, set production = false, or leave vpc_id empty to have a VPC made."
  }
}

output "tasks_need_public_ip" {
  description = "Whether a task reaches its image only with a public address."
  value       = !var.production
}

output "database_subnet_ids" {
  description = "Subnets for the database, in two zones at least."
  value       = local.database_subnet_ids
}

output "nat_gateway_count" {
  description = "Number of NAT gateways; each costs by the hour."
  value       = length(aws_nat_gateway.this)
}
