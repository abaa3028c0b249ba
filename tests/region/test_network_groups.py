"""Security groups decide about real packets: each rule lets its own pass, and no other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.packets import ANYWHERE, Eni, Packets, everything, rule, tcp
from tests.support.region import TestRegion

pytestmark = pytest.mark.region


@pytest.fixture(scope="module")
def vpc(region: TestRegion) -> Packets:
    return Packets.build(region, "10.41")


@pytest.fixture(scope="module")
def subnets(vpc: Packets) -> tuple[str, str]:
    return vpc.subnet("a"), vpc.subnet("b")


@pytest.fixture
def net(vpc: Packets) -> Iterator[Packets]:
    """The module's VPC; a test's interfaces go when it ends."""
    yield vpc
    vpc.clear()


@pytest.fixture
def client(net: Packets, subnets: tuple[str, str]) -> Eni:
    """Lets everything out and nothing in."""
    return net.eni(subnets[0], net.group())


def test_nothing_gets_in_by_default(net: Packets, subnets: tuple[str, str], client: Eni) -> None:
    group = net.group()
    server = net.eni(subnets[1], group)
    protocols = ("tcp", "udp", "icmp")
    assert not any(net.each(*((client, server, 80, one) for one in protocols)))
    words = net.probe(client, server, timeout=1)["words"]
    assert words == "i/o timeout"
    net.allow(group, everything())
    net.soon(client, server)


def test_nothing_gets_out_without_an_egress_rule(
    net: Packets, subnets: tuple[str, str], client: Eni
) -> None:
    server = net.eni(subnets[1], net.open())
    assert net.passes(client, server)
    silent = net.eni(subnets[0], net.group(everything(), egress=[]))
    assert net.drops(silent, server)
    assert net.passes(client, silent)  # stateful: the answer needs no egress rule


def test_egress_rules_name_the_receiver(net: Packets, subnets: tuple[str, str]) -> None:
    first, second = (net.eni(subnets[1], net.open()) for _ in range(2))
    speaker = net.eni(subnets[0], net.group(egress=[tcp((5432, 5440), f"{first.address}/32")]))
    assert net.each((speaker, first, 5432), (speaker, first, 5440)) == [True, True]
    others = net.each(
        (speaker, first, 5431),
        (speaker, first, 5441),
        (speaker, second, 5432),
        (speaker, first, 5432, "udp"),
    )
    assert others == [False] * 4


def test_ingress_rules_name_the_sender_by_its_network(
    net: Packets, subnets: tuple[str, str], client: Eni
) -> None:
    other = net.eni(subnets[1], net.group())
    server = net.eni(subnets[1], net.group(tcp(443, f"{net.network}.0.0/24")))
    assert net.passes(client, server, 443)
    assert net.drops(other, server, 443)  # in the same subnet, but from another range


def test_a_range_of_ports_ends_where_it_ends(
    net: Packets, subnets: tuple[str, str], client: Eni
) -> None:
    server = net.eni(subnets[1], net.group(tcp((8000, 8002)), tcp(0), tcp((65534, 65535))))
    found = net.each(*((client, server, port) for port in (7999, 8000, 8002, 8003, 65535)))
    assert found == [False, True, True, False, True]


def test_protocols_are_told_apart(net: Packets, subnets: tuple[str, str], client: Eni) -> None:
    def pattern(server: Eni) -> list[bool]:
        return net.each(*((client, server, 53, one) for one in ("tcp", "udp", "icmp")))

    only_tcp, only_udp, only_ping, numbered, every = (
        net.eni(subnets[1], net.group(one))
        for one in (
            tcp(53),
            rule("udp", 53, ANYWHERE),
            rule("icmp", (8, -1), ANYWHERE),
            rule("6", 53, ANYWHERE),
            everything(),
        )
    )
    assert pattern(only_tcp) == [True, False, False]
    assert pattern(only_udp) == [False, True, False]
    assert pattern(only_ping) == [False, False, True]
    assert pattern(numbered) == [True, False, False]
    assert pattern(every) == [True, True, True]


def test_icmp_of_another_type_or_code_is_another_matter(
    net: Packets, subnets: tuple[str, str], client: Eni
) -> None:
    servers = [
        net.eni(subnets[1], net.group(rule("icmp", one, ANYWHERE)))
        for one in [(-1, -1), (8, 0), (8, 1), (0, -1)]
    ]
    found = net.each(*((client, one, 0, "icmp") for one in servers))
    assert found == [True, True, False, False]


def test_members_of_a_group_are_meant_wherever_they_are(
    net: Packets, subnets: tuple[str, str], client: Eni
) -> None:
    friends = net.group()
    friend, distant = (net.eni(one, friends) for one in subnets)
    server = net.eni(subnets[1], net.group(tcp(3000, friends)))
    assert net.passes(friend, server, 3000)
    assert net.passes(distant, server, 3000)
    assert net.drops(client, server, 3000)
    net.wear(client, friends)
    net.soon(client, server, 3000)
    net.wear(friend, net.group())
    net.soon(friend, server, 3000, passes=False)


def test_egress_to_a_group(net: Packets, subnets: tuple[str, str]) -> None:
    servers = net.group(everything())
    server, stranger = net.eni(subnets[1], servers), net.eni(subnets[1], net.open())
    speaker = net.eni(subnets[0], net.group(egress=[tcp(80, servers)]))
    assert net.passes(speaker, server)
    assert net.drops(speaker, stranger)
    assert net.drops(speaker, server, 81)


def test_a_group_may_mean_itself(net: Packets, subnets: tuple[str, str], client: Eni) -> None:
    group = net.group()
    net.allow(group, tcp(7000, group))
    first, second = (net.eni(one, group) for one in subnets)
    assert net.passes(first, second, 7000)
    assert net.passes(second, first, 7000)
    assert net.drops(first, second, 7001)
    assert net.drops(client, second, 7000)


def test_the_default_group_lets_its_own_members_in(
    net: Packets, subnets: tuple[str, str], client: Eni
) -> None:
    first, second = (net.eni(one) for one in subnets)
    net.soon(first, second)
    assert net.passes(first, second, protocol="icmp")
    assert net.drops(client, second)
    assert net.passes(first, net.eni(subnets[1], net.open()))


def test_prefix_lists_are_their_entries(
    net: Packets, subnets: tuple[str, str], client: Eni
) -> None:
    ec2 = net.ec2
    made = ec2.create_managed_prefix_list(
        PrefixListName="clients",
        AddressFamily="IPv4",
        MaxEntries=5,
        Entries=[{"Cidr": "10.99.0.0/16"}],
    )["PrefixList"]["PrefixListId"]
    server = net.eni(subnets[1], net.group(tcp(80, made)))
    assert net.drops(client, server)
    ec2.modify_managed_prefix_list(
        PrefixListId=made, CurrentVersion=1, AddEntries=[{"Cidr": f"{client.address}/32"}]
    )
    net.soon(client, server)
    ec2.modify_managed_prefix_list(
        PrefixListId=made, CurrentVersion=2, RemoveEntries=[{"Cidr": f"{client.address}/32"}]
    )
    net.soon(client, server, passes=False)


def test_any_of_several_groups_is_enough(
    net: Packets, subnets: tuple[str, str], client: Eni
) -> None:
    groups = [net.group(tcp(8000 + n)) for n in range(5)]
    server = net.eni(subnets[1], *groups)
    assert all(net.passes(client, server, 8000 + n) for n in range(5))
    assert net.drops(client, server, 8005)
    net.wear(server, *groups[:2])
    net.soon(client, server, 8004, passes=False)
    assert net.passes(client, server, 8001)


def test_an_egress_rule_of_one_group_does_not_narrow_anothers(
    net: Packets, subnets: tuple[str, str]
) -> None:
    server = net.eni(subnets[1], net.open())
    speaker = net.eni(subnets[0], net.group(egress=[]), net.group(egress=[tcp(80)]))
    assert net.passes(speaker, server, 80)
    assert net.drops(speaker, server, 81)


def test_sixty_rules_in_each_of_five_groups(
    net: Packets, subnets: tuple[str, str], client: Eni
) -> None:
    own = f"{client.address}/32"
    groups = [
        net.group(
            *(tcp(1000 * group + 10 * n, f"172.16.{group}.{n}/32", own) for n in range(1, 31))
        )
        for group in range(1, 6)
    ]
    server = net.eni(subnets[1], *groups)
    assert net.passes(client, server, 1010)
    assert net.passes(client, server, 5300)
    assert net.drops(client, server, 5310)
    assert net.drops(client, server, 1011)
    assert net.drops(net.eni(subnets[0], net.group()), server, 1010)


def test_more_rules_than_one_transaction_holds(
    net: Packets, subnets: tuple[str, str], client: Eni
) -> None:
    """Some 900 rules are too many for the buffer that an ordinary user may have."""
    servers, groups = [], []
    for eni in range(1, 6):
        own = [
            net.group(*(tcp(1000 * group + n, f"172.16.{eni}.{n}/32") for n in range(1, 61)))
            for group in range(1, 6)
        ]
        groups.append(own)
        servers.append(net.eni(subnets[1], *own))
    assert not any(net.each(*((client, one, 5060) for one in servers)))
    last = groups[-1][-1]
    net.revoke(last, tcp(5060, "172.16.5.60/32"))
    net.allow(last, tcp(5060, f"{client.address}/32"))
    net.soon(client, servers[-1], 5060)
    assert not any(net.each(*((client, one, 5060) for one in servers[:-1])))
    assert net.region.inspect()["problems"] == []


def test_a_change_is_in_force_within_a_second(
    net: Packets, subnets: tuple[str, str], client: Eni
) -> None:
    group = net.group()
    server = net.eni(subnets[1], group)
    for _ in range(3):
        net.allow(group, tcp(80))
        net.soon(client, server)
        net.revoke(group, tcp(80))
        net.soon(client, server, passes=False)
    sender = net.group(egress=[])
    net.wear(client, sender)
    net.allow(group, tcp(80))
    net.soon(client, server, passes=False)
    net.ec2.authorize_security_group_egress(GroupId=sender, IpPermissions=[tcp(80)])
    net.soon(client, server)


def test_a_changed_rule_is_another_one(net: Packets, subnets: tuple[str, str], client: Eni) -> None:
    group = net.group(tcp(80))
    server = net.eni(subnets[1], group)
    rules = net.ec2.describe_security_group_rules(
        Filters=[{"Name": "group-id", "Values": [group]}]
    )["SecurityGroupRules"]
    (made,) = [one for one in rules if not one["IsEgress"]]
    wanted = {"IpProtocol": "tcp", "FromPort": 81, "ToPort": 81, "CidrIpv4": ANYWHERE}
    net.ec2.modify_security_group_rules(
        GroupId=group,
        SecurityGroupRules=[
            {"SecurityGroupRuleId": made["SecurityGroupRuleId"], "SecurityGroupRule": wanted}
        ],
    )
    net.soon(client, server, 81)
    assert net.drops(client, server, 80)


def test_rules_for_ipv6_are_kept_and_change_nothing(
    net: Packets, subnets: tuple[str, str], client: Eni
) -> None:
    group = net.group(tcp(80, "::/0"), rule("icmpv6", (-1, -1), "::/0"), tcp(81, ANYWHERE, "::/0"))
    server = net.eni(subnets[1], group)
    assert net.passes(client, server, 81)
    assert net.drops(client, server, 80)
    assert net.drops(client, server, protocol="icmp")
    (seen,) = net.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    ranges = [one["Ipv6Ranges"] for one in seen["IpPermissions"]]
    assert ranges == [[{"CidrIpv6": "::/0"}]] * 3
    assert net.region.inspect()["problems"] == []


def test_nobody_reaches_the_router_but_for_names(net: Packets, client: Eni) -> None:
    gateway, resolver = f"{net.network}.0.1", f"{net.network}.0.2"
    found = net.each(
        (client, gateway, 80),
        (client, gateway, 0, "icmp"),
        (client, resolver, 80),
    )
    assert found == [False, False, False]
    assert net.passes(client, resolver, 53)
    silent = net.group(egress=[])
    net.wear(client, silent)
    assert net.passes(client, resolver, 53)  # no group filters names
