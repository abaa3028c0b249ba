"""The services' own backends, which replace moto's.

The daemon registers them (`use`) before the first request; `api` names none of them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from types import ModuleType

LIGHT = frozenset({"sts", "iam"})
"""Services that are answered before `install`. They need only IAM's backend."""

_LOCK = threading.Lock()
_DONE = threading.Event()
_modules: dict[str, str] = {}


def use(modules: Mapping[str, str]) -> None:
    """Register services by moto's names and their modules. A module's `install` is idempotent."""
    with _LOCK:
        _modules.update(modules)


def modules() -> Iterator[tuple[str, ModuleType]]:
    """Yield moto's name and the module of every service; imports them all."""
    install()
    for service, module in _modules.items():
        yield service, import_module(module)


def prepare(service: str) -> None:
    """Replace the backends that moto needs to answer `service` (moto's name)."""
    if service not in LIGHT:
        install()
        return
    with _LOCK:
        _install(LIGHT)


def install() -> None:
    """Make moto build our backends instead of its own. Idempotent; before moto's first use.

    Imports moto's services, which takes a second: a server that starts does it on a thread.
    Raises RuntimeError: `use` was not called.
    """
    if _DONE.is_set():
        return
    with _LOCK:
        if _DONE.is_set():
            return
        if not _modules:
            raise RuntimeError("no services: drydock.region.daemon.services.use() comes first")
        _install(_modules)
        _DONE.set()


def _install(services: Iterable[str]) -> None:
    for service in services:
        import_module(_modules[service]).install()
