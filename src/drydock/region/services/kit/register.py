"""Replace moto's backend and responses of a service by subclasses."""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType, SimpleNamespace
from typing import Any

from moto.core.base_backend import BackendDict
from moto.core.responses import BaseResponse


def replace(
    backends: BackendDict[Any],
    backend: type[Any],
    theirs: ModuleType | None = None,
    responses: type[BaseResponse] | None = None,
    more_paths: Iterable[str] = (),
) -> None:
    """Make `backends` build `backend` from now on, with moto's URLs of the service.

    `theirs` is moto's `urls` module of the service, `responses` the class that answers its paths (None:
    moto's own), `more_paths` are those that moto lacks. Raises RuntimeError if some were built already.
    """
    built = [
        (account, region)
        for account, region, one in backends.iter_backends()
        if type(one) is not backend
    ]
    if built:
        raise RuntimeError(
            f"moto built {backends.service_name} before our services were installed: {built}"
        )
    if theirs is not None:
        # moto 5.2.5 finds a backend's URLs by its class's module name, which is ours for a subclass
        backend._url_module = _urls(theirs, responses, more_paths)
    backends.backend = backend
    for account in backends.values():
        account.backend = backend


def _urls(
    theirs: ModuleType, responses: type[BaseResponse] | None, more_paths: Iterable[str]
) -> Any:
    if responses is None:
        return theirs
    paths = dict.fromkeys((*theirs.url_paths, *more_paths), responses.dispatch)
    return SimpleNamespace(url_bases=theirs.url_bases, url_paths=paths)
