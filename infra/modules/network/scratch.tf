# A VPC of three tiers: public (a way in and out), private (a way out, in production), database
# (neither).

data "aws_availability_zones" "available" {
  #checkov:skip=CKV_AWS_394:the first of a sorted list are taken, as many as `zones` says
  count = local.from_scratch ? 1 : 0
  state = "available"

  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }

  lifecycle {
    postcondition {
      condition     = length(self.names) >= var.zones
      error_message = "This region has ${length(self.names)} availability zones for this account, fewer than zones = ${var.zones}. Set zones to a smaller number (2 at least), or choose another region."
    }
  }
}

locals {
  zone_count = local.from_scratch ? var.zones : 0
  zone_names = local.from_scratch ? slice(data.aws_availability_zones.available[0].names, 0, local.zone_count) : []
  nat_count  = var.private && var.egress == "nat" ? local.zone_count : 0
}

resource "aws_vpc" "this" {
  #checkov:skip=CKV2_AWS_12:nothing is in the default group, and every resource here names its own
  count              = local.from_scratch ? 1 : 0
  cidr_block         = var.cidr
  enable_dns_support = true
  # Only interface endpoints need host names; switching them on costs the provider ten seconds.
  enable_dns_hostnames = var.private
  tags                 = { Name = var.prefix }
}

resource "aws_internet_gateway" "this" {
  count  = local.from_scratch ? 1 : 0
  vpc_id = aws_vpc.this[0].id
  tags   = { Name = var.prefix }
}

resource "aws_subnet" "public" {
  count             = local.zone_count
  vpc_id            = aws_vpc.this[0].id
  availability_zone = local.zone_names[count.index]
  cidr_block        = cidrsubnet(var.cidr, 4, count.index)
  tags              = { Name = "${var.prefix}-public-${local.zone_names[count.index]}", Tier = "public" }
}

resource "aws_subnet" "private" {
  count             = local.zone_count
  vpc_id            = aws_vpc.this[0].id
  availability_zone = local.zone_names[count.index]
  cidr_block        = cidrsubnet(var.cidr, 4, count.index + 4)
  tags              = { Name = "${var.prefix}-private-${local.zone_names[count.index]}", Tier = "private" }
}

resource "aws_subnet" "database" {
  count             = local.zone_count
  vpc_id            = aws_vpc.this[0].id
  availability_zone = local.zone_names[count.index]
  cidr_block        = cidrsubnet(var.cidr, 4, count.index + 8)
  tags              = { Name = "${var.prefix}-database-${local.zone_names[count.index]}", Tier = "database" }
}

resource "aws_route_table" "public" {
  count  = local.from_scratch ? 1 : 0
  vpc_id = aws_vpc.this[0].id
  tags   = { Name = "${var.prefix}-public" }
}

resource "aws_route" "internet" {
  count                  = local.from_scratch ? 1 : 0
  route_table_id         = aws_route_table.public[0].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this[0].id
}

resource "aws_route_table_association" "public" {
  count          = local.zone_count
  subnet_id      = aws_subnet.public[count.index].id
  route_table_id = aws_route_table.public[0].id
}

# One table per zone, so that each zone can leave through its own NAT gateway.
resource "aws_route_table" "private" {
  count  = local.zone_count
  vpc_id = aws_vpc.this[0].id
  tags   = { Name = "${var.prefix}-private-${local.zone_names[count.index]}" }
}

resource "aws_route_table_association" "private" {
  count          = local.zone_count
  subnet_id      = aws_subnet.private[count.index].id
  route_table_id = aws_route_table.private[count.index].id
}

resource "aws_route_table" "database" {
  count  = local.from_scratch ? 1 : 0
  vpc_id = aws_vpc.this[0].id
  tags   = { Name = "${var.prefix}-database" }
}

resource "aws_route_table_association" "database" {
  count          = local.zone_count
  subnet_id      = aws_subnet.database[count.index].id
  route_table_id = aws_route_table.database[0].id
}

resource "aws_eip" "nat" {
  count  = local.nat_count
  domain = "vpc"
  tags   = { Name = "${var.prefix}-nat-${local.zone_names[count.index]}" }
}

resource "aws_nat_gateway" "this" {
  count         = local.nat_count
  allocation_id = aws_eip.nat[count.index].id
  subnet_id     = aws_subnet.public[count.index].id
  tags          = { Name = "${var.prefix}-${local.zone_names[count.index]}" }

  depends_on = [aws_internet_gateway.this]
}

resource "aws_route" "nat" {
  count                  = local.nat_count
  route_table_id         = aws_route_table.private[count.index].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this[count.index].id
}
