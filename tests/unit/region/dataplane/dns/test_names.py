"""Names as Route 53 writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drydock.region.dataplane.dns.names import canonical, labels, readable, text, within


@pytest.mark.parametrize(
    ("written", "canonical_form"),
    [
        ("Example.COM", "example.com."),
        ("example.com.", "example.com."),
        ("*.example.com", "\\052.example.com."),
        ("\\052.example.com", "\\052.example.com."),
        ("_x._tcp.a-b.test", "_x._tcp.a-b.test."),
        ("0/25.2.0.192.in-addr.arpa", "0\\05725.2.0.192.in-addr.arpa."),
        ("a\\056b.test", "a\\056b.test."),
        (".", "."),
    ],
)
def test_route_53s_form(written: str, canonical_form: str) -> None:
    assert canonical(written) == canonical_form
    assert canonical(canonical_form) == canonical_form


def test_a_wildcard_is_one_label_however_it_is_written() -> None:
    assert labels("*.a.test") == labels("\\052.A.test.") == (b"*", b"a", b"test")
    assert readable(labels("\\052.a.test")) == "*.a.test"


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("a..test", "DomainLabelEmpty"),
        (f"{'a' * 64}.test", "DomainLabelTooLong"),
        (".".join(["a" * 60] * 5), "DomainNameTooLong"),
        ("a b.test", "UnsupportedCharacter"),
        ("a\\zz.test", "UnsupportedCharacter"),
    ],
)
def test_what_is_no_name_is_said_in_route_53s_words(written: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        labels(written)


@given(st.lists(st.binary(min_size=1, max_size=20).map(bytes.lower), min_size=1, max_size=6))
def test_every_name_survives_being_written(name: list[bytes]) -> None:
    assert labels(text(tuple(name))) == tuple(name)


def test_within() -> None:
    assert within(labels("a.b.test"), labels("b.test"))
    assert within(labels("b.test"), labels("b.test"))
    assert not within(labels("ab.test"), labels("b.test"))
    assert not within(labels("test"), labels("b.test"))
