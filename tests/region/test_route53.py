"""Hosted zones in a running region: asked for with boto3, answered over UDP and TCP, inside and outside."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from tests.support.dns import Client
from tests.support.packets import Eni, Packets, becomes
from tests.support.region import TestRegion
from tests.support.scenario import Scenario
from tests.support.waiting import eventually
from tests.support.web import Site
from tests.support.zones import HostedZone, alias, record

pytestmark = pytest.mark.region


@pytest.fixture
def dns(region: TestRegion) -> Client:
    """The DNS server on the host's loopback."""
    return Client(region.record.dns)


@pytest.fixture
def zone(region: TestRegion) -> Iterator[HostedZone]:
    """A public hosted zone of the test's own."""
    made = HostedZone.create(region.client("route53"))
    yield made
    made.clear()


@pytest.fixture
def net(region: TestRegion) -> Iterator[Packets]:
    made = Packets.build(region, "10.61")
    yield made
    made.clear()


@pytest.fixture
def site(scenario: Scenario) -> Iterator[Site]:
    made = Site.build(scenario)
    made.url()
    yield made
    made.delete()


def balancer(site: Site) -> tuple[str, str]:
    """A load balancer's name and its hosted zone."""
    found = site.scenario.region.client("elbv2").describe_load_balancers(
        LoadBalancerArns=[site.balancer]
    )["LoadBalancers"][0]
    return found["DNSName"].lower(), found["CanonicalHostedZoneId"]


def looked_up(net: Packets, eni: Eni, name: str) -> str:
    """What a VPC's resolver says to an interface; empty: no address."""
    return str(net.probe(eni, name, 9).get("address", ""))


def test_records_are_served_once_a_change_is_in_sync(zone: HostedZone, dns: Client) -> None:
    name = zone.name
    zone.put(
        record(f"www.{name}", "A", "192.0.2.1", "192.0.2.2", ttl=77),
        record(f"six.{name}", "AAAA", "2001:db8::1"),
        record(name, "MX", f"10 mail.{name}"),
        record(f"txt.{name}", "TXT", '"one" "two \\"quoted\\""'),
        record(f"_x._tcp.{name}", "SRV", f"1 2 5269 www.{name}"),
        record(name, "CAA", '0 issue "amazon.com"'),
        record(f"other.{name}", "CNAME", f"www.{name}"),
        record(f"*.wild.{name}", "A", "192.0.2.9"),
    )
    for tcp in (False, True):
        found = dns.ask(f"WWW.{name}", tcp=tcp)
        assert (found.code, found.authoritative) == ("NOERROR", True)
        assert sorted(found.values()) == ["192.0.2.1", "192.0.2.2"]
        assert found.raw.rr[0].ttl == 77
    assert dns.ask(f"six.{name}", "AAAA").values("AAAA") == ["2001:db8::1"]
    assert dns.ask(name, "MX").values("MX") == [f"10 mail.{name}"]
    assert [one.data for one in [dns.ask(f"txt.{name}", "TXT").raw.rr[0].rdata]] == [
        [b"one", b'two "quoted"']
    ]
    assert dns.ask(f"_x._tcp.{name}", "SRV").values("SRV") == [f"1 2 5269 www.{name}"]
    assert dns.ask(name, "CAA").values("CAA") == ['0 issue "amazon.com"']
    chased = dns.ask(f"other.{name}")
    assert [kind for _, kind, _ in chased.answers] == ["CNAME", "A", "A"]
    assert dns.ask(f"any.thing.wild.{name}").values() == ["192.0.2.9"]
    assert (dns.ask(f"none.{name}").code, dns.ask(f"none.{name}").authority) == (
        "NXDOMAIN",
        ["SOA"],
    )
    empty = dns.ask(f"www.{name}", "TXT")
    assert (empty.code, empty.answers, empty.authority) == ("NOERROR", [], ["SOA"])
    assert dns.ask("www.example.invalid").code == "REFUSED"
    assert sorted(dns.ask(name, "NS").values("NS")) == sorted(zone.servers)


