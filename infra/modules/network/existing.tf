# The subnets of a VPC that exists, sorted by what their routes say: a subnet is public if its route
# table (its own, else the VPC's main one) leads to an internet gateway.

data "aws_vpc" "existing" {
  count = local.from_scratch ? 0 : 1
  id    = var.vpc_id
}

data "aws_subnets" "existing" {
  count = local.from_scratch ? 0 : 1

  filter {
    name   = "vpc-id"
    values = [data.aws_vpc.existing[0].id]
  }
}

data "aws_subnet" "existing" {
  for_each = local.from_scratch ? toset([]) : toset(data.aws_subnets.existing[0].ids)
  id       = each.value
}

data "aws_route_tables" "existing" {
  count  = local.from_scratch ? 0 : 1
  vpc_id = data.aws_vpc.existing[0].id
}

data "aws_route_table" "existing" {
  for_each       = local.from_scratch ? toset([]) : toset(data.aws_route_tables.existing[0].ids)
  route_table_id = each.value
}

locals {
  internet_tables = [
    for id, table in data.aws_route_table.existing : id
    if anytrue([for route in table.routes : startswith(route.gateway_id, "igw-")])
  ]
  main_table = one([
    for id, table in data.aws_route_table.existing : id
    if anytrue([for association in table.associations : association.main])
  ])
  table_of_subnet = merge([
    for id, table in data.aws_route_table.existing : {
      for association in table.associations : association.subnet_id => id if association.subnet_id != ""
    }
  ]...)

  public = [
    for id, subnet in data.aws_subnet.existing : id
    if contains(local.internet_tables, lookup(local.table_of_subnet, id, local.main_table))
  ]

  # Zone => its subnets. A load balancer takes one subnet per zone: the first by id.
  public_by_zone = {
    for id, subnet in data.aws_subnet.existing : subnet.availability_zone => id...
    if contains(local.public, id)
  }
  private_by_zone = {
    for id, subnet in data.aws_subnet.existing : subnet.availability_zone => id...
    if !contains(concat(local.ours, local.public), id)
  }
  # With a way out of their own; where endpoints are to be it, without one too.
  serving_by_zone = {
    for zone, ids in local.private_by_zone : zone => [
      for id in sort(ids) : id
      if !var.private || var.egress == "endpoints" || contains(local.leading_out, lookup(local.table_of_subnet, id, local.main_table))
    ]
  }
  leading_out = [
    for id, table in data.aws_route_table.existing : id
    if anytrue([for route in table.routes : route.cidr_block == "0.0.0.0/0"])
  ]
  existing_public  = [for zone, ids in local.public_by_zone : sort(ids)[0]]
  existing_private = [for zone, ids in local.serving_by_zone : ids[0] if length(ids) > 0]
  # The default VPC has public subnets alone; the security group keeps the database private there.
  existing_database = length(local.existing_private) >= 2 ? local.existing_private : local.existing_public
}
