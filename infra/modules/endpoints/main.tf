# The ways out of private subnets that have no way to the internet: to the image (ECR, whose layers are
# in S3), to the secrets and to the logs.

data "aws_region" "current" {}

locals {
  interfaces = toset(var.enabled ? concat(
    ["ecr.api", "ecr.dkr", "logs", "secretsmanager"],
    var.execute_command ? ["ssmmessages"] : [],
  ) : [])
  service_prefix = "com.amazonaws.${data.aws_region.current.id}"
}

resource "aws_security_group" "endpoints" {
  count       = var.enabled ? 1 : 0
  name        = "${var.prefix}-endpoints"
  description = "VPC endpoints: HTTPS from the VPC, nothing out"
  vpc_id      = var.vpc_id
  tags        = merge(var.tags, { Name = "${var.prefix}-endpoints" })
}

# Of the whole VPC: with private DNS, the names of AWS lead everybody in it here.
resource "aws_vpc_security_group_ingress_rule" "https" {
  count             = var.enabled ? 1 : 0
  security_group_id = aws_security_group.endpoints[0].id
  description       = "HTTPS from the VPC"
  cidr_ipv4         = var.vpc_cidr
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  tags              = var.tags
}

resource "aws_vpc_endpoint" "interface" {
  for_each            = local.interfaces
  vpc_id              = var.vpc_id
  service_name        = "${local.service_prefix}.${each.value}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = var.subnet_ids
  security_group_ids  = [aws_security_group.endpoints[0].id]
  tags                = merge(var.tags, { Name = "${var.prefix}-${each.value}" })
}

resource "aws_vpc_endpoint" "s3" {
  count             = var.enabled ? 1 : 0
  vpc_id            = var.vpc_id
  service_name      = "${local.service_prefix}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = var.route_table_ids
  tags              = merge(var.tags, { Name = "${var.prefix}-s3" })
}