@pytest.mark.skipif(shutil.which("dig") is None, reason="dig is not on this machine")
def test_dig_can_ask(zone: HostedZone, region: TestRegion) -> None:
    zone.put(record(f"www.{zone.name}", "A", "192.0.2.1"))
    host, _, port = region.record.dns.partition(":")
    for more in ([], ["+tcp"]):
        command = ["dig", f"@{host}", "-p", port, "+short", *more, f"www.{zone.name}"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stdout == "192.0.2.1\n"


def test_a_long_answer_is_truncated_over_udp_and_whole_over_tcp(
    zone: HostedZone, dns: Client
) -> None:
    name = f"many.{zone.name}"
    zone.put(record(name, "A", *(f"192.0.2.{number}" for number in range(100))))
    short = dns.ask(name)
    assert (short.truncated, short.answers) == (True, [])
    assert dns.ask(name, edns=4096).truncated
    assert len(dns.ask(name, tcp=True).values()) == 100
    zone.put(record(name, "A", *(f"192.0.2.{number}" for number in range(40))))
    assert dns.ask(name).truncated
    assert len(dns.ask(name, edns=1232).values()) == 40


def test_a_batch_with_one_fault_changes_nothing(zone: HostedZone, dns: Client) -> None:
    name = zone.name
    zone.put(record(f"a.{name}", "A", "192.0.2.1"))
    before = zone.records()
    with pytest.raises(ClientError) as caught:
        zone.change(
            ("DELETE", record(f"a.{name}", "A", "192.0.2.1")),
            ("CREATE", record(f"b.{name}", "A", "192.0.2.2")),
            ("CREATE", record(f"c.{name}", "A", "192.0.2.333")),
        )
    assert caught.value.response["Error"]["Code"] == "InvalidChangeBatch"
    assert "ARRDATAIllegalIPv4Address" in caught.value.response["Error"]["Message"]
    assert zone.records() == before
    assert dns.ask(f"a.{name}").values() == ["192.0.2.1"]
    assert dns.ask(f"b.{name}").code == "NXDOMAIN"


def test_a_deleted_zone_is_gone_from_the_servers_when_the_change_is_in_sync(
    region: TestRegion, dns: Client
) -> None:
    client = region.client("route53")
    zone = HostedZone.create(client)
    zone.put(record(f"a.{zone.name}", "A", "192.0.2.1"))
    with pytest.raises(client.exceptions.HostedZoneNotEmpty):
        client.delete_hosted_zone(Id=zone.id)
    zone.change(("DELETE", record(f"a.{zone.name}", "A", "192.0.2.1")))
    zone.change_id = client.delete_hosted_zone(Id=zone.id)["ChangeInfo"]["Id"]
    zone.wait_in_sync()
    assert dns.ask(f"a.{zone.name}").code == "REFUSED"


def test_a_public_zone_below_another_needs_its_delegation(region: TestRegion, dns: Client) -> None:
    client = region.client("route53")
    parent = HostedZone.create(client)
    child = HostedZone.create(client, f"app.{parent.name}")
    child.put(record(f"www.{child.name}", "A", "192.0.2.5"))
    assert dns.ask(f"www.{child.name}").code == "NXDOMAIN"

    def problem() -> str:
        problems = region.inspect()["problems"]
        return "".join(one["error"] for one in problems if child.id in one["resource"])

    assert f"{parent.name} ({parent.id}) does not delegate to it" in eventually(problem, "told")
    parent.put(record(child.name, "NS", *(f"{one}." for one in child.servers)))
    assert dns.ask(f"www.{child.name}").values() == ["192.0.2.5"]
    eventually(lambda: problem() == "", "the problem is gone")
    parent.put(record(child.name, "NS", "ns1.elsewhere.example."))
    found = dns.ask(f"www.{child.name}")
    assert (found.code, found.answers, found.authority) == ("NOERROR", [], ["NS"])
    assert not found.authoritative
    for zone in (child, parent):
        zone.clear()


def test_private_zones_are_their_vpcs_alone_and_win_over_public_ones(
    region: TestRegion, zone: HostedZone, dns: Client, net: Packets
) -> None:
    client, ec2 = region.client("route53"), region.client("ec2")
    zone.put(
        record(f"www.{zone.name}", "A", "192.0.2.1"), record(f"pub.{zone.name}", "A", "192.0.2.2")
    )
    other = Packets.build(region, "10.62")
    inside, outside = net.eni(net.subnet()), other.eni(other.subnet())
    vpc = {"VPCId": net.vpc, "VPCRegion": region.record.region}
    private = HostedZone.create(client, zone.name, VPC=vpc)
    private.put(record(f"www.{zone.name}", "A", "10.61.0.9"))
    assert looked_up(net, inside, f"www.{zone.name}") == "192.0.2.1", "the VPC lacks DNS hostnames"
    ec2.modify_vpc_attribute(VpcId=net.vpc, EnableDnsHostnames={"Value": True})
    becomes(
        lambda: looked_up(net, inside, f"www.{zone.name}") == "10.61.0.9",
        "the private zone answers",
    )
    assert looked_up(net, inside, f"pub.{zone.name}") == "", "a private zone hides the public one"
    assert looked_up(other, outside, f"www.{zone.name}") == "192.0.2.1"
    assert dns.ask(f"www.{zone.name}").values() == ["192.0.2.1"]

    ec2.modify_vpc_attribute(VpcId=other.vpc, EnableDnsHostnames={"Value": True})
    second = {"VPCId": other.vpc, "VPCRegion": region.record.region}
    answer = client.associate_vpc_with_hosted_zone(HostedZoneId=private.id, VPC=second)
    private.change_id = answer["ChangeInfo"]["Id"]
    private.wait_in_sync()
    assert looked_up(other, outside, f"www.{zone.name}") == "10.61.0.9"
    assert len(client.get_hosted_zone(Id=private.id)["VPCs"]) == 2
    client.disassociate_vpc_from_hosted_zone(HostedZoneId=private.id, VPC=vpc)
    becomes(lambda: looked_up(net, inside, f"www.{zone.name}") == "192.0.2.1", "it is taken away")
    with pytest.raises(client.exceptions.LastVPCAssociation):
        client.disassociate_vpc_from_hosted_zone(HostedZoneId=private.id, VPC=second)
    private.clear()
    other.clear()


def test_names_of_load_balancers_lead_to_loopback_on_the_host_and_to_nodes_inside(
    zone: HostedZone, dns: Client, site: Site, net: Packets, region: TestRegion
) -> None:
    lb, lb_zone = balancer(site)
    zone.put(
        alias(zone.name, lb_zone, lb),
        alias(zone.name, lb_zone, lb, kind="AAAA"),
        record(f"www.{zone.name}", "CNAME", lb),
        alias(f"dual.{zone.name}", lb_zone, f"dualstack.{lb}"),
        alias(f"again.{zone.name}", zone.id, zone.name),
    )
    for name in (zone.name, f"www.{zone.name}", f"dual.{zone.name}", f"again.{zone.name}", lb):
        assert dns.ask(name).values() == ["127.0.0.1"], name
    empty = dns.ask(zone.name, "AAAA")
    assert (empty.code, empty.answers, empty.authority) == ("NOERROR", [], ["SOA"])
    nodes = {one["Association"]["PublicIp"] for one in site.interfaces()}
    stranger = net.eni(net.subnet())
    becomes(lambda: looked_up(net, stranger, lb) in nodes, "the VPC knows the load balancer")
    for name in (zone.name, f"www.{zone.name}", f"again.{zone.name}"):
        assert looked_up(net, stranger, name) in nodes, name

    names = {
        one["name"] for one in region.inspect()["names"] if one["load_balancer"] == site.balancer
    }
    assert {zone.name, f"www.{zone.name}", f"dual.{zone.name}", f"again.{zone.name}", lb} <= names
    with pytest.raises(ClientError, match="that target was not found"):
        zone.upsert(alias(f"x.{zone.name}", lb_zone, f"no-{lb}"))


def test_names_of_databases_and_private_things_are_not_there_on_the_host(
    dns: Client, region: TestRegion
) -> None:
    assert dns.ask(f"db.cluster-x.{region.record.region}.rds.amazonaws.com").code == "NXDOMAIN"
    assert dns.ask(f"ip-10-61-0-4.{region.record.region}.compute.internal").code == "REFUSED"
    assert dns.ask(f"ecs.{region.record.region}.amazonaws.com").values() == ["127.0.0.1"]


def test_weights_are_shares_of_the_answers(zone: HostedZone, dns: Client) -> None:
    name = f"w.{zone.name}"
    zone.put(
        record(name, "A", "192.0.2.1", SetIdentifier="one", Weight=3),
        record(name, "A", "192.0.2.2", SetIdentifier="two", Weight=1),
        record(name, "A", "192.0.2.3", SetIdentifier="none", Weight=0),
    )
    seen = Counter(dns.ask(name).values()[0] for _ in range(400))
    assert set(seen) == {"192.0.2.1", "192.0.2.2"}
    assert 0.65 < seen["192.0.2.1"] / 400 < 0.85


def test_multivalue_answers_are_eight_at_most_and_shuffled(zone: HostedZone, dns: Client) -> None:
    name = f"m.{zone.name}"
    zone.put(
        *(
            record(name, "A", f"192.0.2.{n}", SetIdentifier=str(n), MultiValueAnswer=True)
            for n in range(12)
        )
    )
    answers = [tuple(dns.ask(name).values()) for _ in range(10)]
    assert {len(set(one)) for one in answers} == {8}
    assert len(set(answers)) > 1


def test_latency_records_answer_with_the_local_regions(
    zone: HostedZone, dns: Client, region: TestRegion
) -> None:
    name = f"near.{zone.name}"
    zone.put(
        record(name, "A", "192.0.2.1", SetIdentifier="far", Region="eu-west-1"),
        record(name, "A", "192.0.2.2", SetIdentifier="near", Region=region.record.region),
    )
    assert {dns.ask(name).values()[0] for _ in range(5)} == {"192.0.2.2"}


def test_zones_and_records_are_there_again_after_a_restart(own_region: TestRegion) -> None:
    zone = HostedZone.create(own_region.client("route53"))
    zone.put(record(f"www.{zone.name}", "A", "192.0.2.1"), record(f"*.{zone.name}", "TXT", '"x"'))
    before = own_region.client("route53").list_resource_record_sets(HostedZoneId=zone.id)
    own_region.restart()
    client = own_region.client("route53")
    after = client.list_resource_record_sets(HostedZoneId=zone.id)
    assert after["ResourceRecordSets"] == before["ResourceRecordSets"]
    zone.client = client
    zone.wait_in_sync()
    dns = Client(own_region.record.dns)
    eventually(lambda: dns.ask(f"www.{zone.name}").values() == ["192.0.2.1"], "it answers again")
    assert dns.ask(f"any.{zone.name}", "TXT").values("TXT") == ['"x"']
