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
    error_message = "The VPC ${var.vpc_id} has public subnets (with a route to an internet gateway) in fewer than two zones, and a load balancer needs two. Add one, hand some in with network.public_subnet_ids, or leave vpc_id empty to have a VPC made."
  }
}

output "task_subnet_ids" {
  description = "One subnet per zone, for the tasks: private in production, else public."
  value       = local.task_subnet_ids

  # A task starts only where it can reach its image.
  depends_on = [
    aws_route.internet, aws_route_table_association.public,
    aws_route.nat, aws_route_table_association.private,
    aws_route.made_nat, aws_route_table_association.made_private,
  ]

  precondition {
    condition     = !var.private || !local.are_needed || local.has_room && length(local.wanted_zones) >= 2
    error_message = "The VPC ${var.vpc_id} has no private subnets with a way out in two zones, and no room to make them: ${length(local.new_ranges)} free ranges of /${local.made_length} are needed in ${local.vpc_range}. Add an address range or private subnets with a route to a NAT gateway, hand some in with network.task_subnet_ids, set production = false, or leave vpc_id empty to have a VPC made."
  }

  precondition {
    condition     = local.from_scratch || !var.private || var.egress != "endpoints" || alltrue([for one in data.aws_vpc.existing : one.enable_dns_support && one.enable_dns_hostnames])
    error_message = "The VPC ${var.vpc_id} does not have both of its attributes enableDnsSupport and enableDnsHostnames set, and AWS's names lead to VPC endpoints only where they are. Set them (aws ec2 modify-vpc-attribute --vpc-id ${var.vpc_id} --enable-dns-hostnames Value=true), or set network.egress = nat."
  }
}

output "tasks_need_public_ip" {
  description = "Whether a task reaches its image only with a public address."
  value       = !var.private
}

output "database_subnet_ids" {
  description = "Subnets for the database, in two zones at least."
  value       = local.database_subnet_ids

  depends_on = [aws_route_table_association.database, aws_route_table_association.made_database]
}

output "nat_gateway_count" {
  description = "Number of NAT gateways; each costs by the hour."
  value       = length(aws_nat_gateway.this) + length(aws_nat_gateway.made)
}

output "vpc_cidr" {
  description = "IPv4 range of the VPC."
  value       = local.from_scratch ? var.cidr : data.aws_vpc.existing[0].cidr_block
}

output "task_route_table_ids" {
  description = "Route tables of the tasks' subnets, where those are private."
  value       = var.private ? local.private_table_ids : []
}

output "made_ranges" {
  description = "Ranges of the subnets that were made in a VPC that exists: private ones first."
  value       = [for name in local.wanted_ranges : local.range_of[name] if local.has_room]
}

output "is_made" {
  description = "Whether the VPC is the stack's own."
  value       = local.from_scratch
}
