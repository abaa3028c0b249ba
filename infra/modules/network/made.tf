# Private subnets in a VPC that exists and has none that serve: made in its free address space, with a
# way out of their own. Nothing that was there before is changed.

locals {
  mark = "${var.prefix}-made"
  # Once they are made they stay, even if other private subnets come into being.
  ours       = [for id, subnet in data.aws_subnet.existing : id if lookup(subnet.tags, "Stack", "") == local.mark]
  are_needed = !local.from_scratch && !local.are_given && var.private && (length(local.existing_private) < 2 || length(local.ours) > 0)
  # Key => zone, as in scratch.tf.
  wanted_zones = { for name in keys(local.public_by_zone) : trimprefix(name, data.aws_region.current.id) => name }
  vpc_range    = local.are_needed ? data.aws_vpc.existing[0].cidr_block : "10.0.0.0/16"
  vpc_length   = tonumber(split("/", local.vpc_range)[1])
  made_length  = min(28, max(24, local.vpc_length + 4))
  taken = [
    for id, subnet in data.aws_subnet.existing : { address = split("/", subnet.cidr_block)[0], length = tonumber(split("/", subnet.cidr_block)[1]) }
    if local.are_needed
  ]

  # What was made keeps its range, whatever zones come or go.
  kept = {
    for id in local.ours : "${lookup(data.aws_subnet.existing[id].tags, "Tier", "")}-${trimprefix(data.aws_subnet.existing[id].availability_zone, data.aws_region.current.id)}" =>
    data.aws_subnet.existing[id].cidr_block
  }
  # Two ranges overlap if they are the same as far as the wider one goes. From the end of the VPC's
  # range, since people count from its start.
  candidates = [
    for number in range(local.are_needed ? pow(2, local.made_length - local.vpc_length) : 0) :
    cidrsubnet(local.vpc_range, local.made_length - local.vpc_length, pow(2, local.made_length - local.vpc_length) - 1 - number)
  ]
  free = [
    for candidate in local.candidates : candidate
    if !anytrue([
      for one in local.taken :
      cidrhost("${split("/", candidate)[0]}/${min(local.made_length, one.length)}", 0) == cidrhost("${one.address}/${min(local.made_length, one.length)}", 0)
    ])
  ]
  # A private and a database subnet per zone; none where there is no room, which an output refuses.
  wanted_ranges = [for pair in setproduct(["private", "database"], keys(local.wanted_zones)) : "${pair[0]}-${pair[1]}" if local.are_needed]
  new_ranges    = [for name in local.wanted_ranges : name if !contains(keys(local.kept), name)]
  has_room      = length(local.free) >= length(local.new_ranges)
  range_of      = merge({ for number, name in local.new_ranges : name => local.free[number] if local.has_room }, local.kept)
  made_zones    = local.are_needed && local.has_room ? local.wanted_zones : {}
  made_nat      = var.egress == "nat" ? local.made_zones : {}
}

resource "aws_subnet" "made_private" {
  for_each          = local.made_zones
  vpc_id            = var.vpc_id
  availability_zone = each.value
  cidr_block        = local.range_of["private-${each.key}"]
  tags              = merge(var.tags, { Name = "${var.prefix}-private-${each.value}", Tier = "private", Stack = local.mark })
}

resource "aws_subnet" "made_database" {
  for_each          = local.made_zones
  vpc_id            = var.vpc_id
  availability_zone = each.value
  cidr_block        = local.range_of["database-${each.key}"]
  tags              = merge(var.tags, { Name = "${var.prefix}-database-${each.value}", Tier = "database", Stack = local.mark })
}

resource "aws_route_table" "made_private" {
  for_each = local.made_zones
  vpc_id   = var.vpc_id
  tags     = merge(var.tags, { Name = "${var.prefix}-private-${each.value}" })
}

resource "aws_route_table_association" "made_private" {
  for_each       = local.made_zones
  subnet_id      = aws_subnet.made_private[each.key].id
  route_table_id = aws_route_table.made_private[each.key].id
}

# With no route but the VPC's own: the main table may lead to the internet.
resource "aws_route_table" "made_database" {
  count  = min(1, length(local.made_zones))
  vpc_id = var.vpc_id
  tags   = merge(var.tags, { Name = "${var.prefix}-database" })
}

resource "aws_route_table_association" "made_database" {
  for_each       = local.made_zones
  subnet_id      = aws_subnet.made_database[each.key].id
  route_table_id = aws_route_table.made_database[0].id
}

resource "aws_eip" "made_nat" {
  for_each = local.made_nat
  domain   = "vpc"
  tags     = merge(var.tags, { Name = "${var.prefix}-nat-${each.value}" })
}

resource "aws_nat_gateway" "made" {
  for_each      = local.made_nat
  allocation_id = aws_eip.made_nat[each.key].id
  subnet_id     = sort(local.public_by_zone[each.value])[0]
  tags          = merge(var.tags, { Name = "${var.prefix}-${each.value}" })
}

resource "aws_route" "made_nat" {
  for_each               = local.made_nat
  route_table_id         = aws_route_table.made_private[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.made[each.key].id
}
