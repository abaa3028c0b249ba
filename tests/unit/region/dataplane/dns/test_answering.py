"""Answers from zones: wildcards, delegation, CNAMEs, aliases, and the right code for each."""

from __future__ import annotations

import pytest

from drydock.region.dataplane.dns.answering import Answer, resolve
from drydock.region.dataplane.dns.model import Alias, Layer, Rrset, View, Zone, rrset
from drydock.region.dataplane.dns.names import labels, readable
from drydock.region.dataplane.dns.reverse_lookup import leading_to

SOA = "ns-1.example. host.example. 1 7200 900 1209600 86400"


def zone(apex: str, *rrsets: Rrset, ns: str = "ns-1.example.", zone_id: str = "") -> Zone:
    own = (rrset(apex, "SOA", SOA, ttl=900), rrset(apex, "NS", ns))
    return Zone.of(zone_id or apex, 1, apex, [*own, *rrsets])


def alias(name: str, target: str, *, inside: bool = True, kind: str = "A") -> Rrset:
    return Rrset(labels(name), kind, alias=Alias(labels(target), inside))


def public(*zones: Zone, recursive: bool = False) -> View:
    return View((Layer(zones, public=True),), recursive=recursive)


def ask(view: View, name: str, kind: str = "A") -> Answer:
    return resolve(view, labels(name), kind)


def said(answer: Answer) -> tuple[str, list[tuple[str, str, str]], list[str]]:
    """Code, records and the types in the authority section."""
    return (
        answer.code,
        [(readable(one.owner), one.kind, one.value) for one in answer.records],
        [one.kind for one in answer.authority],
    )


# RFC 4592, 2.2.1, the example zone and its questions
WILD = public(
    zone(
        "example",
        rrset("*.example", "TXT", '"this is a wildcard"'),
        rrset("*.example", "MX", "10 host1.example."),
        rrset("sub.*.example", "TXT", '"this is not a wildcard"'),
        rrset("host1.example", "A", "192.0.2.1"),
        rrset("_ssh._tcp.host1.example", "SRV", "0 0 22 host1.example."),
        rrset("_ssh._tcp.host2.example", "SRV", "0 0 22 host2.example."),
        rrset("subdel.example", "NS", "ns.example.com.", "ns.example.net."),
    )
)


@pytest.mark.parametrize(
    ("name", "kind", "code", "answers", "authority"),
    [
        ("host3.example", "MX", "NOERROR", ["10 host1.example."], []),
        ("host3.example", "A", "NOERROR", [], ["SOA"]),
        ("foo.bar.example", "TXT", "NOERROR", ['"this is a wildcard"'], []),
        ("host1.example", "MX", "NOERROR", [], ["SOA"]),
        ("sub.*.example", "MX", "NOERROR", [], ["SOA"]),
        ("_telnet._tcp.host1.example", "SRV", "NXDOMAIN", [], ["SOA"]),
        ("host.subdel.example", "A", "NOERROR", [], ["NS", "NS"]),
        ("ghost.*.example", "MX", "NXDOMAIN", [], ["SOA"]),
        ("host2.example", "A", "NOERROR", [], ["SOA"]),
    ],
)
def test_wildcards_are_rfc_4592s(
    name: str, kind: str, code: str, answers: list[str], authority: list[str]
) -> None:
    answer = ask(WILD, name, kind)
    assert said(answer) == (code, [(name, kind, one) for one in answers], authority)


def test_a_negative_answer_lasts_as_long_as_the_soa_says() -> None:
    assert ask(WILD, "host1.example", "TXT").authority[0].ttl == 900


def test_outside_of_every_zone_a_server_refuses_and_a_resolver_finds_nothing() -> None:
    one = zone("a.test", rrset("c.a.test", "CNAME", "elsewhere.example."))
    assert said(ask(public(one), "b.test")) == ("REFUSED", [], [])
    assert said(ask(public(one, recursive=True), "b.test")) == ("NXDOMAIN", [], [])
    cname = [("c.a.test", "CNAME", "elsewhere.example.")]
    assert said(ask(public(one), "c.a.test")) == ("NOERROR", cname, [])
    assert said(ask(public(one, recursive=True), "c.a.test")) == ("NXDOMAIN", cname, [])


def test_cnames_are_followed_from_zone_to_zone_and_not_for_ever() -> None:
    view = public(
        zone(
            "a.test",
            rrset("w.a.test", "CNAME", "W.B.test."),
            rrset("x.a.test", "CNAME", "y.a.test"),
            rrset("y.a.test", "CNAME", "x.a.test"),
            rrset("z.a.test", "CNAME", "none.a.test"),
        ),
        zone("b.test", rrset("w.b.test", "A", "192.0.2.1")),
    )
    assert said(ask(view, "w.a.test")) == (
        "NOERROR",
        [("w.a.test", "CNAME", "W.B.test."), ("w.b.test", "A", "192.0.2.1")],
        [],
    )
    assert said(ask(view, "w.a.test", "CNAME"))[1] == [("w.a.test", "CNAME", "W.B.test.")]
    assert ask(view, "x.a.test").code == "SERVFAIL"
    assert said(ask(view, "z.a.test")) == (
        "NXDOMAIN",
        [("z.a.test", "CNAME", "none.a.test")],
        ["SOA"],
    )


