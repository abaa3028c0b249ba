"""What a VPC's resolver answers."""

from __future__ import annotations

from ipaddress import IPv4Address

from dnslib import QTYPE, RCODE, DNSRecord

from drydock.region.network.dns import Name, answer

ZONE = {
    "db-1.example": Name((IPv4Address("10.0.0.7"),)),
    "cluster.example": Name(alias="db-1.example"),
    "lb.example": Name((IPv4Address("10.0.0.4"), IPv4Address("10.0.1.4"))),
}


def ask(name: str, kind: str = "A") -> tuple[str, list[tuple[str, str]]]:
    reply = answer(DNSRecord.question(name, kind), ZONE)
    return RCODE[reply.header.rcode], [(QTYPE[r.rtype], str(r.rdata).rstrip(".")) for r in reply.rr]


def test_an_address() -> None:
    assert ask("db-1.example") == ("NOERROR", [("A", "10.0.0.7")])
    assert ask("DB-1.Example.") == ("NOERROR", [("A", "10.0.0.7")])


def test_every_address() -> None:
    assert ask("lb.example")[1] == [("A", "10.0.0.4"), ("A", "10.0.1.4")]


def test_an_alias_is_followed() -> None:
    assert ask("cluster.example") == ("NOERROR", [("CNAME", "db-1.example"), ("A", "10.0.0.7")])


def test_a_name_without_an_address_of_that_kind_exists_all_the_same() -> None:
    assert ask("db-1.example", "AAAA") == ("NOERROR", [])


def test_an_unknown_name_does_not() -> None:
    assert ask("example.org") == ("NXDOMAIN", [])
