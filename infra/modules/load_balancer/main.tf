resource "aws_lb" "this" {
  #checkov:skip=CKV2_AWS_28:modules/firewall protects it, in production
  name                       = var.prefix
  load_balancer_type         = "application"
  internal                   = false
  subnets                    = var.subnet_ids
  security_groups            = [var.security_group_id]
  idle_timeout               = 60
  drop_invalid_header_fields = true
  enable_deletion_protection = var.deletion_protection
  tags                       = var.tags

  dynamic "access_logs" {
    for_each = var.access_logs ? [true] : []

    content {
      bucket  = aws_s3_bucket.logs[0].id
      enabled = true
    }
  }

  # The load balancer tries whether it may write there.
  depends_on = [aws_s3_bucket_policy.logs]
}

resource "aws_lb_target_group" "app" {
  #checkov:skip=CKV_AWS_378:TLS ends at the load balancer; the way to the tasks is within the VPC
  # The new group is there before the old one goes, so their names differ: in all that AWS does not let
  # change in a group. One that has a former name keeps it until then.
  name                 = "${var.prefix}-${substr(sha256("${var.vpc_id}/${var.container_port}"), 0, 7)}"
  vpc_id               = var.vpc_id
  target_type          = "ip"
  protocol             = "HTTP"
  port                 = var.container_port
  deregistration_delay = 30
  tags                 = var.tags

  health_check {
    path                = var.health_check_path
    protocol            = "HTTP"
    port                = "traffic-port"
    matcher             = "200"
    interval            = 15
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }

  lifecycle {
    create_before_destroy = true
    ignore_changes        = [name]
  }
}

resource "aws_lb_listener" "http" {
  #checkov:skip=CKV_AWS_2:it redirects to HTTPS where there is a certificate
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"
  tags              = var.tags

  default_action {
    type             = var.has_certificate ? "redirect" : "forward"
    target_group_arn = var.has_certificate ? null : aws_lb_target_group.app.arn

    dynamic "redirect" {
      for_each = var.has_certificate ? [true] : []

      content {
        port        = "443"
        protocol    = "HTTPS"
        status_code = "HTTP_301"
      }
    }
  }
}

resource "aws_lb_listener" "https" {
  count             = var.has_certificate ? 1 : 0
  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  # Left out, the API gives a weak one of 2016.
  ssl_policy      = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
  certificate_arn = var.certificate_arn
  tags            = var.tags

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.app.arn
  }
}
