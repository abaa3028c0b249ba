"""Packets: what comes back for good ones, odd ones and noise."""

from __future__ import annotations

import pytest
from dnslib import EDNS0, OPCODE, QTYPE, RCODE, DNSHeader, DNSQuestion, DNSRecord
from hypothesis import given
from hypothesis import strategies as st

from drydock.region.dataplane.dns.model import Layer, View, Zone, rrset
from drydock.region.dataplane.dns.wire import LARGEST, SMALLEST, TCP, reply

SOA = "ns-1.example. host.example. 1 7200 900 1209600 86400"
VIEW = View(
    (
        Layer(
            (
                Zone.of(
                    "Z",
                    1,
                    "a.test",
                    [
                        rrset("a.test", "SOA", SOA),
                        rrset("a.test", "NS", "ns-1.example."),
                        rrset("www.a.test", "A", "192.0.2.1"),
                        rrset("few.a.test", "A", "192.0.2.1", "192.0.2.2"),
                        rrset("many.a.test", "A", *(f"192.0.2.{n}" for n in range(100))),
                        rrset("txt.a.test", "TXT", '"one" "t\\167o" "q\\"q"', '""'),
                        rrset("a.test", "MX", "10 mail.a.test"),
                        rrset("_s._tcp.a.test", "SRV", "1 2 3 www.a.test."),
                        rrset("a.test", "CAA", '128 issue "ca.example; x=y"'),
                        rrset("six.a.test", "AAAA", "2001:db8::1"),
                        rrset("ptr.a.test", "PTR", "www.a.test."),
                        rrset("*.w.a.test", "SPF", '"v=spf1"'),
                    ],
                ),
            ),
            public=True,
        ),
    )
)


def ask(query: DNSRecord, largest: int = LARGEST, view: View | None = VIEW) -> DNSRecord:
    packet = reply(bytes(query.pack()), view, largest=largest)
    assert len(packet) <= largest
    found = DNSRecord.parse(packet)
    assert found.header.id == query.header.id
    return found


def question(name: str, kind: str = "A", edns: int = 0, version: int = 0) -> DNSRecord:
    query = DNSRecord.question(name, kind)
    if edns:
        query.add_ar(EDNS0(udp_len=edns, version=version))
    return query


@pytest.mark.parametrize(
    ("name", "kind", "value"),
    [
        ("www.a.test", "A", "192.0.2.1"),
        ("six.a.test", "AAAA", "2001:db8::1"),
        ("a.test", "MX", "10 mail.a.test."),
        ("_s._tcp.a.test", "SRV", "1 2 3 www.a.test."),
        ("a.test", "CAA", '128 issue "ca.example; x=y"'),
        ("a.test", "NS", "ns-1.example."),
        ("a.test", "SOA", SOA),
        ("ptr.a.test", "PTR", "www.a.test."),
    ],
)
def test_each_type_as_it_was_written(name: str, kind: str, value: str) -> None:
    (found,) = ask(question(name, kind)).rr
    assert (QTYPE[found.rtype], str(found.rdata)) == (kind, value)


def test_texts_of_several_strings_with_escapes() -> None:
    found = [one.rdata.data for one in ask(question("txt.a.test", "TXT")).rr]
    assert sorted(found) == [[b""], [b"one", b"two", b'q"q']]


def test_a_caa_value_of_any_bytes() -> None:
    zone = Zone.of("Z", 1, "a.test", [rrset("a.test", "CAA", '0 issue "\\377"')])
    view = View((Layer((zone,)),))
    packet = reply(bytes(question("a.test", "CAA").pack()), view, largest=LARGEST)
    assert packet.endswith(b"\x00\x05issue\xff")


def test_values_come_in_any_order() -> None:
    seen = {str(ask(question("few.a.test")).rr[0].rdata) for _ in range(50)}
    assert seen == {"192.0.2.1", "192.0.2.2"}


