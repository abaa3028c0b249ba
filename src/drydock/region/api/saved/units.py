"""The records that are saved: moto's backend of one service in one AWS region is one unit."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True, order=True)
class Unit:
    """One backend of the account: `moto.ecs.models`, `ecs_backends`, `ap-southeast-2`.

    Services that AWS keeps for the whole account have the partition ("aws") as their region.
    """

    module: str
    attribute: str
    region: str

    @classmethod
    def parse(cls, name: str) -> Unit:
        """Parse the name that `str` wrote. Raises ValueError: an invalid name."""
        module, attribute, region = name.split(":")
        return cls(module, attribute, region)

    @property
    def service(self) -> str:
        """moto's name of the service ("ecs")."""
        return service_of(self.module)

    @property
    def label(self) -> str:
        """A description for messages: "ecs in ap-southeast-2"."""
        where = "the whole account" if self.region == "aws" else self.region
        return f"{self.service} in {where}"

    def __str__(self) -> str:
        return f"{self.module}:{self.attribute}:{self.region}"


def service_of(module: str) -> str:
    """Return the service of a module, moto's or ours; "" for shared modules."""
    parts = module.split(".")
    if parts[0] == "moto" and len(parts) > 1:
        return "" if parts[1] in _SHARED else parts[1]
    if module.startswith(_SERVICES):
        return "" if parts[3] == "kit" else parts[3]
    return ""


_SERVICES = "drydock.region.services."
_SHARED = frozenset({"core", "utilities", "moto_api", "moto_server", "settings", "packages"})


def live(account_id: str) -> dict[Unit, Any]:
    """Return every backend of the account that moto has made so far.

    Call it under the store's lock.

    Raises pickle.PicklingError: a service keeps its backends where they cannot be found again.
    """
    return {
        Unit(*location(backends), region): backend
        for backends in instances()
        if account_id in dict.keys(backends)
        for region, backend in dict.items(dict.__getitem__(backends, account_id))
    }


def instances() -> list[Any]:
    """Return every service's table of backends, by account."""
    from moto.core.base_backend import BackendDict  # noqa: PLC0415  (moto, slow)

    everything: list[Any] = BackendDict._instances  # type: ignore[misc]
    return everything


_LOCATIONS: dict[int, tuple[str, str]] = {}


def location(backends: Any) -> tuple[str, str]:
    """Return the module and attribute of a service's table of backends.

    Raises pickle.PicklingError.
    """
    known = _LOCATIONS.get(id(backends))
    if known is None:
        known = _LOCATIONS[id(backends)] = _find(backends)
    return known


def _find(backends: Any) -> tuple[str, str]:
    for cls in backends.backend.__mro__:
        if cls.__module__.startswith("moto.") and not cls.__module__.startswith("moto.core"):
            for attribute, value in vars(sys.modules[cls.__module__]).items():
                if value is backends:
                    return cls.__module__, attribute
    raise pickle.PicklingError(f"moto's {backends.service_name} backends are in no module")


def account_of(unit: Unit, account_id: str) -> Any:
    """Return moto's dictionary of regions of a unit's service for one account; made if missing."""
    return getattr(import_module(unit.module), unit.attribute)[account_id]


class Index:
    """Locations of other services' objects, so that a reference to one can be saved as its path.

    It is made for one save and used under the store's lock, while nothing changes.
    """

    def __init__(self, account_id: str, units: dict[Unit, Any]) -> None:
        self.account_id = account_id
        self._units = units
        self._names = {id(backend): unit for unit, backend in units.items()}
        self._paths: dict[str, dict[int, tuple[Unit, tuple[Any, ...]]]] = {}

    def unit_of(self, backend: object) -> Unit | None:
        """Return the unit of a backend; None: it is not in moto's own dictionaries."""
        return self._names.get(id(backend))

    def find(self, service: str, wanted: object) -> tuple[Unit, tuple[Any, ...]] | None:
        """Return the unit of `service` that holds the object and its path there; None: it is not
        found.
        """
        if service not in self._paths:
            self._paths[service] = {
                id(held): (unit, path)
                for unit, backend in self._units.items()
                if unit.service == service
                for path, held in _walk(vars(backend))
            }
        return self._paths[service].get(id(wanted))


_DEEPEST = 4


def items(values: Any) -> list[tuple[Any, Any]]:
    """Return the items of a dictionary of moto's, without calling its own methods."""
    return list(dict.items(values) if isinstance(values, dict) else values.items())


def _walk(values: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], object]]:
    """Yield the objects in dictionaries of a backend, down to some depth, with their paths."""
    for key, value in items(values):
        if isinstance(value, Mapping):
            if len(path) < _DEEPEST:
                yield from _walk(value, (*path, key))
        elif service_of(type(value).__module__):
            yield (*path, key), value


def resolve(backend: Any, path: tuple[Any, ...]) -> Any:
    """Return the object at a path of `Index`. Raises KeyError: it is gone."""
    value = vars(backend)
    for key in path:
        value = dict.__getitem__(value, key) if isinstance(value, dict) else value[key]
    return value
