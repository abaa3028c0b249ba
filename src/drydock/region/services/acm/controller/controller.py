"""The controller of certificates: one key is one certificate's ARN.

The load balancers' controller reads `cert`, `key`, `chain` and `status` of the record, and is woken by
the change.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from drydock.region.dataplane.certificates.authority import Authority
from drydock.region.services.acm.controller import public
from drydock.region.services.acm.controller.plan import (
    KINDS,
    PATIENCE,
    VALIDITY,
    Issue,
    Mark,
    MarkRenewal,
    Proof,
    Rules,
    Step,
    View,
    Wait,
    plan,
)
from drydock.region.services.acm.controller.public import Zone
from drydock.region.services.acm.operations import describing, names
from drydock.region.services.acm.records import Certificate, Renewal
from drydock.region.services.kit.controller import DONE, Outcome, Requeue, TerminalError
from drydock.region.services.kit.parts import Parts

_LONGEST_WAIT = 3600.0
"""Seconds: the wall clock, by which certificates expire, may be set, and a machine may sleep."""
_QUIET = 60.0
"""Seconds that a certificate may wait for its records before the region reports what is missing."""


class CertificateController:
    """Issues, renews and expires certificates."""

    name = "acm"
    wakes_on = frozenset({"acm", "route53", "elbv2"})
    resync = 60.0

    def __init__(self, parts: Parts, authority: Authority) -> None:
        self._store = parts.store
        self._authority = authority
        self._rules = Rules(
            patience=PATIENCE / parts.config.region.time_scale,
            renew_at=parts.config.region.renew_certificates_at,
        )

    def all_keys(self) -> Iterable[str]:
        with self._store.locked():
            return list(self._store.backend("acm").certificates)

    def reconcile(self, key: str) -> Outcome:
        while True:
            read = self._read(key)
            if read is None:
                return DONE
            view, zones = read
            now = datetime.now(UTC)
            step = plan(view, self._proof(view, zones), now, self._rules)
            if isinstance(step, Wait):
                return self._wait(view, zones, step, now)
            self._do(view, step, now)

    def close(self) -> None:
        """Do nothing: the controller runs nothing of its own."""

    # -- steps

    def _read(self, arn: str) -> tuple[View, list[Zone]] | None:
        with self._store.locked():
            acm = self._store.backend("acm")
            record = acm.certificates.get(arn)
            if record is None:
                return None
            eligible = describing.eligible(record, acm.in_use_by(arn))
            return _view(record, eligible=eligible), public.read_zones(
                self._store.backend("route53")
            )

    def _proof(self, view: View, zones: Sequence[Zone]) -> Proof:
        if view.vouched:
            return Proof(frozenset(view.names))
        proven = set()
        for name in view.names:
            record = names.validation_record(self._store.account_id, name)
            if public.stands(zones, record.name, record.value):
                proven.add(name)
        forbidden = {name for name in view.names if not public.caa_allows(zones, name)}
        return Proof(frozenset(proven), frozenset(forbidden))

    def _do(self, view: View, step: Step, now: datetime) -> None:
        issued = None
        if isinstance(step, Issue):  # outside the lock: a key takes a moment
            issued = self._authority.issue(view.names, KINDS[view.algorithm], VALIDITY, now)
        with self._store.changing("acm"):
            acm = self._store.backend("acm")
            record = acm.certificates.get(view.arn)
            if record is None:
                return
            eligible = describing.eligible(record, acm.in_use_by(view.arn))
            if _view(record, eligible=eligible) != view:
                return  # it was changed meanwhile: the next look decides anew
            if issued is not None:
                record.issue(issued.certificate, issued.key, issued.chain, now)
            elif isinstance(step, Mark):
                record.status, record.validated = step.status, set(step.validated)
                record.failure_reason = step.reason or None
            elif isinstance(step, MarkRenewal):
                record.renewal = Renewal(step.status, now, set(step.validated), step.reason or None)

    def _wait(self, view: View, zones: Sequence[Zone], step: Wait, now: datetime) -> Outcome:
        """Return when to look again. Raises TerminalError when the user has to act."""
        if step.until is None:
            return DONE
        after = min((step.until - now).total_seconds(), _LONGEST_WAIT)
        waited = (now - view.created_at).total_seconds()
        if view.status == "PENDING_VALIDATION":
            if waited < _QUIET:
                return Requeue(min(after, _QUIET - waited))
            raise TerminalError(self._missing(view, zones, view.validated))
        if view.eligible and view.renewal_status in ("PENDING_VALIDATION", "FAILED"):
            if view.renewal_reason:
                raise TerminalError(f"it is not renewed: {view.renewal_reason}")
            raise TerminalError(self._missing(view, zones, view.renewal_validated))
        return Requeue(max(after, 0.0))

    def _missing(self, view: View, zones: Sequence[Zone], validated: frozenset[str]) -> str:
        name = next(one for one in view.names if one not in validated)
        record = names.validation_record(self._store.account_id, name)
        return f"{name} is not validated: {public.why_not(zones, record.name, record.value)}"


def _view(record: Certificate, *, eligible: bool) -> View:
    certificate, renewal = record.x509, record.renewal
    return View(
        arn=record.arn,
        kind=record.type,
        status=record.status,
        names=tuple(record.names),
        algorithm=record.algorithm,
        created_at=record.created_at,
        validated=frozenset(record.validated),
        issued_at=record.issued_at,
        not_after=certificate.not_valid_after_utc if certificate else None,
        eligible=eligible,
        vouched=record.vouched,
        renewal_asked=record.renewal_asked,
        renewal_status=renewal.status if renewal else "",
        renewal_reason=(renewal.reason or "") if renewal else "",
        renewal_validated=frozenset(renewal.validated) if renewal else frozenset(),
    )
