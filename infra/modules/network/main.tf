# Three ways to a network, one interface: `scratch.tf` makes a VPC, `existing.tf` reads one, and
# `made.tf` adds to it what production needs; or the subnets are handed in.

locals {
  from_scratch = var.vpc_id == ""
  vpc_id       = local.from_scratch ? aws_vpc.this[0].id : var.vpc_id
  # Handed in by their ids: nothing is read of their routes, and none are made.
  are_given = length(var.task_subnet_ids) > 0

  public_subnet_ids = (
    local.from_scratch ? values(aws_subnet.public)[*].id :
    length(var.public_subnet_ids) > 0 ? var.public_subnet_ids : local.existing_public
  )
  task_subnet_ids = local.are_given ? var.task_subnet_ids : var.private ? local.private_subnet_ids : local.public_subnet_ids
  private_subnet_ids = (
    local.from_scratch ? values(aws_subnet.private)[*].id :
    local.are_needed ? values(aws_subnet.made_private)[*].id : local.existing_private
  )
  private_table_ids = (
    local.from_scratch ? values(aws_route_table.private)[*].id :
    local.are_needed ? values(aws_route_table.made_private)[*].id :
    distinct([for id in local.task_subnet_ids : lookup(local.table_of_subnet, id, local.main_table)])
  )
  database_subnet_ids = (
    local.from_scratch ? values(aws_subnet.database)[*].id :
    length(var.database_subnet_ids) > 0 ? var.database_subnet_ids :
    local.are_needed ? values(aws_subnet.made_database)[*].id : local.existing_database
  )
}
