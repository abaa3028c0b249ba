# Who spoke to whom in the VPC, and who was refused.

resource "aws_cloudwatch_log_group" "flows" {
  count             = var.flow_logs ? 1 : 0
  name              = "/vpc/${var.prefix}"
  retention_in_days = var.retention_in_days
  kms_key_id        = var.logs_key_arn
  tags              = var.tags
}

resource "aws_iam_role" "flows" {
  count = var.flow_logs ? 1 : 0
  # Roles are one to an account, not to a region. One that has a former name keeps it.
  name        = "${var.prefix}-${data.aws_region.current.id}-flow-logs"
  description = "The VPC of ${var.prefix} writes its flow logs with this role"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "vpc-flow-logs.amazonaws.com" }
    }]
  })
  tags = var.tags

  lifecycle {
    ignore_changes = [name]
  }
}

resource "aws_iam_role_policy" "flows" {
  count = var.flow_logs ? 1 : 0
  name  = "write"
  role  = aws_iam_role.flows[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
      Resource = "${aws_cloudwatch_log_group.flows[0].arn}:*"
    }]
  })
}

resource "aws_flow_log" "this" {
  count           = var.flow_logs ? 1 : 0
  vpc_id          = local.vpc_id
  traffic_type    = "ALL"
  iam_role_arn    = aws_iam_role.flows[0].arn
  log_destination = aws_cloudwatch_log_group.flows[0].arn
  tags            = merge(var.tags, { Name = var.prefix })
}
