"""Replace moto's backend and responses of a service by subclasses."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import Any

from moto.core.base_backend import BackendDict
from moto.core.responses import BaseResponse


def urls(theirs: ModuleType, responses: type[BaseResponse]) -> Any:
    """Return moto's URLs of a service, answered by `responses`, for a backend's `_url_module`.

    moto 5.2.5 finds a backend's URLs by its class's module name, which is ours for a subclass.
    """
    return SimpleNamespace(
        url_bases=theirs.url_bases,
        url_paths=dict.fromkeys(theirs.url_paths, responses.dispatch),
    )


def replace(backends: BackendDict[Any], backend: type[Any]) -> None:
    """Make `backends` build `backend` from now on. Raises RuntimeError if some were built already."""
    built = [
        (account, region)
        for account, region, one in backends.iter_backends()
        if type(one) is not backend
    ]
    if built:
        raise RuntimeError(
            f"moto built {backends.service_name} before our gaps were installed: {built}"
        )
    backends.backend = backend
    for account in backends.values():
        account.backend = backend
