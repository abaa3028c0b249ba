"""Find a service by its name, by a signature's scope, or by a resource type of Terraform."""

from __future__ import annotations

from functools import lru_cache

from drydock.services.model import Service
from drydock.services.refused import UNKNOWN_TYPES, UNKNOWN_WORDS
from drydock.services.table import KEPT_TYPES, TABLE

_MOST_COMMON = {"elasticloadbalancing": "elbv2", "s3": "s3", "ses": "ses", "dynamodb": "dynamodb"}
"""Scopes that several services share => the service to assume where nothing else decides."""


@lru_cache(maxsize=1)
def by_name() -> dict[str, Service]:
    """Return the services by moto's names."""
    return {one.name: one for one in TABLE}


@lru_cache(maxsize=1)
def _by_scope() -> dict[str, Service]:
    found: dict[str, Service] = {}
    for one in TABLE:
        found.setdefault(one.scope, one)
    return found | {scope: by_name()[name] for scope, name in _MOST_COMMON.items()}


def by_scope(scope: str) -> Service | None:
    """Return the service of a signature's scope, or None if moto has no such service."""
    return _by_scope().get(scope)


def get(name: str) -> Service | None:
    """Return the service with moto's name `name`, or None."""
    return by_name().get(name)


def written(name: str) -> frozenset[str]:
    """Return the services whose records an operation of this service may write: itself, and `beside`."""
    service = get(name)
    return frozenset({name, *(service.beside if service else ())})


def of_type(kind: str) -> Service | None:
    """Return the service of a resource type (`aws_ecs_service`), or None if the table has none."""
    name = kind.removeprefix("aws_")
    best: tuple[int, Service | None] = (0, None)
    for one in TABLE:
        for prefix in one.terraform:
            whole = prefix.endswith("$")
            fits = name == prefix[:-1] if whole else name.startswith(prefix)
            if fits and len(prefix) > best[0]:
                best = (len(prefix), one)
    return best[1]


def kept_words(kind: str) -> str:
    """Return what does not happen with resources of this type if the region only keeps records; else ""."""
    if kind in KEPT_TYPES:
        return KEPT_TYPES[kind]
    service = of_type(kind)
    return service.words if service and service.stance == "kept" else ""


def refused_words(kind: str) -> str:
    """Return what is missing for resources of this type, and what to use instead; "" if not refused."""
    service = of_type(kind)
    if service is None:
        return UNKNOWN_WORDS if kind.removeprefix("aws_").startswith(UNKNOWN_TYPES) else ""
    return service.refusal if service.stance == "refused" else ""
