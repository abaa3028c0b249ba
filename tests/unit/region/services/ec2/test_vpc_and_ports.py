"""Pure parts of two controllers: which interfaces come and go, which host ports may stand for one."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

from drydock.region.dataplane.network.router import EniSpec
from drydock.region.services.ec2.controller.vpc import NetworkPlan, plan
from drydock.region.services.elbv2.controller.hostports import candidates

ENI = EniSpec(
    "eni-1", "vpc-1", IPv4Network("10.0.0.0/24"), IPv4Address("10.0.0.4"), "02:00:00:00:00:01"
)
OTHER = replace(ENI, eni_id="eni-2", address=IPv4Address("10.0.0.5"))


def test_what_is_as_it_should_be_is_left_alone() -> None:
    assert plan({"eni-1": ENI}, {"eni-1": ENI}) == NetworkPlan()


def test_interfaces_come_and_go() -> None:
    assert plan({"eni-2": OTHER}, {"eni-1": ENI}) == NetworkPlan(("eni-1",), (OTHER,))


def test_an_interface_with_another_address_is_made_anew() -> None:
    moved = replace(ENI, address=IPv4Address("10.0.0.9"))
    assert plan({"eni-1": moved}, {"eni-1": ENI}) == NetworkPlan(("eni-1",), (moved,))


def test_a_listener_on_80_gets_80_or_8080() -> None:
    assert candidates(80, None)[:3] == [80, 8080, 8081]
    assert candidates(443, None)[:3] == [443, 8443, 8444]
    assert candidates(80, 8085)[:2] == [8085, 80]
    assert candidates(3000, None)[:2] == [3000, 3001]
    assert candidates(65535, None) == [65535, 0]
