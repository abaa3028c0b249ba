"""Small VPCs at random: what AWS's semantics say of each pair and port, the packets do.

The oracle reads the EC2 API's answers alone and knows nothing of nftables or routes of the kernel.
"""

from __future__ import annotations

import itertools
from random import Random

import pytest

from drydock.reach import collect
from drydock.reach.journey import LINUX_PORTS
from drydock.reach.model import ICMP, TCP
from drydock.reach.network import Network
from drydock.reach.semantics import Verdict, reach
from tests.support.minutes import TEST_ALL, takes_minutes
from tests.support.packets import Eni, Packets, Way, becomes
from tests.support.random_vpc import CLIENT, RandomVpc
from tests.support.region import TestRegion

pytestmark = pytest.mark.region

SEEDS = range(200 if TEST_ALL else 15)
QUICK = 0.15
"""Seconds. Only a packet that should have passed and has not is tried again, for longer."""
ECHO = 8


def ways(made: RandomVpc) -> list[Way]:
    """Each pair by private addresses, the internet both ways, and through it to each other."""
    found: list[Way] = []
    for one, other in itertools.permutations(made.enis, 2):
        found += [(one, other, 80), (one, other, 443), (one, other, ECHO, "icmp")]
        if other.eni_id in made.public:
            found.append((one, made.public[other.eni_id], 80))
    for one in made.enis:
        found += [(one, "198.18.0.1", 443), (one, "198.18.0.2", 443)]
    for address in made.public.values():
        found += [("internet", address, 80), ("internet", address, ECHO, "icmp")]
    return found


def predicted(network: Network, way: Way) -> Verdict:
    source, target, port = way[:3]
    protocol = ICMP if way[3:] == ("icmp",) else TCP
    return reach(
        network,
        CLIENT if isinstance(source, str) else source.eni_id,
        target.eni_id if isinstance(target, Eni) else target,
        protocol,
        port,
        client_ports=LINUX_PORTS,
    )


@takes_minutes
@pytest.mark.parametrize("seed", SEEDS)
def test_packets_do_as_aws_says(region: TestRegion, seed: int) -> None:
    net = Packets.build(region, "10.61")
    made = RandomVpc(net, Random(seed))
    try:
        made.build()
        network = collect.network(net.ec2, [net.vpc])
        verdicts = {way: predicted(network, way) for way in ways(made)}
        observed = dict(zip(verdicts, net.each(*verdicts, timeout=QUICK), strict=True))
        wrong = {way for way, one in verdicts.items() if one.allowed != observed[way]}

        def look() -> bool:
            """A change may still be on its way."""
            wrong.difference_update(
                [way for way in wrong if net.passes_by(way, 1) == verdicts[way].allowed]
            )
            return not wrong

        becomes(look, f"as predicted: { {way: verdicts[way] for way in wrong} }")
        assert region.inspect()["problems"] == []
    finally:
        made.clear()


@takes_minutes
def test_both_outcomes_are_common(region: TestRegion) -> None:
    """A property that holds of nothing shows nothing."""
    counts = {True: 0, False: 0}
    net = Packets.build(region, "10.61")
    made = RandomVpc(net, Random(3))
    made.build()
    network = collect.network(net.ec2, [net.vpc])
    for way in ways(made):
        counts[predicted(network, way).allowed] += 1
    made.clear()
    assert min(counts.values()) >= 5, counts
