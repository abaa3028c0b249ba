"""The controller of load balancers' logs: it delivers HAProxy's lines every minute of region time.

One key is one load balancer's ARN; it stays until all its lines are delivered.
"""

from __future__ import annotations

import copy
import logging
import shutil
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from drydock.region.dataplane.balancer import logfiles
from drydock.region.services.elbv2.controller import log_delivery, log_names
from drydock.region.services.elbv2.operations.deliveries import Delivery, deliveries
from drydock.region.services.kit.controller import DONE, Outcome, Requeue, TerminalError
from drydock.region.services.kit.parts import Parts

log = logging.getLogger(__name__)

EVERY = 60.0
"""Seconds of region time between two deliveries; ELB's own are five minutes apart."""
_LEAST = 0.2
_SOON = 0.5


@dataclass(frozen=True)
class _Mark:
    """Offsets delivered at some time; once they are saved, the lines on disk can be removed."""

    generation: int
    offsets: dict[str, dict[str, int]]


class LogController:
    """Delivers the logs of every load balancer that has some."""

    name = "elbv2-logs"
    wakes_on = frozenset({"elbv2"})

    def __init__(self, parts: Parts) -> None:
        self._store = parts.store
        self._folder = parts.workspace.region
        self._period = max(_LEAST, parts.scaled(EVERY))
        self.resync = self._period
        self._next: dict[str, float] = {}
        self._marks: dict[str, _Mark] = {}
        self._problems: dict[str, str] = {}
        self._forget_strangers()

    def all_keys(self) -> Iterable[str]:
        with self._store.locked():
            elb: Any = self._store.backend("elbv2")
            logging_now = {
                arn
                for arn, record in elb.load_balancers.items()
                if log_names.destinations(record.attrs)
            }
            return logging_now | set(deliveries(elb))

    def reconcile(self, key: str) -> Outcome:
        return self._pass(key, last=False)

    def close(self) -> None:
        """Deliver the remaining lines. The load balancers have stopped before."""
        for key in self.all_keys():
            try:
                self._pass(key, last=True)
            except TerminalError as error:
                log.warning("logs not delivered", extra={"load_balancer": key, "why": str(error)})

    def _pass(self, arn: str, *, last: bool) -> Outcome:
        delivery, wanted, exists = self._read(arn)
        if delivery is None:
            return DONE
        now = time.monotonic()
        changed = [one for one in wanted.items() if one not in delivery.destinations.items()]
        if last or changed or not exists or now >= self._next.get(arn, 0.0):
            # a deletion of a load balancer is often followed by that of its bucket
            self._next[arn] = now + (self._period if exists else min(self._period, _SOON))
            problems = self._deliver(arn, delivery, wanted, exists=exists)
            for kind, where in changed:
                problems += self._begin(arn, delivery, kind, where)
            self._problems[arn] = "; ".join(problems)
            if not self._free(arn, delivery) and not wanted:
                self._forget(arn, exists=exists)
                return DONE
        if self._problems.get(arn):
            raise TerminalError(self._problems[arn])
        return Requeue(max(0.01, self._next[arn] - time.monotonic()))

    def _read(self, arn: str) -> tuple[Delivery | None, dict[str, tuple[str, str]], bool]:
        """Return a load balancer's delivery state, its current destinations, and whether it exists."""
        with self._store.locked():
            elb: Any = self._store.backend("elbv2")
            record = elb.load_balancers.get(arn)
            wanted = log_names.destinations(record.attrs) if record is not None else {}
            delivery = deliveries(elb).get(arn)
            if delivery is None and wanted:
                delivery = deliveries(elb).setdefault(arn, Delivery())
            if delivery is not None and record is not None:
                delivery.address = _address(self._store.backend("ec2"), record)
            if delivery is not None:
                # what a restored control plane says was delivered is saved, of course
                mark = _Mark(0, copy.deepcopy(delivery.offsets))
                self._marks.setdefault(arn, mark)
            return delivery, wanted, record is not None

    def _deliver(
        self, arn: str, delivery: Delivery, wanted: Collection[str], *, exists: bool
    ) -> list[str]:
        """Deliver each kind of log to its destination; return the problems."""
        folder, problems = log_names.folder(self._folder, arn), []
        for kind in list(delivery.destinations):
            try:
                if kind in wanted:
                    log_delivery.check(self._store, arn, delivery, kind)
                log_delivery.deliver(self._store, arn, delivery, kind, folder)
            except TerminalError as error:
                if exists:
                    problems.append(str(error))
                # when the load balancer is gone, its user cannot fix it
                kept = log_delivery.KEPT if exists else 0
                with self._store.locked():
                    log_delivery.give_up(delivery, kind, folder, kept)
        return problems

    def _begin(self, arn: str, delivery: Delivery, kind: str, where: tuple[str, str]) -> list[str]:
        """Switch a kind of log to a new destination; return the problems."""
        try:
            log_delivery.announce(self._store, arn, kind, *where)
        except TerminalError as error:
            return [str(error)]
        finally:
            with self._store.changing("s3", "elbv2"):
                delivery.destinations[kind] = where
        return []

    def _free(self, arn: str, delivery: Delivery) -> bool:
        """Remove files that are delivered and saved; return whether any are left."""
        mark = self._marks[arn]
        if self._store.saved < mark.generation:
            return True
        kinds = list(delivery.destinations)
        for path in logfiles.present(log_names.folder(self._folder, arn)):
            done = min((mark.offsets.get(kind, {}).get(path.name, 0) for kind in kinds), default=0)
            if logfiles.ended(path) and done >= path.stat().st_size:
                path.unlink()
                with self._store.locked():
                    for offsets in delivery.offsets.values():
                        offsets.pop(path.name, None)
            else:
                logfiles.free(path, done)
        with self._store.locked():
            self._marks[arn] = _Mark(self._store.generation, copy.deepcopy(delivery.offsets))
        return bool(logfiles.present(log_names.folder(self._folder, arn)))

    def _forget(self, arn: str, *, exists: bool) -> None:
        """Forget a load balancer whose logs are delivered and that writes no more."""
        with self._store.changing("s3", "elbv2"):
            deliveries(self._store.backend("elbv2")).pop(arn, None)
        for one in (self._next, self._marks, self._problems):
            one.pop(arn, None)
        if not exists:
            shutil.rmtree(log_names.folder(self._folder, arn), ignore_errors=True)

    def _forget_strangers(self) -> None:
        """Remove the log files of load balancers that no longer exist."""
        known = {log_names.folder(self._folder, arn) for arn in self.all_keys()}
        for folder in log_names.folder(self._folder, "").glob("*"):
            if folder not in known:
                shutil.rmtree(folder)


def _address(ec2: Any, record: Any) -> str:
    """Return the address of a load balancer's first node, as its clients see it."""
    enis = [ec2.enis.get(record.enis[subnet]) for subnet in sorted(record.enis)]
    for eni in enis:
        if eni is not None:
            return str(eni.public_ip or eni.private_ip_address)
    return ""