def test_as_much_as_tcp_holds() -> None:
    values = [f'"{number:03d}{"x" * 240}"' for number in range(300)]
    for count, cut in ((200, 0), (300, 1)):
        zone = Zone.of("Z", 1, "a.test", [rrset("a.test", "TXT", *values[:count])])
        found = ask(question("a.test", "TXT"), TCP, View((Layer((zone,)),)))
        assert (found.header.tc, len(found.rr)) == (cut, 0 if cut else count)


def test_the_name_comes_back_in_the_askers_letters() -> None:
    found = ask(question("wWw.A.tEst"))
    assert bytes(found.rr[0].rname.label[0]) == b"wWw"
    assert found.header.aa == 1


def test_a_long_answer_is_cut_to_what_the_client_takes() -> None:
    for query in (question("many.a.test"), question("many.a.test", edns=512)):
        short = ask(query)
        assert (short.header.tc, short.rr, len(short.questions)) == (1, [], 1)
        assert len(reply(bytes(query.pack()), VIEW, largest=LARGEST)) <= SMALLEST
    whole = ask(question("many.a.test"), TCP)
    assert (whole.header.tc, len(whole.rr)) == (0, 100)


def test_edns_is_answered_with_edns_and_another_version_refused() -> None:
    (opt,) = ask(question("www.a.test", edns=4096)).ar
    assert (opt.rtype, opt.rclass) == (QTYPE.OPT, LARGEST)
    assert ask(question("www.a.test")).ar == []
    bad = ask(question("www.a.test", edns=4096, version=1))
    assert (bad.rr, bad.ar[0].ttl >> 24, bad.header.rcode) == ([], 1, 0)


def test_nothing_claims_to_be_authenticated() -> None:
    query = DNSRecord(DNSHeader(ad=1, rd=1), q=DNSQuestion("www.a.test"))
    header = ask(query).header
    assert (header.ad, header.rd, header.ra) == (0, 1, 1)


def test_what_is_not_a_plain_question_gets_a_code() -> None:
    update = DNSRecord(DNSHeader(opcode=OPCODE.UPDATE), q=DNSQuestion("a.test"))
    assert ask(update).header.rcode == RCODE.NOTIMP
    two = DNSRecord(DNSHeader(), questions=[DNSQuestion("a.test"), DNSQuestion("b.test")])
    assert ask(two).header.rcode == RCODE.FORMERR
    assert ask(question("a.test", "AXFR")).header.rcode == RCODE.REFUSED
    chaos = DNSRecord(q=DNSQuestion("version.bind", QTYPE.TXT, 3))
    assert ask(chaos).header.rcode == RCODE.REFUSED
    unknown = DNSRecord(q=DNSQuestion("www.a.test", 65280))
    assert (ask(unknown).header.rcode, ask(unknown).rr) == (RCODE.NOERROR, [])


def test_replies_are_not_replied_to() -> None:
    answer = DNSRecord(DNSHeader(qr=1), q=DNSQuestion("a.test"))
    assert reply(bytes(answer.pack()), VIEW, largest=LARGEST) == b""


def test_before_there_is_a_view_the_server_fails() -> None:
    assert ask(question("www.a.test"), view=None).header.rcode == RCODE.SERVFAIL


def test_a_broken_packet_with_a_header_is_a_format_error() -> None:
    packet = bytes(question("www.a.test").pack())[:-3]
    assert DNSRecord.parse(reply(packet, VIEW, largest=LARGEST)).header.rcode == RCODE.FORMERR
    assert reply(packet[:11], VIEW, largest=LARGEST) == b""


@given(st.binary(max_size=80))
def test_noise_never_raises(noise: bytes) -> None:
    reply(noise, VIEW, largest=LARGEST)


@given(st.data())
def test_damaged_questions_never_raise(data: st.DataObject) -> None:
    packet = bytearray(bytes(question("txt.a.test", "TXT", edns=1232).pack()))
    for _ in range(data.draw(st.integers(1, 4))):
        packet[data.draw(st.integers(0, len(packet) - 1))] = data.draw(st.integers(0, 255))
    assert len(reply(bytes(packet), VIEW, largest=LARGEST)) <= LARGEST
