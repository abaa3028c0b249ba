output "subnet_ids" {
  description = "Subnets of the tasks, once AWS can be reached from them."
  value       = var.subnet_ids

  depends_on = [
    aws_vpc_endpoint.interface, aws_vpc_endpoint.s3, aws_vpc_security_group_ingress_rule.https,
  ]
}

output "services" {
  description = "Services that have an endpoint."
  value       = sort(concat(keys(aws_vpc_endpoint.interface), [for one in aws_vpc_endpoint.s3 : "s3"]))
}
