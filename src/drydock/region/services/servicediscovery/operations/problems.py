"""Cloud Map's errors, with its own codes."""

from __future__ import annotations

from moto.core.exceptions import JsonRESTError
from moto.servicediscovery.exceptions import InvalidInput, NamespaceNotFound, ServiceNotFound


def in_use(words: str) -> JsonRESTError:
    return JsonRESTError("ResourceInUse", words)


def namespace_exists(name: str, namespace_id: str) -> JsonRESTError:
    return JsonRESTError(
        "NamespaceAlreadyExists",
        f"Namespace with name {name} already exists (id {namespace_id}).",
    )


def service_exists(name: str, service_id: str) -> JsonRESTError:
    return JsonRESTError(
        "ServiceAlreadyExists", f"Service with name {name} already exists (id {service_id})."
    )


def no_custom_health(service_id: str) -> JsonRESTError:
    return JsonRESTError(
        "CustomHealthNotFound",
        f"The service {service_id} has no HealthCheckCustomConfig.",
    )


__all__ = [
    "InvalidInput",
    "NamespaceNotFound",
    "ServiceNotFound",
    "in_use",
    "namespace_exists",
    "no_custom_health",
    "service_exists",
]
