"""Plan the next step for a certificate. Pure.

https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
https://docs.aws.amazon.com/acm/latest/userguide/managed-renewal.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from drydock.region.dataplane.certificates.keys import Kind

KINDS: dict[str, Kind] = {
    "RSA_2048": "rsa-2048",
    "EC_prime256v1": "p-256",
    "EC_secp384r1": "p-384",
}
"""ACM's key algorithms → the authority's."""
VALIDITY = timedelta(days=198)
"""Validity of ACM's certificates since 2026: public authorities may give no more than 200 days."""
PATIENCE = timedelta(hours=72)
"""How long ACM waits for the validation records; in region time."""
RETRY = timedelta(hours=1)
"""Time after which ACM tries a renewal again."""
_AMAZONS = ("amazonaws.com", "cloudfront.net", "elasticbeanstalk.com")


@dataclass(frozen=True)
class Rules:
    """The region's settings for certificates."""

    patience: timedelta
    renew_at: float
    """The share of a certificate's life after which it is renewed."""


@dataclass(frozen=True)
class View:
    """A certificate, copied from the control plane. Times are UTC."""

    arn: str
    kind: str
    status: str
    names: tuple[str, ...]
    algorithm: str
    created_at: datetime
    validated: frozenset[str] = frozenset()
    issued_at: datetime | None = None
    not_after: datetime | None = None
    eligible: bool = False
    """In use or exported: ACM renews it."""
    vouched: bool = False
    """Whether its names count as validated."""
    renewal_asked: bool = False
    renewal_status: str = ""
    renewal_reason: str = ""
    renewal_validated: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Proof:
    """The validation records and CAA records in the public DNS now."""

    proven: frozenset[str]
    """The names whose validation record is in place."""
    forbidden: frozenset[str] = frozenset()
    """The names for which CAA records forbid Amazon to issue."""


@dataclass(frozen=True)
class Wait:
    """Do nothing before `until`; None: before something changes."""

    until: datetime | None = None


@dataclass(frozen=True)
class Issue:
    """Make a certificate, the first or the next."""


@dataclass(frozen=True)
class Mark:
    """Write an observed change: another status, or other validated names."""

    status: str
    validated: frozenset[str] = frozenset()
    reason: str = ""


@dataclass(frozen=True)
class MarkRenewal:
    """Write the state of the renewal."""

    status: str
    validated: frozenset[str] = field(default_factory=frozenset)
    reason: str = ""


Step = Wait | Issue | Mark | MarkRenewal


def plan(view: View, proof: Proof, now: datetime, rules: Rules) -> Step:
    """Return the next step; after any but `Wait`, plan again."""
    if view.status == "PENDING_VALIDATION":
        return _validate(view, proof, now, rules)
    if view.status != "ISSUED" or view.not_after is None:
        return Wait()
    if now >= view.not_after:
        return Mark("EXPIRED", view.validated)
    if view.issued_at is None or not view.eligible:
        return Wait(view.not_after)
    due = view.issued_at + (view.not_after - view.issued_at) * rules.renew_at
    if not view.renewal_asked and now < due:
        return Wait(due)
    return _renew(view, proof, now)


def _validate(view: View, proof: Proof, now: datetime, rules: Rules) -> Step:
    names = frozenset(view.names)
    validated = view.validated | proof.proven  # what was proven once stays so
    end = view.created_at + rules.patience
    if any(name.endswith(f".{one}") for name in names for one in _AMAZONS):
        return Mark("FAILED", view.validated, "ADDITIONAL_VERIFICATION_REQUIRED")
    if names <= validated:
        if proof.forbidden:
            return Mark("FAILED", validated - proof.forbidden, "CAA_ERROR")
        return Issue()
    if now >= end:
        return Mark("VALIDATION_TIMED_OUT", view.validated)
    if validated != view.validated:
        return Mark("PENDING_VALIDATION", validated)
    return Wait(end)


def _renew(view: View, proof: Proof, now: datetime) -> Step:
    """Plan a renewal: every validation record must be in place again, all at one time."""
    assert view.not_after is not None  # noqa: S101  (plan has looked)
    if not proof.forbidden and frozenset(view.names) <= proof.proven:
        return Issue()
    if proof.forbidden:
        wanted = MarkRenewal("FAILED", proof.proven - proof.forbidden, "CAA_ERROR")
    else:
        wanted = MarkRenewal("PENDING_VALIDATION", proof.proven)
    written = MarkRenewal(view.renewal_status, view.renewal_validated, view.renewal_reason)
    return wanted if wanted != written else Wait(min(now + RETRY, view.not_after))
