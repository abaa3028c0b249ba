"""What Terraform writes on listeners, rules, certificates and target groups reads back the same.

The load balancer itself is made before: the provider waits half a minute for one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from drydock.aws.target import Target
from drydock.paths import Workspace
from drydock.stack import Stack
from tests.support.minutes import takes_minutes
from tests.support.served import REGION, Served, serving
from tests.support.tls import self_signed

pytestmark = pytest.mark.terraform

STACK = """
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100"
    }
  }
}
provider "aws" {
  region = "%(region)s"
}
locals {
  changed = %(changed)s
}
resource "aws_lb_target_group" "web" {
  count                             = 3
  name                              = "web-${count.index}"
  port                              = 3000 + count.index
  protocol                          = "HTTP"
  vpc_id                            = "%(vpc)s"
  target_type                       = "ip"
  deregistration_delay              = 30
  slow_start                        = count.index == 0 && !local.changed ? 60 : 0
  load_balancing_algorithm_type     = count.index == 1 ? "weighted_random" : "round_robin"
  load_balancing_anomaly_mitigation = count.index == 1 ? "on" : "off"
  load_balancing_cross_zone_enabled = "true"
  dynamic "stickiness" {
    for_each = count.index == 2 ? [true] : []
    content {
      type            = "app_cookie"
      cookie_name     = "session"
      cookie_duration = 120
    }
  }
  target_group_health {
    dns_failover {
      minimum_healthy_targets_count      = "2"
      minimum_healthy_targets_percentage = "off"
    }
    unhealthy_state_routing {
      minimum_healthy_targets_count      = 1
      minimum_healthy_targets_percentage = "50"
    }
  }
  health_check {
    path                = "/healthcheck"
    matcher             = local.changed ? "200" : "200-299"
    interval            = 10
    timeout             = 3
    healthy_threshold   = 3
    unhealthy_threshold = 4
    port                = "8080"
  }
}
resource "aws_lb_target_group" "grpc" {
  name             = "grpc"
  port             = 50051
  protocol         = "HTTP"
  protocol_version = "GRPC"
  vpc_id           = "%(vpc)s"
  target_type      = "ip"
  health_check {
    matcher = "0-12"
  }
}
resource "aws_lb_target_group_attachment" "outside" {
  target_group_arn  = aws_lb_target_group.web[0].arn
  target_id         = "10.9.9.9"
  availability_zone = "all"
}
resource "aws_lb_listener" "http" {
  load_balancer_arn                                  = "%(balancer)s"
  port                                               = 80
  protocol                                           = "HTTP"
  routing_http_response_server_enabled               = local.changed
  routing_http_response_x_frame_options_header_value = "DENY"
  default_action {
    type = "redirect"
    redirect {
      port        = "443"
      protocol    = "HTTPS"
      status_code = "HTTP_301"
    }
  }
}
resource "aws_lb_listener" "https" {
  load_balancer_arn                                            = "%(balancer)s"
  port                                                         = 443
  protocol                                                     = "HTTPS"
  ssl_policy                                                   = local.changed ? "ELBSecurityPolicy-TLS13-1-3-2021-06" : null
  certificate_arn                                              = "%(first)s"
  routing_http_response_strict_transport_security_header_value = "max-age=31536000"
  routing_http_request_x_amzn_tls_version_header_name          = "X-My-Tls"
  mutual_authentication {
    mode = "off"
  }
  default_action {
    type = "forward"
    forward {
      target_group {
        arn    = aws_lb_target_group.web[0].arn
        weight = 10
      }
      target_group {
        arn    = aws_lb_target_group.web[1].arn
        weight = local.changed ? 70 : 90
      }
      stickiness {
        enabled  = true
        duration = 60
      }
    }
  }
}
resource "aws_lb_listener" "grpc" {
  load_balancer_arn = "%(balancer)s"
  port              = 8443
  protocol          = "HTTPS"
  certificate_arn   = local.changed ? "%(second)s" : "%(first)s"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.grpc.arn
  }
}
resource "aws_lb_listener_certificate" "other" {
  listener_arn    = aws_lb_listener.https.arn
  certificate_arn = "%(second)s"
}
resource "aws_lb_listener_rule" "forward" {
  listener_arn = aws_lb_listener.https.arn
  priority     = local.changed ? 11 : 10
  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.web[2].arn
  }
  condition {
    host_header {
      values = ["*.example.test", "a.test"]
    }
  }
  condition {
    path_pattern {
      values = [local.changed ? "/i/*" : "/img/*"]
    }
  }
  condition {
    http_header {
      http_header_name = "X-A"
      values           = ["b"]
    }
  }
  condition {
    source_ip {
      values = ["10.0.0.0/8"]
    }
  }
}
resource "aws_lb_listener_rule" "redirect" {
  listener_arn = aws_lb_listener.http.arn
  action {
    type = "redirect"
    redirect {
      host        = "www.#{host}"
      path        = "/x/#{path}"
      status_code = "HTTP_302"
    }
  }
  condition {
    query_string {
      key   = "k"
      value = "v"
    }
    query_string {
      value = "w"
    }
  }
  condition {
    http_request_method {
      values = ["GET", "HEAD"]
    }
  }
}
resource "aws_lb_listener_rule" "fixed" {
  listener_arn = aws_lb_listener.http.arn
  priority     = 7
  action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
      message_body = local.changed ? "bye" : "hello"
      status_code  = "503"
    }
  }
  condition {
    path_pattern {
      values = ["/down"]
    }
  }
}
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path / "region.log") as one:
        yield one


def _certificate(served: Served, name: str) -> str:
    made = self_signed(name)
    answer = served.client("acm").import_certificate(
        Certificate=made.certificate, PrivateKey=made.key
    )
    return str(answer["CertificateArn"])


@takes_minutes
def test_a_second_plan_of_the_front_door_is_empty(
    served: Served, aws_provider: None, tmp_path: Path
) -> None:
    elb = served.client("elbv2")
    balancer = elb.create_load_balancer(Name="web", Subnets=served.subnets)["LoadBalancers"][0]
    facts = {
        "region": REGION,
        "vpc": served.vpc,
        "balancer": balancer["LoadBalancerArn"],
        "first": _certificate(served, "a.test"),
        "second": _certificate(served, "b.test"),
    }
    folder = tmp_path / "stack"
    folder.mkdir()
    target = Target.local(served.url, region_id="front-door")

    def write(*, changed: bool) -> None:
        text = STACK % {**facts, "changed": str(changed).lower()}
        (folder / "main.tf").write_text(text)

    write(changed=False)
    stack = Stack(folder, target, Workspace(tmp_path / "work"), on_line=lambda _: None)
    stack.init()
    assert len(stack.plan().added) == 12
    stack.apply()
    assert stack.plan().no_changes
    write(changed=True)
    planned = stack.plan()
    assert len(planned.changed) == 8
    assert not planned.replaced
    stack.apply()
    assert stack.plan().no_changes
    stack.destroy()
    assert elb.describe_listeners(LoadBalancerArn=facts["balancer"])["Listeners"] == []
    assert elb.describe_target_groups()["TargetGroups"] == []
