"""List the services whose resources are recorded but not run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drydock.region.api.store import Store
from drydock.services.table import KEPT


def kept(store: Store) -> list[dict[str, str]]:
    """Return the services that have any resource: {"service", "words"}, in the table's order."""
    with store.locked():
        holding = {name for name, backend in _backends(store) if _holds(backend)}
    return [{"service": one.title, "words": one.words} for one in KEPT if one.name in holding]


def _backends(store: Store) -> list[tuple[str, Any]]:
    """Return the backends that moto has made, for any AWS region. Call it under the store's lock."""
    from drydock.region.api.saved import units  # noqa: PLC0415  (moto, slow)

    names = {one.name for one in KEPT}
    return [
        (unit.service, backend)
        for unit, backend in units.live(store.account_id).items()
        if unit.service in names
    ]


def _holds(backend: Any) -> bool:
    """Return whether a backend has more records than a new one."""
    fresh = type(backend)(backend.region_name, backend.account_id)
    return _records(backend) > _records(fresh)


def _records(owner: Any, deep: int = 2) -> int:
    """Count the records in an object of moto's, with those nested in its records (a bus has rules)."""
    count = 0
    for value in vars(owner).values():
        if isinstance(value, Mapping | list):
            ones = list(value.values()) if isinstance(value, Mapping) else value
            count += len(ones)
            if deep > 1:
                count += sum(_records(one, deep - 1) for one in ones if _is_record(one))
    return count


def _is_record(value: Any) -> bool:
    return type(value).__module__.startswith(("moto.", "drydock.")) and hasattr(value, "__dict__")