def test_a_child_zone_is_found_by_its_parents_delegation_alone() -> None:
    child = zone("app.a.test", rrset("w.app.a.test", "A", "192.0.2.1"), ns="ns-7.example.")
    alone = zone("a.test")
    assert ask(public(alone, child), "w.app.a.test").code == "NXDOMAIN"
    delegating = zone("a.test", rrset("app.a.test", "NS", "NS-7.example."))
    assert said(ask(public(delegating, child), "w.app.a.test"))[0] == "NOERROR"
    assert ask(public(delegating, child), "app.a.test", "SOA").records[0].owner == labels(
        "app.a.test"
    )
    elsewhere = zone(
        "a.test",
        rrset("app.a.test", "NS", "ns.app.a.test."),
        rrset("ns.app.a.test", "A", "192.0.2.53"),
    )
    referral = ask(public(elsewhere, child), "w.app.a.test")
    assert (said(referral), referral.authoritative) == (("NOERROR", [], ["NS"]), False)
    assert [one.value for one in referral.additional] == ["192.0.2.53"]
    assert ask(public(elsewhere, child, recursive=True), "w.app.a.test").code == "SERVFAIL"


def test_of_two_zones_with_one_name_the_delegated_one_answers() -> None:
    first = zone("b.a.test", rrset("w.b.a.test", "A", "192.0.2.1"), ns="ns-1.x.", zone_id="1")
    second = zone("b.a.test", rrset("w.b.a.test", "A", "192.0.2.2"), ns="ns-2.x.", zone_id="2")
    parent = zone("a.test", rrset("b.a.test", "NS", "ns-2.x."))
    assert ask(public(parent, first, second), "w.b.a.test").records[0].value == "192.0.2.2"
    assert ask(public(first, second), "w.b.a.test").records[0].value == "192.0.2.1"


def test_the_first_layer_with_a_zone_for_a_name_answers_and_the_longest_name_in_it() -> None:
    private = Layer(
        (
            zone("a.test", rrset("w.a.test", "A", "10.0.0.1")),
            zone("deep.a.test", rrset("w.deep.a.test", "A", "10.0.0.2")),
        )
    )
    outside = Layer(
        (
            zone("a.test", rrset("p.a.test", "A", "192.0.2.1")),
            zone("b.test", rrset("w.b.test", "A", "192.0.2.2")),
        ),
        public=True,
    )
    view = View((private, outside), recursive=True)
    assert ask(view, "w.a.test").records[0].value == "10.0.0.1"
    assert ask(view, "w.deep.a.test").records[0].value == "10.0.0.2"
    assert ask(view, "p.a.test").code == "NXDOMAIN"
    assert ask(view, "w.b.test").records[0].value == "192.0.2.2"


AWS = Zone.of(
    "",
    0,
    "amazonaws.com",
    [
        rrset("amazonaws.com", "SOA", SOA),
        rrset("lb-1.elb.amazonaws.com", "A", "127.0.0.1", ttl=1),
    ],
)


def test_aliases_give_other_records_as_ones_own() -> None:
    view = public(
        zone(
            "a.test",
            alias("a.test", "lb-1.elb.amazonaws.com", inside=False),
            alias("a.test", "lb-1.elb.amazonaws.com", inside=False, kind="AAAA"),
            alias("again.a.test", "a.test"),
            alias("w.a.test", "any.wild.a.test"),
            rrset("*.wild.a.test", "A", "192.0.2.7", ttl=33),
            alias("gone.a.test", "none.a.test"),
            alias("x.a.test", "y.a.test"),
            alias("y.a.test", "x.a.test"),
        ),
        AWS,
    )
    assert said(ask(view, "a.test")) == ("NOERROR", [("a.test", "A", "127.0.0.1")], [])
    assert said(ask(view, "a.test", "AAAA")) == ("NOERROR", [], ["SOA"])
    assert said(ask(view, "again.a.test"))[1] == [("again.a.test", "A", "127.0.0.1")]
    found = ask(view, "w.a.test").records
    assert [(one.value, one.ttl) for one in found] == [("192.0.2.7", 33)]
    for name in ("gone.a.test", "x.a.test"):
        assert said(ask(view, name)) == ("NOERROR", [], ["SOA"])


def test_any_is_every_record_of_a_name() -> None:
    one = zone("a.test", rrset("w.a.test", "A", "192.0.2.1"), rrset("w.a.test", "TXT", '"x"'))
    assert {kind for _, kind, _ in said(ask(public(one), "w.a.test", "ANY"))[1]} == {"A", "TXT"}


def test_names_that_lead_somewhere_are_found_through_cnames_and_aliases() -> None:
    view = public(
        zone(
            "a.test",
            alias("a.test", "lb-1.elb.amazonaws.com", inside=False),
            rrset("www.a.test", "CNAME", "a.test."),
            rrset("*.w.a.test", "CNAME", "a.test."),
            rrset("via.a.test", "CNAME", "x.w.a.test."),
            rrset("other.a.test", "A", "192.0.2.1"),
            rrset("loop.a.test", "CNAME", "loop.a.test."),
        ),
        zone("hidden.a.test", rrset("h.hidden.a.test", "CNAME", "a.test.")),
        AWS,
    )
    target = labels("lb-1.elb.amazonaws.com")
    found = leading_to(view, [target])[target]
    assert {readable(one) for one in found} == {"a.test", "www.a.test", "via.a.test"}
