"""Restore a saved control plane before the first request, unit by unit, to isolate damaged ones."""

from __future__ import annotations

import logging
import re
import time
import weakref
from importlib.metadata import version
from pathlib import Path
from typing import Any

from drydock.errors import DrydockError
from drydock.paths import write_private_bytes
from drydock.region.api import implementations
from drydock.region.api.saved import pickling, units
from drydock.region.api.saved.database import Database, Row, make_private, unreadable
from drydock.region.api.saved.units import Unit
from drydock.region.api.store import Store

log = logging.getLogger(__name__)

DAMAGED = "damaged"
"""The folder beside the database for units that could not be read."""


def restore(store: Store, database: Database) -> dict[Unit, str]:
    """Restore every saved unit; return those that were set aside, with the problem and what to do.

    Raises StateUnreadable: the whole file is damaged.
    """
    rows = database.rows()
    if not rows:
        return {}
    implementations.install()
    with store.locked():
        reader = _Reader(store.account_id, {row.unit: row for row in rows if not row.problem})
        reader.read_all()
        _reconnect(store)
    return {
        row.unit: _set_aside(database, row, why)
        for row in rows
        if (why := row.problem or reader.problems.get(row.unit, ""))
    }


class _Reader:
    """Reads units in the order in which they refer to each other. Under the store's lock."""

    def __init__(self, account_id: str, rows: dict[Unit, Row]) -> None:
        self._account_id = account_id
        self._rows = rows
        self._begun: set[Unit] = set()
        self.problems: dict[Unit, str] = {}

    def read_all(self) -> None:
        with pickling.loading(self._ensure):
            for unit in self._rows:
                self._ensure(unit)

    def _ensure(self, unit: Unit) -> None:
        if unit in self._begun or unit not in self._rows:
            return
        self._begun.add(unit)
        try:
            put_back(unit, self._account_id, self._rows[unit].data)
        except Exception as error:  # pickle raises anything
            log.exception("a saved unit cannot be read", extra={"unit": str(unit)})
            self.problems[unit] = f"{type(error).__name__}: {error}"


def put_back(unit: Unit, account_id: str, data: bytes) -> None:
    """Give a backend the saved attributes; references to it from other backends stay valid.

    Raises what pickle raises, before anything is changed.
    """
    ours = units.account_of(unit, account_id)
    backend = ours[unit.region]
    state = pickling.load_unit(data)
    vars(backend).clear()
    vars(backend).update(state)


def take_over(store: Store, pickled: Path) -> bool:
    """Read the state of versions before the database (`state.pickle`), once; return False without
    one.

    Raises StateUnreadable: it is damaged, of another version of moto, or writable by others.
    """
    if not pickled.exists():
        return False
    make_private(pickled)
    payload = _old_payload(pickled)
    implementations.install()
    try:
        backends: dict[tuple[str, str], dict[str, Any]] = pickling.loads(payload)
    except Exception as error:
        raise unreadable(pickled, f"{type(error).__name__}: {error}") from error
    with store.locked():
        for (module, attribute), regions in backends.items():
            for region, backend in regions.items():
                ours = units.account_of(Unit(module, attribute, region), store.account_id)
                dict.__setitem__(ours, region, backend)
        _reconnect(store)
    return True


def _old_payload(file: Path) -> bytes:
    """Return the pickle in a state file of format 2. Raises StateUnreadable."""
    import hashlib  # noqa: PLC0415  (once, for an old file)
    import json  # noqa: PLC0415

    try:
        _, header, payload = file.read_bytes().split(b"\n", 2)
        wrote: dict[str, Any] = json.loads(header)
        if hashlib.sha256(payload).hexdigest() != wrote["sha256"]:
            raise unreadable(file, "it is damaged: its checksum is wrong")
        known = (wrote["format"], wrote["moto"]) == (2, version("moto"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise unreadable(file, f"it is damaged ({error})") from error
    if not known:
        raise unreadable(file, f"it was written by moto {wrote['moto']}, format {wrote['format']}")
    return payload


def _set_aside(database: Database, row: Row, why: str) -> str:
    """Write a damaged unit to a file of its own; return the message for the region's problems."""
    unit = row.unit
    folder = database.file.parent / DAMAGED
    folder.mkdir(mode=0o700, exist_ok=True)
    name = re.sub(r"[^A-Za-z0-9-]", "_", f"{unit.service}-{unit.region}")
    file = folder / f"{name}-{time.strftime('%Y%m%dT%H%M%S')}"
    write_private_bytes(file, row.data)
    database.forget(row.name)
    log.error("a saved unit is kept aside", extra={"unit": str(unit), "file": str(file)})
    return str(
        DrydockError(
            f"what was saved of {unit.label} cannot be read",
            why,
            f"it is kept in {file}; make its resources anew (`drydock up`), or restore the folder "
            "from a backup",
        )
    )


def _reconnect(store: Store) -> None:
    """Restore what moto keeps outside its backends, on classes and modules."""
    from moto.ec2.models import ec2_backends  # noqa: PLC0415  (moto, slow)
    from moto.s3.models import s3_backends  # noqa: PLC0415

    s3 = store.backend("s3")
    for name in s3.buckets:
        s3_backends.bucket_accounts[name] = (s3.partition, store.account_id)
    store.backend("logs").continue_event_ids()
    for backend in list(dict.values(ec2_backends[store.account_id])):
        for refs in (backend.vpc_refs, backend.vpc_pcx_refs, backend.backend_refs):
            refs[type(backend)].add(weakref.ref(backend))
