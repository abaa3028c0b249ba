# A chain: internet -> load balancer -> tasks -> database. Each group names the one before it, never a
# range of addresses. A group without a rule for a direction lets nothing through that way.

resource "aws_security_group" "load_balancer" {
  #checkov:skip=CKV2_AWS_5:another module gives it to the load balancer
  name        = "${var.prefix}-load-balancer"
  description = "Load balancer: in from anywhere, out to the tasks"
  vpc_id      = var.vpc_id
  tags        = merge(var.tags, { Name = "${var.prefix}-load-balancer" })
}

resource "aws_security_group" "task" {
  #checkov:skip=CKV2_AWS_5:another module gives it to the service
  name        = "${var.prefix}-task"
  description = "Tasks: in from the load balancer, out everywhere"
  vpc_id      = var.vpc_id
  tags        = merge(var.tags, { Name = "${var.prefix}-task" })
}

resource "aws_security_group" "database" {
  #checkov:skip=CKV2_AWS_5:another module gives it to the database
  name        = "${var.prefix}-database"
  description = "Database: in from the tasks, nothing out"
  vpc_id      = var.vpc_id
  tags        = merge(var.tags, { Name = "${var.prefix}-database" })
}

resource "aws_vpc_security_group_ingress_rule" "load_balancer" {
  #checkov:skip=CKV_AWS_260:port 80 redirects to 443, or serves where there is no certificate
  for_each          = { http = 80, https = 443 }
  security_group_id = aws_security_group.load_balancer.id
  description       = "${upper(each.key)} from anywhere"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
  tags              = var.tags
}

resource "aws_vpc_security_group_egress_rule" "load_balancer_to_task" {
  security_group_id            = aws_security_group.load_balancer.id
  description                  = "To the tasks"
  referenced_security_group_id = aws_security_group.task.id
  ip_protocol                  = "tcp"
  from_port                    = var.container_port
  to_port                      = var.container_port
  tags                         = var.tags
}

resource "aws_vpc_security_group_ingress_rule" "task_from_load_balancer" {
  security_group_id            = aws_security_group.task.id
  description                  = "From the load balancer"
  referenced_security_group_id = aws_security_group.load_balancer.id
  ip_protocol                  = "tcp"
  from_port                    = var.container_port
  to_port                      = var.container_port
  tags                         = var.tags
}

resource "aws_vpc_security_group_egress_rule" "task_to_anywhere" {
  security_group_id = aws_security_group.task.id
  description       = "To the image, the secrets, the logs and the database"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
  tags              = var.tags
}

resource "aws_vpc_security_group_ingress_rule" "database_from_task" {
  security_group_id            = aws_security_group.database.id
  description                  = "PostgreSQL from the tasks"
  referenced_security_group_id = aws_security_group.task.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  tags                         = var.tags
}
