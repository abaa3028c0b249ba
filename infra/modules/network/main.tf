# Two ways to a network, one interface: `scratch.tf` makes a VPC, `existing.tf` reads one,
# and `made.tf` adds to it what production needs.

locals {
  from_scratch = var.vpc_id == ""
  vpc_id       = local.from_scratch ? aws_vpc.this[0].id : var.vpc_id

  public_subnet_ids = local.from_scratch ? aws_subnet.public[*].id : local.existing_public
  private_subnet_ids = (
    local.from_scratch ? aws_subnet.private[*].id :
    local.are_needed ? aws_subnet.made_private[*].id : local.existing_private
  )
  private_table_ids = (
    local.from_scratch ? aws_route_table.private[*].id :
    local.are_needed ? aws_route_table.made_private[*].id :
    distinct([for id in local.existing_private : lookup(local.table_of_subnet, id, local.main_table)])
  )
  database_subnet_ids = (
    local.from_scratch ? aws_subnet.database[*].id :
    local.are_needed ? aws_subnet.made_database[*].id : local.existing_database
  )
}
