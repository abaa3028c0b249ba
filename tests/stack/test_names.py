"""Route 53's resources of Terraform's AWS provider: what it writes it reads back, and the names answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from drydock.aws.target import Target
from drydock.region.host import launcher
from drydock.stack import Stack
from drydock.stack.finder import Terraform
from tests.support import region as support
from tests.support.dns import Client
from tests.support.minutes import takes_minutes
from tests.support.region import TestRegion

pytestmark = [pytest.mark.terraform, pytest.mark.region, takes_minutes]

NAMES = r"""
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
resource "aws_vpc" "these" {
  count                = 2
  cidr_block           = "10.${count.index}.0.0/16"
  enable_dns_hostnames = true
}
resource "aws_route53_zone" "main" {
  name    = "example.test"
  comment = "ours"
  tags    = { Environment = "test", Odd = "a b/c" }
}
resource "aws_route53_zone" "private" {
  name = "in.example.test"
  vpc { vpc_id = aws_vpc.these[0].id }
  lifecycle { ignore_changes = [vpc] }
}
resource "aws_route53_zone_association" "second" {
  zone_id = aws_route53_zone.private.zone_id
  vpc_id  = aws_vpc.these[1].id
}
resource "aws_route53_record" "plain" {
  for_each = {
    A    = ["192.0.2.1", "192.0.2.2"]
    AAAA = ["2001:db8::1"]
    TXT  = ["v=spf1 -all", "${join("", [for n in range(20) : "0123456789"])}\"\"rest"]
    MX   = ["10 mail.example.test"]
    SRV  = ["1 2 5269 xmpp.example.test"]
    CAA  = ["0 issue \"amazon.com\""]
  }
  zone_id = aws_route53_zone.main.zone_id
  name    = "Plain"
  type    = each.key
  ttl     = 300
  records = each.value
}
resource "aws_route53_record" "wild" {
  zone_id = aws_route53_zone.main.zone_id
  name    = "*.wild"
  type    = "CNAME"
  ttl     = 60
  records = ["plain.example.test"]
}
resource "aws_route53_health_check" "http" {
  fqdn              = "plain.example.test"
  port              = 80
  type              = "HTTP"
  resource_path     = "/healthcheck"
  failure_threshold = 5
  request_interval  = 30
  tags              = { Name = "http" }
}
resource "aws_route53_health_check" "https" {
  fqdn               = "plain.example.test"
  port               = 443
  type               = "HTTPS_STR_MATCH"
  search_string      = "ok"
  failure_threshold  = 3
  request_interval   = 10
  measure_latency    = true
  invert_healthcheck = true
  disabled           = true
  regions            = ["us-east-1", "us-west-1", "eu-west-1"]
}
resource "aws_route53_health_check" "parent" {
  type                   = "CALCULATED"
  child_health_threshold = 1
  child_healthchecks     = [aws_route53_health_check.http.id]
}
resource "aws_route53_record" "weighted" {
  count           = 2
  zone_id         = aws_route53_zone.main.zone_id
  name            = "weighted"
  type            = "A"
  ttl             = 10
  records         = ["192.0.2.${count.index}"]
  set_identifier  = "w${count.index}"
  health_check_id = count.index == 0 ? aws_route53_health_check.http.id : null
  weighted_routing_policy { weight = count.index * 10 }
}
output "name_servers" { value = aws_route53_zone.main.name_servers }
"""


@pytest.fixture
def own_region(tmp_path: Path) -> Iterator[TestRegion]:
    if reason := support.why_not():
        pytest.skip(f"no region on this machine: {reason}")
    workspace = support.prepare(tmp_path)
    yield TestRegion(workspace, support.start(workspace))
    launcher.stop(workspace)


def test_a_second_plan_is_empty_and_the_names_answer(
    own_region: TestRegion,
    terraform: Terraform,
    aws_provider: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # the provider itself waits 15 seconds and more for each change, so let it wait for all at once
    monkeypatch.setenv("TF_CLI_ARGS_apply", "-parallelism=30")
    folder = tmp_path / "stack"
    folder.mkdir()
    (folder / "main.tf").write_text(NAMES)
    record = own_region.record
    target = Target.local(record.endpoint, region=record.region, region_id=record.id)
    said: list[str] = []
    made = Stack(folder, target, own_region.workspace, terraform=terraform, on_line=said.append)
    made.init()
    made.plan()
    made.apply()
    assert made.plan().no_changes, "\n".join(said)
    dns = Client(record.dns)
    assert sorted(dns.ask("x.wild.example.test").values()) == ["192.0.2.1", "192.0.2.2"]
    assert dns.ask("weighted.example.test").values() == ["192.0.2.1"]
    servers = [one.rstrip(".") for one in dns.ask("example.test", "NS").values("NS")]
    assert sorted(servers) == sorted(made.output()["name_servers"])
