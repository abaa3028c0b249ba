"""Addresses of the loopback that stand for other ports."""

from __future__ import annotations

from ipaddress import IPv4Address

from drydock.region.dataplane.network.redirecting import ruleset


def test_each_place_has_its_rule_and_what_was_there_is_replaced() -> None:
    text = ruleset({(IPv4Address("127.255.0.1"), 80): 40001})
    assert "ip daddr 127.255.0.1 tcp dport 80 redirect to :40001" in text
    assert text.index("delete table") < text.index("chain out")
