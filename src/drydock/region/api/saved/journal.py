"""Save the control plane: before a request is answered, soon after a controller's change.

A request takes its ticket while it still holds the store's lock (`take`), which copies what it
changed, and commits it after it has released the lock (`commit`), so that several requests share
one transaction. Controllers' changes are followed and saved by a thread. When the disk refuses a
write, further changes are refused before they are made (`refusal`), until the thread finds room
again.
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping, Set
from datetime import UTC, datetime
from typing import Any

from drydock.errors import NotSaved
from drydock.region.api import bulk
from drydock.region.api.saved import units
from drydock.region.api.saved.database import Database
from drydock.region.api.saved.pickling import dump_unit
from drydock.region.api.saved.restore import put_back
from drydock.region.api.saved.units import Index, Unit
from drydock.region.api.store import Store

log = logging.getLogger(__name__)

QUIET = 0.1
"""Seconds without a change by a controller after which it is saved."""
AT_MOST = 0.3
"""Seconds that a controller's change waits when others keep coming."""
EVERYTHING = 5.0
"""Seconds between two checks of every service, if anything has changed meanwhile."""
RETRY = 0.5
"""Seconds between two attempts while the disk refuses."""

_CONTROLLED = frozenset(
    {
        "acm", "applicationautoscaling", "cloudwatch", "ec2", "ecs", "elbv2", "logs", "rds", "route53",
        "s3", "servicediscovery", "wafv2",
    }
)  # fmt: skip
"""Services whose records controllers or files on disk depend on: they are never rolled back."""

_LARGE = frozenset({"logs", "s3"})
"""Services whose records refer to data in `api/bulk`."""

Ticket = int


