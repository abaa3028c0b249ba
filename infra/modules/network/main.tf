# Two ways to a network, one interface: `scratch.tf` makes a VPC, `existing.tf` reads one.

locals {
  from_scratch = var.vpc_id == ""
  vpc_id       = local.from_scratch ? aws_vpc.this[0].id : var.vpc_id

  public_subnet_ids   = local.from_scratch ? aws_subnet.public[*].id : local.existing_public
  private_subnet_ids  = local.from_scratch ? aws_subnet.private[*].id : local.existing_private
  database_subnet_ids = local.from_scratch ? aws_subnet.database[*].id : local.existing_database
}
