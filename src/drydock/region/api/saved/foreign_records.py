"""Remove and report records that are not of the classes that controllers require.

A service of moto's that makes resources of another one (CloudFormation, in moto 5.2.5) leaves such
records; so did older versions of the region.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from drydock.region.api.saved.units import items
from drydock.region.api.store import Store

log = logging.getLogger(__name__)


Ours = Mapping[str, Mapping[str, tuple[type, ...]]]
"""The classes of records, by moto's name of a service and the attribute of its backend."""


def remove_foreign_records(store: Store, ours: Ours) -> list[dict[str, str]]:
    """Remove such records; return them in the form of `drydock status`'s problems. Under the lock."""
    since = datetime.now(UTC).isoformat(timespec="seconds")
    found: list[dict[str, str]] = []
    wanted = [(name, *one) for name, attributes in ours.items() for one in attributes.items()]
    for service, attribute, classes in wanted:
        for key in _remove(getattr(store.backend(service), attribute), classes):
            resource = f"{service} {attribute} {key}"
            log.error("a foreign record is taken out", extra={"resource": resource})
            words = (
                "it is no record that the region can run (another service made it), so it is left out"
                "\n  Next: make it anew through its own service's API"
            )
            found.append({"resource": resource, "error": words, "since": since})
    return found


def _remove(records: Any, classes: tuple[type, ...], path: str = "") -> list[str]:
    removed: list[str] = []
    for key, value in items(records):
        where = f"{path}{key}"
        if type(value) is dict and isinstance(next(iter(value.values()), None), (dict, *classes)):
            removed += _remove(value, classes, f"{where}/")
        elif not isinstance(value, classes):
            records.pop(key)
            removed.append(where)
    return removed
