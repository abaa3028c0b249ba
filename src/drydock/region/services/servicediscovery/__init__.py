"""Cloud Map: namespaces, services and instances, and the hosted zones with their records."""

from __future__ import annotations

from drydock.region.services.servicediscovery.operations.backend import CloudMapBackend

__all__ = ["CloudMapBackend"]
