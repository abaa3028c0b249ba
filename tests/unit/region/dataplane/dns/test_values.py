"""Values of records: what Route 53 takes, and its words for what it refuses."""

from __future__ import annotations

import pytest

from drydock.region.dataplane.dns.values import problem, strings


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("A", "192.0.2.1"),
        ("AAAA", "2001:db8::1"),
        ("CNAME", "www.example.test"),
        ("CNAME", "_x.acm-validations.aws."),
        ("MX", "0 mail.example.test."),
        ("SRV", "1 2 65535 host.example.test"),
        ("CAA", '0 issue "ca.example; account=1"'),
        ("CAA", '0 issue ";"'),
        ("TXT", '"one" "two"'),
        ("TXT", '"v=DKIM1; p=\\"\\057"'),
        ("SPF", '"v=spf1 -all"'),
        ("NS", "ns.example.test"),
        ("PTR", "example.test"),
        ("SOA", "a.test. b.test. 1 7200 900 1209600 86400"),
    ],
)
def test_what_is_taken(kind: str, value: str) -> None:
    assert problem(kind, value) == ""


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("A", "192.0.2.256", "ARRDATAIllegalIPv4Address"),
        ("A", "example.test", "ARRDATAIllegalIPv4Address"),
        ("A", "", "EmptyRData"),
        ("AAAA", "192.0.2.1", "AAAARRDATAIllegalIPv6Address"),
        ("AAAA", "fe80::1%eth0", "AAAARRDATAIllegalIPv6Address"),
        ("CNAME", "a..test", "DomainLabelEmpty"),
        ("CNAME", "a b", "UnsupportedCharacter"),
        ("MX", "mail.example.test", "must have 2 fields"),
        ("MX", "70000 mail.example.test", "IllegalNumber"),
        ("SRV", "1 2 host.example.test", "must have 4 fields"),
        ("SRV", "1 x 3 host.example.test", "IllegalNumber"),
        ("CAA", "0 issue", "must have 3 fields"),
        ("CAA", "0 issue ca.example", "InvalidCharacterString"),
        ("CAA", '256 issue "ca"', "IllegalNumber"),
        ("CAA", '0 iss-ue "ca"', "IllegalTag"),
        ("TXT", "plain", "InvalidCharacterString"),
        ("TXT", '"open', "InvalidCharacterString"),
        ("TXT", f'"{"x" * 256}"', "CharacterStringTooLong"),
    ],
)
def test_what_is_refused(kind: str, value: str, words: str) -> None:
    assert words in problem(kind, value)


def test_strings_are_unescaped() -> None:
    assert strings('"a\\"b\\\\c" "\\101\\052"') == (b'a"b\\c', b"A*")
    assert strings('"ü"') == ("ü".encode(),)
