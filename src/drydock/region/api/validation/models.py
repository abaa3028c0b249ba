"""botocore's models of the supported services, read once each, as moto reads them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from drydock.services import lookup

_PROTOCOLS = {"cbor": "smithy-rpc-v2-cbor"}
_FORMS = frozenset({"query", "ec2"})


@lru_cache(maxsize=64)
def service(name: str) -> Any:
    """Return the model of moto's service `name`; None: it is not supported."""
    found = lookup.get(name)
    if found is None or not found.answered:
        return None
    from moto.core.utils import get_service_model  # noqa: PLC0415  (moto, slow)

    return get_service_model(found.botocore)


def speaks(model: Any, protocol: str) -> bool:
    """Return whether the service accepts requests in this protocol."""
    wanted = _PROTOCOLS.get(protocol, protocol)
    spoken = model.metadata.get("protocols") or [model.metadata["protocol"]]
    return wanted in spoken or (protocol in _FORMS and "awsQueryCompatible" in model.metadata)


def described(model: Any, protocol: str) -> bool:
    """Return whether the model has the names of members in this protocol. SQS's has none for forms."""
    spoken = model.metadata.get("protocols") or [model.metadata["protocol"]]
    return protocol not in _FORMS or protocol in spoken


@lru_cache(maxsize=4096)
def operation(name: str, wanted: str) -> Any:
    """Return the model of an operation; None: the service does not have it."""
    model = service(name)
    return model.operation_model(wanted) if wanted in names(name) else None


@lru_cache(maxsize=64)
def names(name: str) -> frozenset[str]:
    """Return the names of a service's operations."""
    return frozenset(service(name).operation_names)