class Journal:
    """Follows a store's changes from `start` to `close`."""

    def __init__(self, store: Store, database: Database) -> None:
        self._store = store
        self._database = database
        self._taken = 0
        self._pending: dict[Unit, bytes] = {}
        """Copied but uncommitted data, with `_pending_lock`."""
        self._pending_lock = threading.Lock()
        self._digests: dict[Unit, bytes] = {}
        """Digests of the last copies; under the store's lock."""
        self._copies: dict[Unit, bytes] = {}
        """The last copies of the units that `roll_back` can restore; under the store's lock."""
        self._referred: dict[Unit, set[Unit]] = {}
        """The units that each unit refers to; under the store's lock."""
        self._committed = 0
        self._committing = threading.Lock()
        self._let_go: deque[tuple[Ticket, bulk.Mark, str]] = deque()
        """What services had released when they were copied, with `_pending_lock`."""
        self._problem = ""
        self._since = ""
        self._unpickled: dict[str, str] = {}
        """Services whose records cannot be written, with the reason."""
        self._wake = threading.Condition()
        self._changed_at: float | None = None
        self._latest_at = 0.0
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)

    def start(self) -> None:
        """Save everything once, as the base for detecting later changes, and begin to follow.

        Raises NotSaved: the disk refuses from the beginning.
        """
        self._store.subscribe(self._noticed)
        self._save(everything=True)
        self._thread.start()
        self._noticed("")  # the thread claims the reserve

    @property
    def pending(self) -> bool:
        """Return whether something changed that is not on disk yet."""
        return self._store.generation != self._store.saved

    def problems(self) -> list[dict[str, Any]]:
        """Return what keeps the region from being saved, in the form of `drydock status`'s
        problems.
        """
        found: list[dict[str, Any]] = [*self.unsavable()]
        if self._problem:
            where = f"the saved state {self._database.file}"
            words = f"{self._problem}\n  Next: make room on that disk; the region then goes on by itself"
            one = {"resource": where, "error": words, "since": self._since}
            found.append({**one, "lasting": True, "machine": True})
        return found

    def unsavable(self) -> list[dict[str, str]]:
        """Return services whose records cannot be written, whatever room there is; form as in
        `problems`.
        """
        return [
            {"resource": f"the saved state of {service}", "error": why, "since": self._since}
            for service, why in sorted(self._unpickled.items())
        ]

    def refusal(self) -> str:
        """Return why no change can be made now; "" if it can. Call it before a change is made."""
        return self._problem

    def take(self, services: Set[str]) -> Ticket:
        """Copy what a request has changed; under the store's lock.

        Raises NotSaved: a record cannot be written, whatever room there is.
        """
        wanted = set(services) | self._store.together_with(services)
        ticket = self._copy(wanted)
        self._store.copied(wanted)
        return ticket

    def commit(self, ticket: Ticket) -> None:
        """Return once everything up to a ticket is on disk; call it without the store's lock.

        Raises NotSaved: the disk refuses.
        """
        if self._committed < ticket:
            self._commit(ticket)
        self._settle()

    def _commit(self, ticket: Ticket) -> None:
        with self._committing:
            if self._committed >= ticket:
                return
            with self._pending_lock:
                writing, self._pending, last = self._pending, {}, self._taken
            try:
                if writing:
                    self._database.write(writing)
            except sqlite3.Error as error:
                with self._pending_lock:
                    self._pending = {**writing, **self._pending}
                self._note(f"nothing can be written to the disk: {error}")
                raise NotSaved(
                    f"the saved state {self._database.file}",
                    f"nothing can be written to the disk ({error})",
                    "make room on that disk; the region then goes on by itself",
                ) from error
            self._committed = last
            if self._database.gave_up_reserve:
                self._note("the disk is full: no more changes are taken until there is room")

    def _settle(self) -> None:
        """Remove files and log events that no saved record refers to any more."""
        while True:
            with self._pending_lock:
                if not self._let_go or self._let_go[0][0] > self._committed:
                    return
                _, mark, service = self._let_go.popleft()
            bulk.settled(mark, [service])

    def roll_back(self, services: Iterable[str]) -> None:
        """Undo the partial change of a failed request; under the store's lock.

        Only services that neither controllers nor other services' records refer to are restored.
        """
        live = units.live(self._store.account_id)
        index = Index(self._store.account_id, live)
        referred = set().union(*self._referred.values())
        for unit, backend in _of(live, set(services)).items():
            if unit.service in _CONTROLLED or unit in referred:
                continue
            try:
                data, _ = dump_unit(unit, backend, index)
                if self._digests.get(unit) == _digest(data):
                    continue
            except Exception as error:  # noqa: BLE001  (pickle raises anything: it is put back as well)
                log.warning(
                    "a failed request left what cannot be saved", extra={"error": str(error)}
                )
            self._put_back(unit, backend)

    def _put_back(self, unit: Unit, backend: Any) -> None:
        data = self._copies.get(unit)
        if data is None:
            backend.reset()  # it was made for this request
        else:
            put_back(unit, self._store.account_id, data)
        log.info("a failed request was undone", extra={"unit": str(unit)})

    def flush(self) -> None:
        """Save everything that has changed, now. Raises NotSaved."""
        self._save(everything=True)

    def close(self) -> None:
        """End the thread and save what is left. Raises NotSaved. Idempotent."""
        with self._wake:
            if self._stopping:
                return
            self._stopping = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join()
        try:
            self._save(everything=True)
        finally:
            self._database.close()

    def _copy(self, services: Set[str] | None = None) -> Ticket:
        """Copy the units of some services (None: of all) that differ from their last copy."""
        with self._store.locked():
            live = units.live(self._store.account_id)
            index = Index(self._store.account_id, live)
            failed = ""
            for unit, backend in (live if services is None else _of(live, services)).items():
                failed = self._copy_unit(unit, backend, index) or failed
            ticket = self._taken
        if failed and services is not None:
            raise NotSaved(
                f"the records of {', '.join(sorted(services))}",
                f"they cannot be saved ({failed})",
                "this is a fault of Drydock's; leave this operation out, and report it",
            )
        return ticket

    def _copy_unit(self, unit: Unit, backend: Any, index: Index) -> str:
        """Copy one unit; return why it cannot be copied, "" if it can."""
        try:
            data, refers_to = dump_unit(unit, backend, index)
        except Exception as error:
            words = f"{type(error).__name__}: {error}"
            if self._unpickled.get(unit.service) != words:
                log.exception("records cannot be saved", extra={"unit": str(unit)})
                self._since = datetime.now(UTC).isoformat(timespec="seconds")
            self._unpickled[unit.service] = words
            return words
        self._unpickled.pop(unit.service, None)
        self._referred[unit] = refers_to
        digest = _digest(data)
        if self._digests.get(unit) != digest:
            self._digests[unit] = digest
            if unit.service not in _CONTROLLED:
                self._copies[unit] = data
            with self._pending_lock:
                self._taken += 1
                self._pending[unit] = data
        if unit.service in _LARGE:
            with self._pending_lock:
                self._let_go.append((self._taken, bulk.mark(), unit.service))
        return ""

    def _noticed(self, _service: str) -> None:
        with self._wake:
            self._latest_at = time.monotonic()
            if self._changed_at is None:
                self._changed_at = self._latest_at
                self._wake.notify()

    def _wait(self) -> bool:
        """Wait until a save is due; return False when the journal ends."""
        with self._wake:
            begun = time.monotonic()
            while not self._stopping:
                now = time.monotonic()
                due: float | None = None
                if self._problem:
                    due = begun + RETRY
                elif self._changed_at is not None:
                    due = min(self._latest_at + QUIET, self._changed_at + AT_MOST)
                if due is not None and due <= now:
                    self._changed_at = None
                    return True
                self._wake.wait(None if due is None else due - now)
        return False

    def _run(self) -> None:
        looked = time.monotonic()
        while self._wait():
            everything = bool(self._problem) or time.monotonic() - looked > EVERYTHING
            if everything:
                looked = time.monotonic()
            try:
                self._save(everything=everything)
                self._reserve()
                self._database.checkpoint()
            except NotSaved as error:
                log.warning("not saved", extra={"error": str(error)})
            except Exception:  # the thread must live on; the next change tries again
                log.exception("not saved")

    def _save(self, *, everything: bool) -> None:
        with self._store.locked():
            generation = self._store.generation
            services = self._store.take_unsaved()
            try:
                ticket = self._copy(None if everything else services)
            except NotSaved:
                ticket = self._taken  # what can be saved is; `_unpickled` names the rest
            if everything:
                _forget_tracked()
        try:
            self.commit(ticket)
        except NotSaved:
            self._store.unsaved(services)
            raise
        self._store.saved = max(self._store.saved, generation)

    def _reserve(self) -> None:
        """Make the reserve again if it is missing; if there is room, accept changes again."""
        try:
            self._database.make_reserve()
        except OSError as error:
            self._note(
                f"the disk is full ({error.strerror}): no changes are taken until there is room"
            )
            return
        if self._problem:
            log.info("saved again")
            self._problem = ""

    def _note(self, problem: str) -> None:
        if not self._problem:
            self._since = datetime.now(UTC).isoformat(timespec="seconds")
            log.error("the region cannot be saved", extra={"error": problem})
        self._problem = problem
        with self._wake:
            self._wake.notify()


def _of(live: Mapping[Unit, Any], services: Set[str]) -> dict[Unit, Any]:
    """Return the units of some services; all if none has a name of moto's."""
    known = {unit.service for unit in live}
    if services and not known & services:
        return dict(live)
    return {unit: backend for unit, backend in live.items() if unit.service in services}


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()


def _forget_tracked() -> None:
    """Clear moto's list of all that was ever made, for its dashboard: it leaks in a lasting
    process.
    """
    from moto.core.model_instances import reset_model_data  # noqa: PLC0415  (moto, slow)

    reset_model_data()
