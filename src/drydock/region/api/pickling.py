"""What pickle cannot take by itself, in moto's records.

Keys and certificates (cryptography's, made in C) go as PEM. Small functions inside functions, as moto
gives them to `defaultdict`, go by where they stand in its source. Its subclasses of `dict`, which take
more than items or give others than they hold, go as they are inside. moto's dictionaries of backends
go by name, its locks (ECR has one, in moto 5.2.5) as new ones: nobody holds them meanwhile.
"""

from __future__ import annotations

import io
import pickle
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module
from types import CodeType, FunctionType
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

Place = tuple[str, str]
"""Where moto keeps a service's backends: module and attribute ("moto.ecs.models", "ecs_backends")."""

_PEM = serialization.Encoding.PEM
_PRIVATE = (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey)
_PUBLIC = (rsa.RSAPublicKey, ec.EllipticCurvePublicKey, ed25519.Ed25519PublicKey)
_LOCKS = (type(threading.RLock()), type(threading.Lock()))


def dumps(value: object) -> bytes:
    """Raises pickle.PicklingError and what pickle raises."""
    buffer = io.BytesIO()
    _Pickler(buffer, protocol=5).dump(value)
    return buffer.getvalue()


def loads(data: bytes) -> Any:
    """The value that `dumps` wrote. Runs code that the data names: it must be one's own."""
    return pickle.loads(data)  # noqa: S301  (see above)


def place(backends: Any) -> Place:
    """Where a BackendDict is found. Raises pickle.PicklingError when it is nowhere."""
    for cls in backends.backend.__mro__:
        if cls.__module__.startswith("moto.") and not cls.__module__.startswith("moto.core"):
            for attribute, value in vars(sys.modules[cls.__module__]).items():
                if value is backends:
                    return cls.__module__, attribute
    raise pickle.PicklingError(f"moto's {backends.service_name} backends are in no module")


class _Pickler(pickle.Pickler):
    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, _PRIVATE):
            pkcs8, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            return _private_key, (obj.private_bytes(_PEM, pkcs8, plain),)
        if isinstance(obj, _PUBLIC):
            info = serialization.PublicFormat.SubjectPublicKeyInfo
            return _public_key, (obj.public_bytes(_PEM, info),)
        if isinstance(obj, x509.Certificate):
            return _certificate, (obj.public_bytes(_PEM),)
        if isinstance(obj, _LOCKS):
            return threading.RLock if isinstance(obj, _LOCKS[0]) else threading.Lock, ()
        if isinstance(obj, FunctionType) and "<locals>" in obj.__qualname__:
            return _reduce_inner(obj)
        if isinstance(obj, dict) and type(obj).__module__.startswith("moto."):
            return _reduce_mapping(obj)
        return NotImplemented


def _reduce_mapping(held: Any) -> Any:
    if type(held).__name__.endswith("BackendDict"):
        return _backends, place(held)
    if type(held).__name__ == "AccountSpecificBackend":
        return _account, (*place(_owner(held)), held.account_id)
    made = (type(held), getattr(held, "default_factory", None))
    return _empty, made, (vars(held), dict(dict.items(held))), None, None, _fill


def _owner(regions: Any) -> Any:
    from moto.core.base_backend import BackendDict  # noqa: PLC0415  (moto, slow)

    everything: list[Any] = BackendDict._instances  # type: ignore[misc]
    return next(one for one in everything if one.get(regions.account_id) is regions)


def _backends(module: str, attribute: str) -> Any:
    return getattr(import_module(module), attribute)


def _account(module: str, attribute: str, account_id: str) -> Any:
    return _backends(module, attribute)[account_id]


def _private_key(data: bytes) -> Any:
    return serialization.load_pem_private_key(data, None)


def _public_key(data: bytes) -> Any:
    return serialization.load_pem_public_key(data)


def _certificate(data: bytes) -> Any:
    return x509.load_pem_x509_certificate(data)


def _empty(cls: Any, factory: Any) -> Any:
    made = cls.__new__(cls)
    if isinstance(made, defaultdict):
        defaultdict.__init__(made, factory)
    return made


def _fill(made: dict[Any, Any], state: tuple[dict[str, Any], dict[Any, Any]]) -> None:
    """As it was, past what its own methods make of it (S3's versions of a key, in moto 5.2.5)."""
    attributes, items = state
    vars(made).update(attributes)
    dict.update(made, items)


def _reduce_inner(function: FunctionType) -> Any:
    """By module, outer function and first line: the file is bound to moto's version, so they stay."""
    outer = function.__qualname__.split(".<locals>.")[0]
    line = function.__code__.co_firstlineno
    if function.__closure__ or function.__defaults__:
        raise pickle.PicklingError(f"{function.__module__}.{function.__qualname__} is a closure")
    found = _inner_function(function.__module__, outer, line)
    if found.__code__ != function.__code__:
        raise pickle.PicklingError(f"{function.__module__}.{function.__qualname__} is ambiguous")
    return _inner_function, (function.__module__, outer, line)


def _inner_function(module: str, outer: str, line: int) -> FunctionType:
    holder: Any = import_module(module)
    for name in outer.split("."):
        holder = getattr(holder, name)
    for code in _codes(holder.__code__):
        if code.co_firstlineno == line:
            return FunctionType(code, vars(import_module(module)))
    raise pickle.UnpicklingError(f"{module}.{outer} has no function at line {line}")


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)
