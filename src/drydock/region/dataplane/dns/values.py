"""Validate and parse values of records as Route 53 writes them.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from drydock.region.dataplane.dns.names import labels

KINDS = ("A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SPF", "SRV", "TXT")
"""The types that the region's DNS answers. AWS has more: DS, HTTPS, NAPTR, SSHFP, SVCB, TLSA."""

_STRINGS = re.compile(r'\s*"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(rb"\\([0-3][0-7][0-7]|.)", re.DOTALL)
_TAG = re.compile(r"[a-zA-Z0-9]{1,15}")
_LONGEST_STRING = 255
_LONGEST_VALUE = 4000


def problem(kind: str, value: str) -> str:
    """Return Route 53's message about an invalid value; empty if it is valid."""
    if not value:
        return "EmptyRData (Value is empty) encountered with ''"
    if len(value) > _LONGEST_VALUE:
        return f"RDATATooLong (Value is longer than {_LONGEST_VALUE} characters) encountered with '{value}'"
    try:
        _CHECKS[kind](value)
    except ValueError as error:
        return str(error)
    return ""


def strings(value: str) -> tuple[bytes, ...]:
    """Return the character strings of a TXT value, unescaped.

    Raises ValueError with Route 53's message.
    """
    found, place = [], 0
    rest = value.rstrip()
    while place < len(rest):
        match = _STRINGS.match(rest, place)
        if match is None:
            raise ValueError(
                "InvalidCharacterString (Value should be enclosed in quotation marks) encountered "
                f"with '{value}'"
            )
        text = _ESCAPE.sub(_unescape, match[1].encode())
        if len(text) > _LONGEST_STRING:
            raise ValueError(
                f"CharacterStringTooLong (String is too long) encountered with '{match[0].strip()}'"
            )
        found.append(text)
        place = match.end()
    return tuple(found)


def _unescape(match: re.Match[bytes]) -> bytes:
    said = match[1]
    return bytes([int(said, 8)]) if len(said) == 3 else said


def fields(kind: str, value: str, count: int) -> list[str]:
    """Return the fields of a value. Raises ValueError with Route 53's message."""
    found = value.split(maxsplit=count - 1) if kind == "CAA" else value.split()
    if len(found) != count:
        raise ValueError(
            f"{kind}RRDATANotEnoughFields ({kind} value must have {count} fields) encountered with "
            f"'{value}'"
        )
    return found


def _number(kind: str, text: str, most: int) -> None:
    if not (text.isascii() and text.isdigit() and int(text) <= most):
        raise ValueError(
            f"{kind}RRDATAIllegalNumber (Value is not a number from 0 to {most}) encountered with "
            f"'{text}'"
        )


def _a(value: str) -> None:
    try:
        IPv4Address(value)
    except AddressValueError:
        raise ValueError(
            "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with "
            f"'{value}'"
        ) from None


def _aaaa(value: str) -> None:
    try:
        valid = IPv6Address(value).scope_id is None
    except AddressValueError:
        valid = False
    if not valid:
        raise ValueError(
            "AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address) encountered with "
            f"'{value}'"
        )


def _name(value: str) -> None:
    if not labels(value):
        raise ValueError(f"DomainLabelEmpty (Domain label is empty) encountered with '{value}'")


def _mx(value: str) -> None:
    preference, host = fields("MX", value, 2)
    _number("MX", preference, 65535)
    labels(host)


def _srv(value: str) -> None:
    *numbers, host = fields("SRV", value, 4)
    for one in numbers:
        _number("SRV", one, 65535)
    labels(host)


def _caa(value: str) -> None:
    flags, tag, said = fields("CAA", value, 3)
    _number("CAA", flags, 255)
    if not _TAG.fullmatch(tag):
        raise ValueError(f"CAARRDATAIllegalTag (Value is not a valid tag) encountered with '{tag}'")
    if len(strings(said)) != 1:
        raise ValueError(
            "InvalidCharacterString (Value should be enclosed in quotation marks) encountered with "
            f"'{said}'"
        )


def _soa(value: str) -> None:
    server, mailbox, *numbers = fields("SOA", value, 7)
    labels(server)
    labels(mailbox)
    for one in numbers:
        _number("SOA", one, 2**32 - 1)


def _text(value: str) -> None:
    strings(value)


_CHECKS: dict[str, Callable[[str], None]] = {
    "A": _a,
    "AAAA": _aaaa,
    "CAA": _caa,
    "CNAME": _name,
    "MX": _mx,
    "NS": _name,
    "PTR": _name,
    "SOA": _soa,
    "SPF": _text,
    "SRV": _srv,
    "TXT": _text,
}
