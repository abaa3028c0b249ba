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
      condition     = length(var.zone_names) > 0 || length(self.names) >= var.zones
      error_message = "This region has ${length(self.names)} availability zones for this account, fewer than network.zones = ${var.zones}. Set zones to a smaller number (2 at least), or choose another region."
    }

    postcondition {
      condition     = length(setsubtract(var.zone_names, self.names)) == 0
      error_message = "This account has no availability zone ${join(", ", setsubtract(var.zone_names, self.names))} in this region; it has ${join(", ", self.names)}. Set network.availability_zones to some of those."
    }
  }
}

data "aws_region" "current" {}

locals {
  chosen = !local.from_scratch ? [] : (
    length(var.zone_names) > 0 ? var.zone_names : slice(data.aws_availability_zones.available[0].names, 0, var.zones)
  )
  # By its letter (`a` of ap-southeast-2a) a zone has subnets, tables and gateways of its own, whatever
  # other zones come or go. Its place in the list decides about its ranges.
  zone_by_key = { for name in local.chosen : trimprefix(name, data.aws_region.current.id) => name }
  place       = { for number, name in local.chosen : trimprefix(name, data.aws_region.current.id) => number }
  nat_zones   = var.private && var.egress == "nat" ? local.zone_by_key : {}
}

resource "aws_vpc" "this" {
  #checkov:skip=CKV2_AWS_12:nothing is in the default group, and every resource here names its own
  count              = local.from_scratch ? 1 : 0
  cidr_block         = var.cidr
  enable_dns_support = true
  # Only interface endpoints need host names; switching them on costs the provider ten seconds.
  enable_dns_hostnames = var.private
  tags                 = merge(var.tags, { Name = var.prefix })
}

resource "aws_internet_gateway" "this" {
  count  = local.from_scratch ? 1 : 0
  vpc_id = aws_vpc.this[0].id
  tags   = merge(var.tags, { Name = var.prefix })
}

resource "aws_subnet" "public" {
  for_each          = local.zone_by_key
  vpc_id            = aws_vpc.this[0].id
  availability_zone = each.value
  cidr_block        = cidrsubnet(var.cidr, 4, local.place[each.key])
  tags              = merge(var.tags, { Name = "${var.prefix}-public-${each.value}", Tier = "public" })
}

resource "aws_subnet" "private" {
  for_each          = local.zone_by_key
  vpc_id            = aws_vpc.this[0].id
  availability_zone = each.value
  cidr_block        = cidrsubnet(var.cidr, 4, local.place[each.key] + 4)
  tags              = merge(var.tags, { Name = "${var.prefix}-private-${each.value}", Tier = "private" })
}

resource "aws_subnet" "database" {
  for_each          = local.zone_by_key
  vpc_id            = aws_vpc.this[0].id
  availability_zone = each.value
  cidr_block        = cidrsubnet(var.cidr, 4, local.place[each.key] + 8)
  tags              = merge(var.tags, { Name = "${var.prefix}-database-${each.value}", Tier = "database" })
}

resource "aws_route_table" "public" {
  count  = local.from_scratch ? 1 : 0
  vpc_id = aws_vpc.this[0].id
  tags   = merge(var.tags, { Name = "${var.prefix}-public" })
}

resource "aws_route" "internet" {
  count                  = local.from_scratch ? 1 : 0
  route_table_id         = aws_route_table.public[0].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this[0].id
}

resource "aws_route_table_association" "public" {
  for_each       = local.zone_by_key
  subnet_id      = aws_subnet.public[each.key].id
  route_table_id = aws_route_table.public[0].id
}

# One table per zone, so that each zone can leave through its own NAT gateway.
resource "aws_route_table" "private" {
  for_each = local.zone_by_key
  vpc_id   = aws_vpc.this[0].id
  tags     = merge(var.tags, { Name = "${var.prefix}-private-${each.value}" })
}

resource "aws_route_table_association" "private" {
  for_each       = local.zone_by_key
  subnet_id      = aws_subnet.private[each.key].id
  route_table_id = aws_route_table.private[each.key].id
}

resource "aws_route_table" "database" {
  count  = local.from_scratch ? 1 : 0
  vpc_id = aws_vpc.this[0].id
  tags   = merge(var.tags, { Name = "${var.prefix}-database" })
}

resource "aws_route_table_association" "database" {
  for_each       = local.zone_by_key
  subnet_id      = aws_subnet.database[each.key].id
  route_table_id = aws_route_table.database[0].id
}

resource "aws_eip" "nat" {
  for_each = local.nat_zones
  domain   = "vpc"
  tags     = merge(var.tags, { Name = "${var.prefix}-nat-${each.value}" })
}

resource "aws_nat_gateway" "this" {
  for_each      = local.nat_zones
  allocation_id = aws_eip.nat[each.key].id
  subnet_id     = aws_subnet.public[each.key].id
  tags          = merge(var.tags, { Name = "${var.prefix}-${each.value}" })

  depends_on = [aws_internet_gateway.this]
}

resource "aws_route" "nat" {
  for_each               = local.nat_zones
  route_table_id         = aws_route_table.private[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this[each.key].id
}
