"""Hosted zones, lists, changes and health checks read back as they were written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.served import REGION, Served
from tests.support.states import bring_back, forget, save
from tests.support.zones import HostedZone, record

NAME_SERVER = re.compile(r"ns-(\d+)\.awsdns-(\d\d)\.(com|net|org|co\.uk)")


def test_a_zone_has_name_servers_and_records_of_its_own(served: Served) -> None:
    client = served.client("route53")
    zone = HostedZone.create(client, "Example.Test", HostedZoneConfig={"Comment": "ours"})
    other = HostedZone.create(client, "example.test")
    assert all(NAME_SERVER.fullmatch(one) for one in zone.servers)
    assert sorted(one.rsplit(".", 1)[-1] for one in zone.servers) == ["com", "net", "org", "uk"]
    assert zone.servers != other.servers, "two zones of one name are two"
    found = client.get_hosted_zone(Id=zone.id)
    assert found["HostedZone"]["Name"] == "example.test."
    assert found["HostedZone"]["Config"] == {"Comment": "ours", "PrivateZone": False}
    assert found["DelegationSet"]["NameServers"] == zone.servers
    ns, soa = client.list_resource_record_sets(HostedZoneId=zone.id)["ResourceRecordSets"]
    assert (ns["Type"], ns["TTL"]) == ("NS", 172800)
    assert [one["Value"] for one in ns["ResourceRecords"]] == [f"{one}." for one in zone.servers]
    words = "awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"
    assert soa["ResourceRecords"] == [{"Value": f"{zone.servers[0]}. {words}"}]


def test_the_same_caller_reference_makes_no_second_zone(served: Served) -> None:
    client = served.client("route53")
    client.create_hosted_zone(Name="a.test", CallerReference="same")
    with pytest.raises(client.exceptions.HostedZoneAlreadyExists):
        client.create_hosted_zone(Name="a.test", CallerReference="same")
    with pytest.raises(client.exceptions.InvalidDomainName):
        client.create_hosted_zone(Name="a..test", CallerReference="other")


def test_a_zone_with_a_vpc_is_private(served: Served) -> None:
    client, ec2 = served.client("route53"), served.client("ec2")
    first, region = served.vpc, {"VPCRegion": REGION}
    second = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    zone = HostedZone.create(client, "in.test", VPC={"VPCId": first, **region})
    client.associate_vpc_with_hosted_zone(HostedZoneId=zone.id, VPC={"VPCId": second, **region})
    found = client.get_hosted_zone(Id=zone.id)
    assert found["HostedZone"]["Config"]["PrivateZone"] is True
    assert {one["VPCId"] for one in found["VPCs"]} == {first, second}
    assert "DelegationSet" not in found
    (listed,) = client.list_hosted_zones_by_vpc(VPCId=second, VPCRegion=REGION)[
        "HostedZoneSummaries"
    ]
    assert listed["HostedZoneId"] == zone.id
    with pytest.raises(client.exceptions.ConflictingDomainExists):
        HostedZone.create(client, "in.test", VPC={"VPCId": second, **region})
    with pytest.raises(client.exceptions.InvalidVPCId):
        HostedZone.create(client, "in2.test", VPC={"VPCId": "vpc-0", **region})
    client.disassociate_vpc_from_hosted_zone(HostedZoneId=zone.id, VPC={"VPCId": first, **region})
    with pytest.raises(client.exceptions.VPCAssociationNotFound):
        client.disassociate_vpc_from_hosted_zone(
            HostedZoneId=zone.id, VPC={"VPCId": first, **region}
        )
    public = HostedZone.create(client, "out.test")
    with pytest.raises(client.exceptions.PublicZoneVPCAssociation):
        client.associate_vpc_with_hosted_zone(
            HostedZoneId=public.id, VPC={"VPCId": first, **region}
        )


def test_vpcs_are_authorized(served: Served) -> None:
    client = served.client("route53")
    vpc = {"VPCId": served.vpc, "VPCRegion": REGION}
    zone = HostedZone.create(client, "in.test", VPC=vpc)
    other = {"VPCId": "vpc-of-another-account", "VPCRegion": REGION}
    client.create_vpc_association_authorization(HostedZoneId=zone.id, VPC=other)
    assert client.list_vpc_association_authorizations(HostedZoneId=zone.id)["VPCs"] == [other]
    client.delete_vpc_association_authorization(HostedZoneId=zone.id, VPC=other)
    with pytest.raises(client.exceptions.VPCAssociationAuthorizationNotFound):
        client.delete_vpc_association_authorization(HostedZoneId=zone.id, VPC=other)
    assert client.list_vpc_association_authorizations(HostedZoneId=zone.id)["VPCs"] == []
    second = HostedZone.create(client, "in.test", VPC={**vpc, "VPCId": second_vpc(served)})
    assert client.list_vpc_association_authorizations(HostedZoneId=second.id)["VPCs"] == []


def second_vpc(served: Served) -> str:
    return str(served.client("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"])


def test_reusable_delegation_sets(served: Served) -> None:
    client = served.client("route53")
    made = client.create_reusable_delegation_set(CallerReference="a")["DelegationSet"]
    set_id = made["Id"].rsplit("/", 1)[-1]
    zone = HostedZone.create(client, "a.test", DelegationSetId=set_id)
    assert zone.servers == made["NameServers"]
    with pytest.raises(client.exceptions.ConflictingDomainExists):
        HostedZone.create(client, "b.a.test", DelegationSetId=set_id)
    with pytest.raises(client.exceptions.DelegationSetInUse):
        client.delete_reusable_delegation_set(Id=set_id)
    assert len(client.list_reusable_delegation_sets()["DelegationSets"]) == 1
    HostedZone.create(client, "c.test")
    assert len(client.list_reusable_delegation_sets()["DelegationSets"]) == 1
    zone.clear()
    client.delete_reusable_delegation_set(Id=set_id)


def test_lists_go_by_reversed_labels_and_page_by_page(served: Served) -> None:
    zone = HostedZone.create(served.client("route53"), "example.test")
    zone.upsert(
        record("b.a.example.test", "A", "192.0.2.1"),
        record("a.b.example.test", "A", "192.0.2.1"),
        record("*.example.test", "TXT", '"x"'),
        record("a.example.test", "TXT", '"x"'),
        record("a.example.test", "A", "192.0.2.1", SetIdentifier="2", Weight=1),
        record("a.example.test", "A", "192.0.2.1", SetIdentifier="1", Weight=0),
    )
    order = [
        ("example.test.", "NS"),
        ("example.test.", "SOA"),
        ("\\052.example.test.", "TXT"),
        ("a.example.test.", "A"),
        ("a.example.test.", "A"),
        ("a.example.test.", "TXT"),
        ("b.a.example.test.", "A"),
        ("a.b.example.test.", "A"),
    ]
    assert zone.records() == order
    seen: list[tuple[str, str, Any]] = []
    start: dict[str, Any] = {}
    while True:
        page = zone.client.list_resource_record_sets(HostedZoneId=zone.id, MaxItems="1", **start)
        (one,) = page["ResourceRecordSets"]
        seen.append((one["Name"], one["Type"], one.get("Weight")))
        if not page["IsTruncated"]:
            break
        start = {
            f"Start{key}": page[f"Next{key}"]
            for key in ("RecordName", "RecordType", "RecordIdentifier")
            if f"Next{key}" in page
        }
    assert [(name, kind) for name, kind, _ in seen] == order
    assert [weight for _, _, weight in seen[3:5]] == [0, 1]
    with pytest.raises(ClientError, match="InvalidInput"):
        zone.client.list_resource_record_sets(HostedZoneId=zone.id, StartRecordType="A")


def test_zones_are_listed_by_name_from_a_name_on(served: Served) -> None:
    client = served.client("route53")
    for name in ("z.example.test", "example.test", "b.test", "a.example.test"):
        HostedZone.create(client, name)
    names = [one["Name"] for one in client.list_hosted_zones_by_name()["HostedZones"]]
    assert names == ["b.test.", "example.test.", "a.example.test.", "z.example.test."]
    page = client.list_hosted_zones_by_name(DNSName="example.test", MaxItems="1")
    assert [one["Name"] for one in page["HostedZones"]] == ["example.test."]
    assert (page["IsTruncated"], page["NextDNSName"]) == (True, "a.example.test.")
    pages = client.get_paginator("list_hosted_zones").paginate(PaginationConfig={"PageSize": 3})
    assert [len(one["HostedZones"]) for one in pages] == [3, 1]


def test_a_zone_with_records_is_not_deleted(served: Served) -> None:
    zone = HostedZone.create(served.client("route53"), "example.test")
    zone.upsert(record("sub.example.test", "NS", "ns.example.test"))
    with pytest.raises(zone.client.exceptions.HostedZoneNotEmpty):
        zone.client.delete_hosted_zone(Id=zone.id)
    zone.clear()
    with pytest.raises(zone.client.exceptions.NoSuchHostedZone):
        zone.client.get_hosted_zone(Id=zone.id)


def test_a_change_is_in_sync_only_when_the_servers_have_it(served: Served) -> None:
    zone = HostedZone.create(served.client("route53"), "example.test")
    first = zone.upsert(record("a.example.test", "A", "192.0.2.1"))
    second = zone.upsert(record("b.example.test", "A", "192.0.2.1"))

    def status(change: dict[str, Any]) -> str:
        return str(zone.client.get_change(Id=change["Id"])["ChangeInfo"]["Status"])

    assert (first["Status"], status(first), status(second)) == ("PENDING", "PENDING", "PENDING")
    with served.store.changing("route53"):
        served.store.backend("route53").serving = {zone.id: 2}
    assert (status(first), status(second)) == ("INSYNC", "PENDING")
    with served.store.changing("route53"):
        served.store.backend("route53").serving = {zone.id: 3}
    assert status(second) == "INSYNC"
    zone.clear()
    with pytest.raises(ClientError, match="NoSuchChange"):
        zone.client.get_change(Id="C000")


def test_tags_and_the_comment(served: Served) -> None:
    client = served.client("route53")
    zone = HostedZone.create(client, "example.test")
    client.update_hosted_zone_comment(Id=zone.id, Comment="new")
    assert client.get_hosted_zone(Id=zone.id)["HostedZone"]["Config"]["Comment"] == "new"
    where = {"ResourceType": "hostedzone", "ResourceId": zone.id}
    client.change_tags_for_resource(
        **where, AddTags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]
    )
    client.change_tags_for_resource(**where, RemoveTagKeys=["a"])
    found = client.list_tags_for_resource(**where)["ResourceTagSet"]["Tags"]
    assert found == [{"Key": "b", "Value": ""}]
    with pytest.raises(client.exceptions.NoSuchHostedZone):
        client.list_tags_for_resource(ResourceType="hostedzone", ResourceId="Z000")


def test_dns_answers_can_be_tested(served: Served) -> None:
    zone = HostedZone.create(served.client("route53"), "example.test")
    zone.upsert(record("*.example.test", "A", "192.0.2.1"))
    found = zone.client.test_dns_answer(
        HostedZoneId=zone.id, RecordName="x.example.test", RecordType="A"
    )
    assert (found["ResponseCode"], found["RecordData"]) == ("NOERROR", ["192.0.2.1"])
    assert found["Nameserver"] in zone.servers
    none = zone.client.test_dns_answer(
        HostedZoneId=zone.id, RecordName="example.test", RecordType="TXT"
    )
    assert (none["ResponseCode"], none["RecordData"]) == ("NOERROR", [])


def test_a_health_check_reads_back_as_it_was_written(served: Served) -> None:
    client = served.client("route53")
    config = {
        "Type": "HTTPS_STR_MATCH",
        "FullyQualifiedDomainName": "www.example.test",
        "Port": 8443,
        "ResourcePath": "/healthcheck",
        "SearchString": "ok",
        "RequestInterval": 10,
        "FailureThreshold": 2,
        "MeasureLatency": True,
        "Inverted": True,
        "Disabled": False,
        "EnableSNI": True,
        "Regions": ["us-east-1", "us-west-1", "eu-west-1"],
    }
    made = client.create_health_check(CallerReference="1", HealthCheckConfig=config)["HealthCheck"]
    assert made["HealthCheckConfig"] == config
    again = client.create_health_check(CallerReference="1", HealthCheckConfig=config)["HealthCheck"]
    assert again["Id"] == made["Id"]
    with pytest.raises(client.exceptions.HealthCheckAlreadyExists):
        client.create_health_check(CallerReference="1", HealthCheckConfig={**config, "Port": 1})
    client.update_health_check(
        HealthCheckId=made["Id"], FailureThreshold=5, ResetElements=["Regions", "ResourcePath"]
    )
    found = client.get_health_check(HealthCheckId=made["Id"])["HealthCheck"]
    assert found["HealthCheckVersion"] == 2
    expected = {
        key: value for key, value in config.items() if key not in ("Regions", "ResourcePath")
    }
    assert found["HealthCheckConfig"] == {**expected, "FailureThreshold": 5}
    with pytest.raises(client.exceptions.HealthCheckVersionMismatch):
        client.update_health_check(HealthCheckId=made["Id"], HealthCheckVersion=1, Port=1)
    assert client.get_health_check_status(HealthCheckId=made["Id"])["HealthCheckObservations"] == []
    assert client.get_health_check_count()["HealthCheckCount"] == 1
    client.delete_health_check(HealthCheckId=made["Id"])
    with pytest.raises(client.exceptions.NoSuchHealthCheck):
        client.get_health_check(HealthCheckId=made["Id"])


@pytest.mark.parametrize(
    "config",
    [
        {"Type": "HTTP"},
        {"Type": "TCP", "IPAddress": "192.0.2.1"},
        {"Type": "TCP", "IPAddress": "10.0.0.1", "Port": 80},
        {"Type": "TCP", "IPAddress": "2001:db8::1", "Port": 80},
        {"Type": "HTTP", "IPAddress": "192.0.2.1", "SearchString": "x"},
        {"Type": "HTTP_STR_MATCH", "IPAddress": "192.0.2.1"},
        {"Type": "HTTP", "IPAddress": "192.0.2.1", "RequestInterval": 20},
        {"Type": "HTTP", "IPAddress": "192.0.2.1", "FailureThreshold": 11},
        {"Type": "CALCULATED", "ChildHealthChecks": []},
        {"Type": "RECOVERY_CONTROL"},
    ],
)
def test_settings_that_make_no_sense_are_refused(served: Served, config: dict[str, Any]) -> None:
    client = served.client("route53")
    with pytest.raises(client.exceptions.InvalidInput):
        client.create_health_check(CallerReference="1", HealthCheckConfig=config)
    assert client.list_health_checks()["HealthChecks"] == []


def test_everything_is_saved(served: Served, tmp_path: Path) -> None:
    zone = HostedZone.create(served.client("route53"), "example.test")
    change = zone.upsert(record("*.example.test", "A", "192.0.2.1"))
    zone.client.create_health_check(
        CallerReference="1", HealthCheckConfig={"Type": "TCP", "IPAddress": "192.0.2.1", "Port": 1}
    )
    before = zone.client.list_resource_record_sets(HostedZoneId=zone.id)["ResourceRecordSets"]
    file = tmp_path / "state"
    save(served.store, file)
    forget(served.store.account_id)
    assert bring_back(served.store, file) == {}
    after = zone.client.list_resource_record_sets(HostedZoneId=zone.id)["ResourceRecordSets"]
    assert after == before
    assert zone.client.get_change(Id=change["Id"])["ChangeInfo"]["Status"] == "PENDING"
    assert len(zone.client.list_health_checks()["HealthChecks"]) == 1
