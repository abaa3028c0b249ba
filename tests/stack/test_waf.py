"""What Terraform writes on aws_wafv2_* reads back the same. The load balancer itself is made before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from drydock.aws.target import Target
from drydock.paths import Workspace
from drydock.stack import Stack
from tests.support.minutes import takes_minutes
from tests.support.served import REGION, Served, serving

pytestmark = [pytest.mark.terraform, takes_minutes]

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
resource "aws_wafv2_ip_set" "v4" {
  name               = "four"
  description        = "some addresses"
  scope              = "REGIONAL"
  ip_address_version = "IPV4"
  addresses          = local.changed ? [] : ["192.0.2.0/24", "198.51.100.7/32"]
  tags               = { Name = "four" }
}
resource "aws_wafv2_ip_set" "v6" {
  name               = "six"
  scope              = "REGIONAL"
  ip_address_version = "IPV6"
  addresses          = ["2001:db8::/32", "2001:0db8:0000:0000:0000:0000:0000:0001/128"]
}
resource "aws_wafv2_regex_pattern_set" "this" {
  name        = "patterns"
  description = "some patterns"
  scope       = "REGIONAL"
  regular_expression {
    regex_string = local.changed ? "^/gone" : "^/old/[0-9]+$"
  }
  regular_expression {
    regex_string = "\\\\.php$"
  }
}
resource "aws_wafv2_rule_group" "this" {
  name        = "group"
  description = "rules that are shared"
  scope       = "REGIONAL"
  capacity    = 300
  custom_response_body {
    key          = "no"
    content      = "<p>no</p>"
    content_type = "TEXT_HTML"
  }
  rule {
    name     = "patterns"
    priority = 5
    action {
      block {
        custom_response {
          response_code            = 410
          custom_response_body_key = "no"
          response_header {
            name  = "x-why"
            value = "gone"
          }
        }
      }
    }
    rule_label {
      name = "ns:old"
    }
    statement {
      regex_pattern_set_reference_statement {
        arn = aws_wafv2_regex_pattern_set.this.arn
        field_to_match {
          uri_path {}
        }
        text_transformation {
          priority = 0
          type     = "URL_DECODE"
        }
        text_transformation {
          priority = 1
          type     = "LOWERCASE"
        }
      }
    }
    visibility_config {
      cloudwatch_metrics_enabled = false
      metric_name                = "patterns"
      sampled_requests_enabled   = false
    }
  }
  dynamic "rule" {
    for_each = {
      query   = 10
      headers = 11
    }
    content {
      name     = rule.key
      priority = rule.value
      action {
        count {}
      }
      statement {
        or_statement {
          statement {
            size_constraint_statement {
              comparison_operator = "GT"
              size                = 1000
              field_to_match {
                body {
                  oversize_handling = "MATCH"
                }
              }
              text_transformation {
                priority = 0
                type     = "NONE"
              }
            }
          }
          statement {
            byte_match_statement {
              positional_constraint = "CONTAINS"
              search_string         = rule.key
              field_to_match {
                headers {
                  match_scope       = "VALUE"
                  oversize_handling = "CONTINUE"
                  match_pattern {
                    included_headers = ["x-one", "x-two"]
                  }
                }
              }
              text_transformation {
                priority = 0
                type     = "COMPRESS_WHITE_SPACE"
              }
            }
          }
        }
      }
      visibility_config {
        cloudwatch_metrics_enabled = true
        metric_name                = rule.key
        sampled_requests_enabled   = true
      }
    }
  }
  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "group"
    sampled_requests_enabled   = true
  }
}
resource "aws_wafv2_web_acl" "this" {
  name          = "acl"
  description   = local.changed ? "of the other site" : "of the site"
  scope         = "REGIONAL"
  token_domains = ["example.test"]
  default_action {
    allow {
      custom_request_handling {
        insert_header {
          name  = "judged"
          value = "yes"
        }
      }
    }
  }
  association_config {
    request_body {
      api_gateway {
        default_size_inspection_limit = "KB_32"
      }
    }
  }
  captcha_config {
    immunity_time_property {
      immunity_time = 120
    }
  }
  custom_response_body {
    key          = "slow"
    content      = jsonencode({ slow = "down" })
    content_type = "APPLICATION_JSON"
  }
  rule {
    name     = "addresses"
    priority = 1
    action {
      block {}
    }
    statement {
      or_statement {
        statement {
          ip_set_reference_statement {
            arn = aws_wafv2_ip_set.v4.arn
            ip_set_forwarded_ip_config {
              header_name       = "X-Forwarded-For"
              fallback_behavior = "NO_MATCH"
              position          = "ANY"
            }
          }
        }
        statement {
          ip_set_reference_statement {
            arn = aws_wafv2_ip_set.v6.arn
          }
        }
      }
    }
    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "addresses"
      sampled_requests_enabled   = true
    }
  }
  rule {
    name     = "rate"
    priority = 2
    action {
      block {
        custom_response {
          response_code            = 429
          custom_response_body_key = "slow"
        }
      }
    }
    statement {
      rate_based_statement {
        limit                 = local.changed ? 200 : 100
        evaluation_window_sec = 60
        aggregate_key_type    = "FORWARDED_IP"
        forwarded_ip_config {
          header_name       = "X-Real-IP"
          fallback_behavior = "MATCH"
        }
        scope_down_statement {
          and_statement {
            statement {
              not_statement {
                statement {
                  byte_match_statement {
                    positional_constraint = "EXACTLY"
                    search_string         = "GET"
                    field_to_match {
                      method {}
                    }
                    text_transformation {
                      priority = 0
                      type     = "NONE"
                    }
                  }
                }
              }
            }
            statement {
              regex_match_statement {
                regex_string = "^/api/"
                field_to_match {
                  uri_path {}
                }
                text_transformation {
                  priority = 0
                  type     = "NONE"
                }
              }
            }
          }
        }
      }
    }
    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "rate"
      sampled_requests_enabled   = true
    }
  }
  rule {
    name     = "group"
    priority = 3
    override_action {
      none {}
    }
    statement {
      rule_group_reference_statement {
        arn = aws_wafv2_rule_group.this.arn
        rule_action_override {
          name = "headers"
          action_to_use {
            block {}
          }
        }
      }
    }
    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "group"
      sampled_requests_enabled   = true
    }
  }
  rule {
    name     = "labels"
    priority = 4
    action {
      allow {}
    }
    statement {
      label_match_statement {
        scope = "LABEL"
        key   = "ns:old"
      }
    }
    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "labels"
      sampled_requests_enabled   = true
    }
  }
  dynamic "rule" {
    for_each = ["AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesAnonymousIpList"]
    content {
      name     = rule.value
      priority = 10 + rule.key
      override_action {
        count {}
      }
      statement {
        managed_rule_group_statement {
          name        = rule.value
          vendor_name = "AWS"
          rule_action_override {
            name = "Some"
            action_to_use {
              challenge {}
            }
          }
          scope_down_statement {
            geo_match_statement {
              country_codes = ["AQ"]
            }
          }
        }
      }
      visibility_config {
        cloudwatch_metrics_enabled = true
        metric_name                = rule.value
        sampled_requests_enabled   = true
      }
    }
  }
  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = "acl"
    sampled_requests_enabled   = true
  }
  tags = { Name = local.changed ? "other" : "one" }
}
resource "aws_wafv2_web_acl_association" "this" {
  resource_arn = "%(balancer)s"
  web_acl_arn  = aws_wafv2_web_acl.this.arn
}
resource "aws_cloudwatch_log_group" "this" {
  name = "aws-waf-logs-acl"
}
resource "aws_wafv2_web_acl_logging_configuration" "this" {
  resource_arn            = aws_wafv2_web_acl.this.arn
  log_destination_configs = [aws_cloudwatch_log_group.this.arn]
  redacted_fields {
    single_header {
      name = "authorization"
    }
  }
  logging_filter {
    default_behavior = local.changed ? "DROP" : "KEEP"
    filter {
      behavior    = "DROP"
      requirement = "MEETS_ANY"
      condition {
        action_condition {
          action = "COUNT"
        }
      }
    }
  }
}
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path / "region.log") as one:
        yield one


def test_a_second_plan_of_a_web_acl_holds_what_was_changed_alone(
    served: Served, aws_provider: None, tmp_path: Path
) -> None:
    elb = served.client("elbv2")
    balancer = elb.create_load_balancer(Name="web", Subnets=served.subnets)["LoadBalancers"][0]
    facts = {"region": REGION, "balancer": balancer["LoadBalancerArn"]}
    folder = tmp_path / "stack"
    folder.mkdir()

    def write(*, changed: bool) -> None:
        text = STACK % {**facts, "changed": str(changed).lower()}
        (folder / "main.tf").write_text(text)

    write(changed=False)
    target = Target.local(served.url, region_id="waf")
    stack = Stack(folder, target, Workspace(tmp_path / "work"), on_line=lambda _: None)
    stack.init()
    assert len(stack.plan().added) == 8
    stack.apply()
    # one plan less, as the provider takes long over this schema: what did not read back would be in it
    write(changed=True)
    planned = stack.plan()
    assert len(planned.changed) == 4
    assert not planned.replaced
