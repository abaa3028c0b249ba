"""Network ACLs decide about real packets: stateless, in order, at a subnet's edge alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.support.packets import ALL, Eni, Entry, Packets
from tests.support.region import TestRegion

pytestmark = pytest.mark.region

TCP, UDP, ICMP = "6", "17", "1"
REPLIES = Entry(200, TCP, (1024, 65535))


@dataclass
class Pair:
    """A client and two servers, the second in the subnet of the first. Groups let everything pass."""

    net: Packets
    client: Eni
    server: Eni
    neighbour: Eni
    near: str
    far: str


@pytest.fixture(scope="module")
def vpc(region: TestRegion) -> Packets:
    return Packets.build(region, "10.53")


@pytest.fixture
def pair(vpc: Packets) -> Iterator[Pair]:
    near, far, group = vpc.subnet("a"), vpc.subnet("b"), vpc.open()
    client, server, neighbour = vpc.eni(near, group), vpc.eni(far, group), vpc.eni(far, group)
    yield Pair(vpc, client, server, neighbour, near, far)
    vpc.clear()


def test_the_default_acl_lets_everything_pass(pair: Pair) -> None:
    found = pair.net.each(*((pair.client, pair.server, 80, one) for one in ("tcp", "udp", "icmp")))
    assert found == [True] * 3


def test_what_no_entry_fits_is_denied_inside_the_subnet_it_is_not(pair: Pair) -> None:
    net = pair.net
    acl = net.acl(pair.far, ingress=[], egress=[])
    net.soon(pair.client, pair.server, passes=False)
    assert net.drops(pair.server, pair.client)
    assert net.passes(pair.neighbour, pair.server)
    net.acl_entry(acl, ALL)
    net.acl_entry(acl, ALL, egress=True)
    net.soon(pair.client, pair.server)


def test_a_reply_needs_an_entry_of_its_own(pair: Pair) -> None:
    net = pair.net
    acl = net.acl(pair.far, ingress=[Entry(100, TCP, (80, 80))], egress=[])
    net.soon(pair.client, pair.server, passes=False)
    net.acl_entry(acl, REPLIES, egress=True)
    net.soon(pair.client, pair.server)
    found = net.each(
        (pair.client, pair.server, 81),
        (pair.client, pair.server, 80, "udp"),
        (pair.client, pair.server, 0, "icmp"),
        (pair.server, pair.client, 80),
    )
    assert found == [False] * 4


def test_the_senders_subnet_judges_too(pair: Pair) -> None:
    net = pair.net
    net.acl(pair.near, ingress=[REPLIES], egress=[Entry(100, TCP, (443, 443))])
    net.soon(pair.client, pair.server, 80, passes=False)
    assert net.passes(pair.client, pair.server, 443)


def test_the_lowest_number_that_fits_decides(pair: Pair) -> None:
    net = pair.net
    own = f"{pair.client.address}/32"
    acl = net.acl(
        pair.far,
        ingress=[
            Entry(300, TCP, (80, 90)),
            Entry(90, TCP, (85, 85), own, allow=False),
            Entry(80, TCP, (80, 82), own),
            Entry(85, TCP, (80, 82), own, allow=False),
        ],
        egress=[ALL],
    )
    net.soon(pair.client, pair.server, 85, passes=False)
    found = net.each(*((pair.client, pair.server, port) for port in (80, 84, 90, 91)))
    assert found == [True, True, True, False]
    net.acl_entry(acl, Entry(10, TCP, (84, 84), allow=False))
    net.soon(pair.client, pair.server, 84, passes=False)
    net.ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=10, Egress=False)
    net.soon(pair.client, pair.server, 84)


def test_entries_are_about_their_networks(pair: Pair) -> None:
    net = pair.net
    other = net.eni(net.subnet("c"), net.open())
    net.acl(pair.far, ingress=[Entry(100, network=f"{other.address}/32")], egress=[ALL])
    net.soon(pair.client, pair.server, passes=False)
    assert net.passes(other, pair.server)


def test_icmp_by_type_and_code(pair: Pair) -> None:
    net = pair.net
    acl = net.acl(pair.far, ingress=[Entry(100, ICMP, (8, -1))], egress=[Entry(100, ICMP, (0, 0))])
    net.soon(pair.client, pair.server, passes=False)
    assert net.passes(pair.client, pair.server, 0, "icmp")
    assert net.drops(pair.server, pair.client, 0, "icmp")
    net.acl_entry(acl, Entry(50, ICMP, (0, 0), allow=False), egress=True)
    net.soon(pair.client, pair.server, 0, "icmp", passes=False)


def test_an_acl_is_no_security_group(pair: Pair) -> None:
    net = pair.net
    net.acl(pair.far, ingress=[ALL], egress=[ALL])
    closed = net.eni(pair.far, net.group())
    assert net.passes(pair.client, pair.server)
    assert net.drops(pair.client, closed)
