"""Change batches: all or nothing, with Route 53's words for what is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.served import Served
from tests.support.zones import HostedZone, alias, record

Change = tuple[str, dict[str, Any]]


@pytest.fixture
def zone(served: Served) -> HostedZone:
    made = HostedZone.create(served.client("route53"), "example.test")
    made.change(
        ("CREATE", record("a.example.test", "A", "192.0.2.1", ttl=60)),
        ("CREATE", record("c.example.test", "CNAME", "a.example.test")),
        ("CREATE", record("w.example.test", "A", "192.0.2.1", SetIdentifier="1", Weight=0)),
        (
            "CREATE",
            record("f.example.test", "A", "192.0.2.1", SetIdentifier="1", Failover="PRIMARY"),
        ),
    )
    return made


GOOD = ("CREATE", record("good.example.test", "A", "192.0.2.7"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            [("CREATE", record("A.example.test", "A", "192.0.2.9"))],
            "Tried to create resource record set [name='a.example.test.', type='A'] but it already exists",
        ),
        (
            [("DELETE", record("x.example.test", "A", "192.0.2.1"))],
            "Tried to delete resource record set [name='x.example.test.', type='A'] but it was not found",
        ),
        (
            [("DELETE", record("a.example.test", "A", "192.0.2.2"))],
            "Tried to delete resource record set [name='a.example.test.', type='A'] but the values "
            "provided do not match the current values",
        ),
        (
            [("DELETE", record("a.example.test", "A", "192.0.2.1", ttl=61))],
            "do not match the current values",
        ),
        (
            [("DELETE", record("w.example.test", "A", "192.0.2.1", SetIdentifier="2", Weight=0))],
            "type='A', set-identifier='2'] but it was not found",
        ),
        (
            [("UPSERT", record("example.test", "CNAME", "x.test"))],
            "RRSet of type CNAME with DNS name example.test. is not permitted at apex in zone example.test.",
        ),
        (
            [("UPSERT", record("a.example.test", "CNAME", "x.test"))],
            "is not permitted as it conflicts with other records with the same DNS name in zone",
        ),
        (
            [("CREATE", record("c.example.test", "TXT", '"x"'))],
            "RRSet of type TXT with DNS name c.example.test. is not permitted because a conflicting "
            "RRSet of type CNAME with the same DNS name already exists in zone example.test.",
        ),
        (
            [("CREATE", record("a.other.test", "A", "192.0.2.1"))],
            "RRSet with DNS name a.other.test. is not permitted in zone example.test.",
        ),
        (
            [("CREATE", record("badexample.test", "A", "192.0.2.1"))],
            "is not permitted in zone example.test.",
        ),
        (
            [("CREATE", record("b.example.test", "TXT", "plain"))],
            "Invalid Resource Record: 'FATAL problem: InvalidCharacterString (Value should be "
            "enclosed in quotation marks) encountered with 'plain''",
        ),
        (
            [("CREATE", record("b.example.test", "A", "192.0.2.1", "192.0.2.1"))],
            "Duplicate Resource Record: '192.0.2.1'",
        ),
        (
            [("CREATE", record("b.example.test", "CNAME", "x.test", "y.test"))],
            "must have exactly one value",
        ),
        (
            [("CREATE", record("a..example.test", "A", "192.0.2.1"))],
            "DomainLabelEmpty",
        ),
        (
            [("CREATE", record("w.example.test", "A", "192.0.2.1"))],
            "cannot be created as other RRSets exist with the same name and type.",
        ),
        (
            [
                (
                    "CREATE",
                    record(
                        "f.example.test", "A", "192.0.2.1", SetIdentifier="2", Failover="PRIMARY"
                    ),
                )
            ],
            "cannot be created as another PRIMARY RRSet exists",
        ),
        (
            [GOOD, GOOD],
            "The request contains an invalid set of changes for a resource record set 'A good.example.test.'",
        ),
        ([("DELETE", record("example.test", "SOA", "x"))], "do not match the current values"),
        (
            [("CREATE", alias("b.example.test", "ZELB", "no.elb.amazonaws.com"))],
            "Tried to create an alias that targets no.elb.amazonaws.com., type A in zone ZELB, but "
            "that target was not found",
        ),
    ],
)
def test_a_fault_is_said_and_nothing_is_changed(
    zone: HostedZone, changes: list[Change], words: str
) -> None:
    before = zone.client.list_resource_record_sets(HostedZoneId=zone.id)["ResourceRecordSets"]
    first = [] if GOOD in changes else [GOOD]
    with pytest.raises(ClientError) as caught:
        zone.change(*first, *changes)
    error = caught.value.response["Error"]
    assert error["Code"] == "InvalidChangeBatch"
    assert words in error["Message"]
    assert error["Message"].startswith("[")
    after = zone.client.list_resource_record_sets(HostedZoneId=zone.id)["ResourceRecordSets"]
    assert after == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            ("CREATE", {"Name": "b.example.test", "Type": "A"}),
            "Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or "
            "TrafficPolicyInstanceId], but found none in Change with [Action=CREATE, "
            "Name=b.example.test, Type=A, SetIdentifier=null]",
        ),
        (
            (
                "CREATE",
                {
                    "Name": "b.example.test",
                    "Type": "A",
                    "ResourceRecords": [{"Value": "192.0.2.1"}],
                },
            ),
            "but found none",
        ),
        (
            ("CREATE", alias("b.example.test", "Z", "a.example.test", TTL=60)),
            "but found more than one",
        ),
        (
            ("CREATE", record("b.example.test", "A", "192.0.2.1", Weight=0)),
            "Missing field 'SetIdentifier'",
        ),
        (
            ("CREATE", record("b.example.test", "A", "192.0.2.1", SetIdentifier="x")),
            "but found none in Change",
        ),
        (
            (
                "CREATE",
                record(
                    "b.example.test",
                    "A",
                    "192.0.2.1",
                    SetIdentifier="x",
                    GeoLocation={"CountryCode": "DE"},
                ),
            ),
            "does not have GeoLocation",
        ),
        (
            ("CREATE", record("b.example.test", "NAPTR", "x")),
            "does not answer records of type NAPTR",
        ),
    ],
)
def test_fields_that_do_not_go_together_are_invalid_input(
    zone: HostedZone, change: Change, words: str
) -> None:
    with pytest.raises(ClientError) as caught:
        zone.change(GOOD, change)
    assert caught.value.response["Error"]["Code"] == "InvalidInput"
    assert words in caught.value.response["Error"]["Message"]
    assert ("good.example.test.", "A") not in zone.records()


def test_every_fault_of_a_batch_is_said(zone: HostedZone) -> None:
    with pytest.raises(ClientError) as caught:
        zone.change(
            ("CREATE", record("a.example.test", "A", "192.0.2.1")),
            ("CREATE", record("b.example.test", "A", "x")),
        )
    message = caught.value.response["Error"]["Message"]
    assert "already exists" in message
    assert "ARRDATAIllegalIPv4Address" in message


def test_a_batch_may_put_another_type_in_the_place_of_a_cname(zone: HostedZone) -> None:
    zone.change(
        ("CREATE", record("c.example.test", "A", "192.0.2.3")),
        ("DELETE", record("c.example.test", "CNAME", "a.example.test")),
    )
    assert [kind for name, kind in zone.records() if name == "c.example.test."] == ["A"]


def test_upsert_creates_and_replaces_and_delete_takes_the_same_values(zone: HostedZone) -> None:
    zone.upsert(record("A.example.test", "A", "192.0.2.8", "192.0.2.9", ttl=5))
    zone.upsert(record("new.example.test", "A", "192.0.2.8"))
    zone.change(("DELETE", record("a.example.test", "A", "192.0.2.9", "192.0.2.8", ttl=5)))
    assert ("a.example.test.", "A") not in zone.records()
    assert ("new.example.test.", "A") in zone.records()


def test_an_alias_leads_to_a_load_balancer_of_its_zone_or_a_record_of_its_own(
    zone: HostedZone, served: Served
) -> None:
    served.balancer("web")
    (balancer,) = served.client("elbv2").describe_load_balancers()["LoadBalancers"]
    there, name = balancer["CanonicalHostedZoneId"], balancer["DNSName"]
    zone.change(
        ("CREATE", alias("example.test", there, f"dualstack.{name}", evaluate=True)),
        ("CREATE", alias("again.example.test", zone.id, "example.test")),
    )
    found = zone.client.list_resource_record_sets(HostedZoneId=zone.id)["ResourceRecordSets"]
    (apex,) = [one for one in found if one["Type"] == "A" and one["Name"] == "example.test."]
    assert apex["AliasTarget"] == {
        "HostedZoneId": there,
        "DNSName": f"dualstack.{name.lower()}.",
        "EvaluateTargetHealth": True,
    }
    assert "TTL" not in apex
    for zone_id, target, words in (
        ("Z00000000", name, "does not lie within the target zone"),
        (zone.id, "x.other.test", "does not lie within the target zone"),
        (zone.id, "none.example.test", "was not found"),
        (zone.id, "self.example.test", "was not found"),
    ):
        with pytest.raises(ClientError, match=words):
            zone.change(("CREATE", alias("self.example.test", zone_id, target)))


def test_a_health_check_must_be_there(zone: HostedZone) -> None:
    said = record(
        "h.example.test", "A", "192.0.2.1", SetIdentifier="x", Weight=1, HealthCheckId="no"
    )
    with pytest.raises(zone.client.exceptions.NoSuchHealthCheck):
        zone.change(("CREATE", said))


def test_a_batch_has_its_limits(zone: HostedZone) -> None:
    many = [
        ("UPSERT", record(f"{n}.example.test", "A", *(f"192.0.{n}.{m}" for m in range(200))))
        for n in range(3)
    ]
    with pytest.raises(ClientError, match="Number of records limit of 1000 exceeded"):
        zone.change(*many)
    long = record("t.example.test", "TXT", *(f'"{n}{"x" * 240}"' for n in range(140)))
    with pytest.raises(ClientError, match="Number of characters limit of 32000 exceeded"):
        zone.change(("CREATE", long))
