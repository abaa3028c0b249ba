"""What is to be done about a certificate."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from drydock.region.services.acm.controller.plan import (
    VALIDITY,
    Issue,
    Mark,
    MarkRenewal,
    Proof,
    Rules,
    View,
    Wait,
    plan,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RULES = Rules(patience=72 * HOUR, renew_at=0.77)
PENDING = View(
    arn="arn",
    kind="AMAZON_ISSUED",
    status="PENDING_VALIDATION",
    names=("shop.test", "*.shop.test", "other.test"),
    algorithm="RSA_2048",
    created_at=NOW - HOUR,
)
ALL, NONE = Proof(frozenset(PENDING.names)), Proof(frozenset())
ISSUED = replace(
    PENDING,
    status="ISSUED",
    validated=frozenset(PENDING.names),
    issued_at=NOW - DAY,
    not_after=NOW - DAY + VALIDITY,
)
DUE = NOW - DAY + VALIDITY * 0.77


def test_a_certificate_waits_for_every_record() -> None:
    assert plan(PENDING, NONE, NOW, RULES) == Wait(PENDING.created_at + 72 * HOUR)
    some = frozenset({"shop.test", "*.shop.test"})
    assert plan(PENDING, Proof(some), NOW, RULES) == Mark("PENDING_VALIDATION", some)
    marked = replace(PENDING, validated=some)
    assert plan(marked, Proof(some), NOW, RULES) == Wait(PENDING.created_at + 72 * HOUR)
    assert plan(PENDING, ALL, NOW, RULES) == Issue()
    assert plan(marked, Proof(frozenset({"other.test"})), NOW, RULES) == Issue()


def test_its_patience_ends() -> None:
    late = NOW + 72 * HOUR
    assert plan(PENDING, NONE, late, RULES) == Mark("VALIDATION_TIMED_OUT")
    assert plan(PENDING, ALL, late, RULES) == Issue()
    for status in ("VALIDATION_TIMED_OUT", "FAILED", "EXPIRED"):
        assert plan(replace(PENDING, status=status), ALL, late, RULES) == Wait()


def test_what_amazon_must_not_issue_fails_with_the_reason() -> None:
    forbidden = Proof(ALL.proven, frozenset({"other.test"}))
    proven = frozenset({"shop.test", "*.shop.test"})
    assert plan(PENDING, forbidden, NOW, RULES) == Mark("FAILED", proven, "CAA_ERROR")
    assert plan(PENDING, Proof(frozenset(), frozenset(PENDING.names)), NOW, RULES) == Wait(
        PENDING.created_at + 72 * HOUR
    )
    amazons = replace(PENDING, names=("a.amazonaws.com",))
    reason = "ADDITIONAL_VERIFICATION_REQUIRED"
    assert plan(amazons, NONE, NOW, RULES) == Mark("FAILED", frozenset(), reason)


def test_it_expires() -> None:
    for kind in ("AMAZON_ISSUED", "IMPORTED"):
        view = replace(ISSUED, kind=kind)
        assert plan(view, ALL, NOW, RULES) == Wait(ISSUED.not_after)
        assert plan(view, ALL, NOW + VALIDITY, RULES) == Mark("EXPIRED", view.validated)


def test_only_what_is_in_use_is_renewed_and_in_time() -> None:
    used = replace(ISSUED, eligible=True)
    assert plan(used, ALL, NOW, RULES) == Wait(DUE)
    assert plan(used, ALL, DUE, RULES) == Issue()
    assert plan(ISSUED, ALL, DUE, RULES) == Wait(ISSUED.not_after)
    assert ISSUED.not_after is not None
    assert timedelta(45) < ISSUED.not_after - DUE < timedelta(46)


def test_who_asks_for_a_renewal_gets_it_now() -> None:
    asked = replace(ISSUED, eligible=True, renewal_asked=True)
    assert plan(asked, ALL, NOW, RULES) == Issue()
    assert plan(replace(asked, eligible=False), ALL, NOW, RULES) == Wait(ISSUED.not_after)


@pytest.mark.parametrize(
    ("proof", "wanted"),
    [
        (NONE, MarkRenewal("PENDING_VALIDATION")),
        (
            Proof(frozenset({"shop.test"})),
            MarkRenewal("PENDING_VALIDATION", frozenset({"shop.test"})),
        ),
        (
            Proof(ALL.proven, frozenset({"other.test"})),
            MarkRenewal("FAILED", ALL.proven - {"other.test"}, "CAA_ERROR"),
        ),
    ],
)
def test_a_renewal_needs_every_record_again(proof: Proof, wanted: MarkRenewal) -> None:
    used = replace(ISSUED, eligible=True)
    assert plan(used, proof, DUE, RULES) == wanted
    marked = replace(
        used,
        renewal_status=wanted.status,
        renewal_validated=wanted.validated,
        renewal_reason=wanted.reason,
    )
    assert plan(marked, proof, DUE, RULES) == Wait(DUE + HOUR)
    assert plan(marked, ALL, DUE, RULES) == Issue()
