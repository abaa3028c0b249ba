"""Parse questions and build answers as bytes: RFC 1035, EDNS (RFC 6891), truncation (RFC 2181, 9)."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterable

from dnslib import (
    AAAA,
    CLASS,
    CNAME,
    EDNS0,
    MX,
    NS,
    OPCODE,
    PTR,
    QR,
    QTYPE,
    RCODE,
    RD,
    RR,
    SOA,
    SRV,
    TXT,
    A,
    DNSBuffer,
    DNSError,
    DNSHeader,
    DNSLabel,
    DNSRecord,
)

from drydock.region.dataplane.dns.answering import ANY, Answer, Record, resolve
from drydock.region.dataplane.dns.model import View
from drydock.region.dataplane.dns.names import Labels, labels
from drydock.region.dataplane.dns.values import fields, strings

log = logging.getLogger(__name__)

SMALLEST = 512
"""Bytes of a UDP answer to a client that does not announce more."""
LARGEST = 1232
"""The limit of a UDP answer in bytes: https://www.dnsflagday.net/2020/"""
TCP = 65535
_ANY_CLASS = 255
_BAD_VERSION = 1
"""The upper bits of BADVERS, 16 (RFC 6891, 9)."""
_REFUSED = frozenset({"AXFR", "IXFR", "MAILA", "MAILB"})


def reply(
    data: bytes, view: View | None, *, largest: int, rng: random.Random | None = None
) -> bytes:
    """Return the reply to a packet; empty: none. `largest` bytes at most, else truncated.

    Never raises.

    Without a view the server has no data yet: SERVFAIL.
    """
    try:
        query = DNSRecord.parse(data)
    except (DNSError, ValueError, IndexError) as error:
        log.debug("a question that is none", extra={"error": str(error)})
        return _malformed(data)
    if query.header.qr == QR.RESPONSE:
        return b""
    answer = _reply(query, view, rng)
    packed = bytes(answer.pack())
    edns = _edns(query)
    room = largest if largest == TCP else min(largest, max(SMALLEST, edns.rclass if edns else 0))
    if len(packed) <= room:
        return packed
    short = DNSRecord(
        answer.header, q=answer.q, ar=[one for one in answer.ar if one.rtype == QTYPE.OPT]
    )
    short.header.tc = 1
    return bytes(short.pack())


def _reply(query: DNSRecord, view: View | None, rng: random.Random | None) -> DNSRecord:
    answer = query.reply(aa=0, ra=1)
    answer.header.ad = 0  # nothing here is signed
    edns = _edns(query)
    if edns is not None:
        old = not edns.ttl >> 16 & 0xFF
        answer.add_ar(EDNS0(udp_len=LARGEST, ext_rcode=0 if old else _BAD_VERSION))
        if not old:
            return answer
    if query.header.opcode != OPCODE.QUERY:
        answer.header.rcode = RCODE.NOTIMP
        return answer
    if len(query.questions) != 1:
        answer.header.rcode = RCODE.FORMERR
        return answer
    kind = QTYPE.forward.get(query.q.qtype, f"TYPE{query.q.qtype}")
    if query.q.qclass not in (CLASS.IN, _ANY_CLASS) or kind in _REFUSED:
        answer.header.rcode = RCODE.REFUSED
        return answer
    if view is None:
        answer.header.rcode = RCODE.SERVFAIL
        return answer
    name = tuple(bytes(label).lower() for label in query.q.qname.label)
    found = resolve(view, name, kind, rng)
    _fill(answer, found, name, view)
    return answer


def _fill(answer: DNSRecord, found: Answer, asked: Labels, view: View) -> None:
    answer.header.rcode = getattr(RCODE, found.code)
    answer.header.aa = int(found.authoritative and not view.recursive)
    # in the client's own case: some compare it (draft-vixie-dnsext-dns0x20)
    for one in _packed(found.records, {asked: answer.q.qname}):
        answer.add_answer(one)
    for one in _packed(found.authority, {}):
        answer.add_auth(one)
    for one in _packed(found.additional, {}):
        answer.add_ar(one)


def _packed(records: Iterable[Record], spelled: dict[Labels, DNSLabel]) -> Iterable[RR]:
    for one in records:
        owner = spelled.get(one.owner) or DNSLabel(list(one.owner))
        yield RR(owner, getattr(QTYPE, one.kind), ttl=one.ttl, rdata=rdata(one.kind, one.value))


def rdata(kind: str, value: str) -> object:
    """Return a valid value as dnslib's. Raises ValueError, KeyError."""
    if kind in ("TXT", "SPF"):
        return TXT(list(strings(value)))
    if kind == "CAA":
        flags, tag, said = fields("CAA", value, 3)
        # dnslib's own takes only text
        return RD(bytes([int(flags), len(tag)]) + tag.encode() + strings(said)[0])
    if kind == "MX":
        preference, host = fields("MX", value, 2)
        return MX(_label(host), int(preference))
    if kind == "SRV":
        priority, weight, port, host = fields("SRV", value, 4)
        return SRV(int(priority), int(weight), int(port), _label(host))
    if kind == "SOA":
        server, mailbox, *times = fields("SOA", value, 7)
        return SOA(_label(server), _label(mailbox), [int(one) for one in times])
    if kind in ("A", "AAAA"):
        return {"A": A, "AAAA": AAAA}[kind](value)
    return {"CNAME": CNAME, "NS": NS, "PTR": PTR}[kind](_label(value))


def _label(name: str) -> DNSLabel:
    return DNSLabel(list(labels(name)))


def _edns(query: DNSRecord) -> RR | None:
    return next((one for one in query.ar if one.rtype == QTYPE.OPT), None)


def _malformed(data: bytes) -> bytes:
    """Return FORMERR for a malformed question with at least a header, else nothing."""
    if len(data) < 12:
        return b""
    header = DNSHeader.parse(DNSBuffer(data))
    if header.qr == QR.RESPONSE:
        return b""
    return bytes(DNSRecord(DNSHeader(id=header.id, qr=1, rcode=RCODE.FORMERR, ra=1)).pack())


__all__ = ["ANY", "LARGEST", "TCP", "rdata", "reply"]
