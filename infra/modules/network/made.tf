# Private subnets in a VPC that exists and has none that serve: made in its free address space, with a
# way out of their own. Nothing that was there before is changed.

locals {
  mark  = "${var.prefix}-made"
  zones = keys(local.public_by_zone)
  # Once they are made they stay, even if other private subnets come into being.
  ours        = [for id, subnet in data.aws_subnet.existing : id if lookup(subnet.tags, "Stack", "") == local.mark]
  are_needed  = !local.from_scratch && var.private && (length(local.existing_private) < 2 || length(local.ours) > 0)
  vpc_range   = local.are_needed ? data.aws_vpc.existing[0].cidr_block : "10.0.0.0/16"
  vpc_length  = tonumber(split("/", local.vpc_range)[1])
  made_length = min(28, max(24, local.vpc_length + 4))
  taken = [
    for id, subnet in data.aws_subnet.existing : { address = split("/", subnet.cidr_block)[0], length = tonumber(split("/", subnet.cidr_block)[1]) }
    if local.are_needed && !contains(local.ours, id)
  ]

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
  made_zones = local.are_needed && length(local.free) >= 2 * length(local.zones) ? local.zones : []
  made_nat   = var.egress == "nat" ? local.made_zones : []
}

resource "aws_subnet" "made_private" {
  count             = length(local.made_zones)
  vpc_id            = var.vpc_id
  availability_zone = local.made_zones[count.index]
  cidr_block        = local.free[count.index]
  tags              = { Name = "${var.prefix}-private-${local.made_zones[count.index]}", Tier = "private", Stack = local.mark }
}

resource "aws_subnet" "made_database" {
  count             = length(local.made_zones)
  vpc_id            = var.vpc_id
  availability_zone = local.made_zones[count.index]
  cidr_block        = local.free[length(local.made_zones) + count.index]
  tags              = { Name = "${var.prefix}-database-${local.made_zones[count.index]}", Tier = "database", Stack = local.mark }
}

resource "aws_route_table" "made_private" {
  count  = length(local.made_zones)
  vpc_id = var.vpc_id
  tags   = { Name = "${var.prefix}-private-${local.made_zones[count.index]}" }
}

resource "aws_route_table_association" "made_private" {
  count          = length(local.made_zones)
  subnet_id      = aws_subnet.made_private[count.index].id
  route_table_id = aws_route_table.made_private[count.index].id
}

# With no route but the VPC's own: the main table may lead to the internet.
resource "aws_route_table" "made_database" {
  count  = min(1, length(local.made_zones))
  vpc_id = var.vpc_id
  tags   = { Name = "${var.prefix}-database" }
}

resource "aws_route_table_association" "made_database" {
  count          = length(local.made_zones)
  subnet_id      = aws_subnet.made_database[count.index].id
  route_table_id = aws_route_table.made_database[0].id
}

resource "aws_eip" "made_nat" {
  count  = length(local.made_nat)
  domain = "vpc"
  tags   = { Name = "${var.prefix}-nat-${local.made_nat[count.index]}" }
}

resource "aws_nat_gateway" "made" {
  count         = length(local.made_nat)
  allocation_id = aws_eip.made_nat[count.index].id
  subnet_id     = local.existing_public[count.index]
  tags          = { Name = "${var.prefix}-${local.made_nat[count.index]}" }
}

resource "aws_route" "made_nat" {
  count                  = length(local.made_nat)
  route_table_id         = aws_route_table.made_private[count.index].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.made[count.index].id
}
