"""What the public DNS says of a domain, from the zones that Route 53 has."""

from __future__ import annotations

import pytest

from drydock.region.services.acm.controller.public import Record, Zone, caa_allows, stands, why_not

NAME, VALUE = "_a.www.shop.test.", "_b.acm-validations.aws."


def zone(name: str, *records: Record, private: bool = False) -> Zone:
    return Zone(name, private, records)


def cname(value: str = "_b.acm-validations.aws", name: str = "_a.www.shop.test") -> Record:
    return Record(name, "CNAME", (value,))


def caa(name: str, *values: str) -> Record:
    return Record(name, "CAA", values)


def test_the_record_stands_in_the_public_zone_with_the_longest_name() -> None:
    assert stands([zone("shop.test", cname())], NAME, VALUE)
    assert stands([zone("shop.test", cname("_B.ACM-validations.aws."))], NAME, VALUE)
    assert stands([zone("shop.test"), zone("shop.test", cname())], NAME, VALUE)
    assert stands([zone("www.shop.test", cname()), zone("shop.test")], NAME, VALUE)


@pytest.mark.parametrize(
    ("zones", "words"),
    [
        ([], "no public hosted zone of the region is for _a.www.shop.test"),
        ([zone("op.test", cname())], "no public hosted zone"),
        ([zone("shop.test")], "the public hosted zone shop.test has no CNAME _a.www.shop.test"),
        (
            [zone("www.shop.test"), zone("shop.test", cname())],
            "the public hosted zone www.shop.test has no CNAME",
        ),
        ([zone("shop.test", cname(), private=True)], "stands in a private hosted zone"),
        (
            [zone("shop.test"), zone("shop.test", cname(), private=True)],
            "stands in a private hosted zone",
        ),
        (
            [zone("shop.test", cname("_other.acm-validations.aws"))],
            "points to _other.acm-validations.aws instead of _b.acm-validations.aws",
        ),
        ([zone("shop.test", Record("_a.www.shop.test", "CAA", (VALUE,)))], "has no CNAME"),
    ],
)
def test_what_keeps_it_from_standing_is_said(zones: list[Zone], words: str) -> None:
    assert not stands(zones, NAME, VALUE)
    assert words in why_not(zones, NAME, VALUE)


AMAZON, OTHER = '0 issue "amazon.com"', '0 issue "letsencrypt.org"'


@pytest.mark.parametrize(
    ("domain", "records", "allowed"),
    [
        ("www.shop.test", [], True),
        ("www.shop.test", [caa("shop.test", AMAZON)], True),
        ("www.shop.test", [caa("shop.test", OTHER)], False),
        ("www.shop.test", [caa("shop.test", OTHER, AMAZON)], True),
        ("www.shop.test", [caa("shop.test", '0 issue ";"')], False),
        ("www.shop.test", [caa("shop.test", '0 issue "amazonaws.com; policy=ev"')], True),
        ("www.shop.test", [caa("shop.test", '0 iodef "mailto:a@shop.test"')], True),
        ("www.shop.test", [caa("shop.test", OTHER), caa("www.shop.test", AMAZON)], True),
        ("shop.test", [caa("www.shop.test", OTHER)], True),
        ("*.shop.test", [caa("shop.test", OTHER)], False),
        ("*.shop.test", [caa("shop.test", OTHER, '0 issuewild "amazon.com"')], True),
        ("*.shop.test", [caa("shop.test", AMAZON, '0 issuewild ";"')], False),
        ("shop.test", [caa("shop.test", AMAZON, '0 issuewild ";"')], True),
    ],
)
def test_caa_records_say_who_may_issue(domain: str, records: list[Record], allowed: bool) -> None:
    assert caa_allows([zone("shop.test", *records)], domain) is allowed


def test_a_private_zone_s_caa_is_nobody_s_business() -> None:
    assert caa_allows([zone("shop.test", caa("shop.test", OTHER), private=True)], "shop.test")
