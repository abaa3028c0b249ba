"""Pickle the objects in moto's records that pickle does not support by itself.

Keys and certificates (cryptography's, made in C) are saved as PEM. Small functions inside
functions, as moto gives them to `defaultdict`, are saved by their position in its source. Its
subclasses of `dict`, which take more than items or return other values than they hold, are saved by
their content. moto's dictionaries of backends and the backends in them are saved by name, its locks
(ECR has one, in moto 5.2.5) as new ones, since none is held while the store's lock is. An object of
another service (a subnet in a database's subnet group) is saved by its path in that service, with
its plain fields in case the object is gone at the restore.
"""

from __future__ import annotations

import io
import logging
import pickle
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import CodeType, FunctionType
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from drydock.region.api.saved import moved, units
from drydock.region.api.saved.units import Index, Unit

log = logging.getLogger(__name__)

_PEM = serialization.Encoding.PEM
_PRIVATE = (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey)
_PUBLIC = (rsa.RSAPublicKey, ec.EllipticCurvePublicKey, ed25519.Ed25519PublicKey)
_LOCKS = (type(threading.RLock()), type(threading.Lock()))


Handler = Callable[["_Pickler", Any], Any]


def dumps(value: object) -> bytes:
    """Pickle a value. Raises pickle.PicklingError and what pickle raises."""
    buffer = io.BytesIO()
    _Pickler(buffer).dump(value)
    return buffer.getvalue()


def loads(data: bytes) -> Any:
    """Return the value that `dumps` wrote. Runs code that the data names: it must be trusted."""
    return _Unpickler(io.BytesIO(data)).load()


class _Unpickler(pickle.Unpickler):
    """Finds classes in their present modules."""

    def find_class(self, module: str, name: str) -> Any:
        return super().find_class(moved.today(module), name)


def dump_unit(unit: Unit, backend: Any, index: Index) -> tuple[bytes, set[Unit]]:
    """Pickle one backend; return the data and the units that it refers to.

    Call it under the store's lock. Raises pickle.PicklingError and what pickle raises.
    """
    buffer = io.BytesIO()
    pickler = _Pickler(buffer, unit.service, index)
    pickler.dump(vars(backend))
    return buffer.getvalue(), pickler.refers_to


def load_unit(data: bytes) -> dict[str, Any]:
    """Return the attributes that `dump_unit` wrote; `restore` gives them to a backend."""
    state: dict[str, Any] = loads(data)
    return state


class _Pickler(pickle.Pickler):
    """`service` is the one whose record is written, "" for a value on its own."""

    def __init__(self, buffer: io.BytesIO, service: str = "", index: Index | None = None) -> None:
        super().__init__(buffer, protocol=5)
        self._index = index
        self.refers_to: set[Unit] = set()
        self._service = service
        self._handlers = _CHOSEN.setdefault(service, {})

    def reducer_override(self, obj: Any) -> Any:
        kind = type(obj)
        try:
            handler = self._handlers[kind]
        except KeyError:
            handler = self._handlers[kind] = _choose(kind, self._service)
        return NotImplemented if handler is None else handler(self, obj)

    def reduce_foreign(self, obj: Any) -> Any:
        """Save an object by its path in the service that it belongs to, if it is found there."""
        service = units.service_of(type(obj).__module__)
        if self._index is None or (found := self._index.find(service, obj)) is None:
            return NotImplemented
        unit, path = found
        self.refers_to.add(unit)
        plain = {key: value for key, value in vars(obj).items() if isinstance(value, _PLAIN)}
        return _foreign, (str(unit), self._index.account_id, path, type(obj), plain)

    def reduce_backend(self, obj: Any) -> Any:
        """Save a backend by name; one that moto made outside its own dictionaries is saved whole."""
        unit = self._index.unit_of(obj) if self._index else None
        return NotImplemented if unit is None else (_backend, (str(unit), obj.account_id))


_PLAIN = (str, int, float, bool, type(None))
_CHOSEN: dict[str, dict[type, Handler | None]] = {}
"""The handlers of classes, for each service that is written; None: as pickle does it."""


def _choose(kind: type, service: str) -> Handler | None:
    from moto.core.base_backend import BaseBackend  # noqa: PLC0415  (moto, slow)

    for classes, handler in _KINDS:
        if issubclass(kind, classes):
            return handler
    if any((one.__module__, one.__name__) in _FILTERED for one in kind.__mro__):
        return _reduce_filtered
    if issubclass(kind, BaseBackend):
        return _Pickler.reduce_backend
    if issubclass(kind, dict) and kind.__module__.startswith("moto."):
        return lambda _, obj: _reduce_mapping(obj)
    owner = units.service_of(kind.__module__)
    if service and owner and owner != service and hasattr(kind, "__dict__"):
        return _Pickler.reduce_foreign
    return None


def _reduce_private(_: _Pickler, key: Any) -> Any:
    pkcs8, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return _private_key, (key.private_bytes(_PEM, pkcs8, plain),)


def _reduce_public(_: _Pickler, key: Any) -> Any:
    return _public_key, (key.public_bytes(_PEM, serialization.PublicFormat.SubjectPublicKeyInfo),)


def _reduce_certificate(_: _Pickler, certificate: Any) -> Any:
    return _certificate, (certificate.public_bytes(_PEM),)


def _reduce_lock(_: _Pickler, lock: Any) -> Any:
    return threading.RLock if isinstance(lock, _LOCKS[0]) else threading.Lock, ()


def _reduce_function(_: _Pickler, function: Any) -> Any:
    return _reduce_inner(function) if "<locals>" in function.__qualname__ else NotImplemented


_FILTERED = {
    ("moto.ec2.models.security_groups", "SecurityGroup"),
    ("moto.ec2.models.security_groups", "SecurityGroupRule"),
}
"""Records with a table of their own methods, `filters`: 24 of them in each security group."""
_FILTERS: dict[type, dict[str, str]] = {}


def _reduce_filtered(_: _Pickler, obj: Any) -> Any:
    """Save the methods by name, and the names once for all records of a class."""
    state = dict(vars(obj))
    methods = state.pop("filters")
    kind = type(obj)
    names = _FILTERS.setdefault(kind, {key: one.__name__ for key, one in methods.items()})
    return object.__new__, (kind,), (state, names), None, None, _fill_filtered


def _fill_filtered(made: Any, state: tuple[dict[str, Any], dict[str, str]]) -> None:
    attributes, names = state
    vars(made).update(attributes)
    made.filters = {key: getattr(made, name) for key, name in names.items()}


_KINDS: tuple[tuple[Any, Handler], ...] = (
    (_PRIVATE, _reduce_private),
    (_PUBLIC, _reduce_public),
    (x509.Certificate, _reduce_certificate),
    (_LOCKS, _reduce_lock),
    (FunctionType, _reduce_function),
)


def _reduce_mapping(held: Any) -> Any:
    if type(held).__name__.endswith("BackendDict"):
        return _backends, units.location(held)
    if type(held).__name__ == "AccountSpecificBackend":
        return _account, (*units.location(_owner(held)), held.account_id)
    made = (type(held), getattr(held, "default_factory", None))
    return _empty, made, (vars(held), dict(dict.items(held))), None, None, _fill


def _owner(regions: Any) -> Any:
    return next(one for one in units.instances() if one.get(regions.account_id) is regions)


def _backends(module: str, attribute: str) -> Any:
    return getattr(import_module(module), attribute)


def _account(module: str, attribute: str, account_id: str) -> Any:
    return _backends(module, attribute)[account_id]


def _backend(name: str, account_id: str) -> Any:
    unit = Unit.parse(name)
    return units.account_of(unit, account_id)[unit.region]


def _foreign(
    name: str, account_id: str, path: tuple[Any, ...], cls: type[Any], plain: dict[str, Any]
) -> Any:
    """Return the object of another service; if it is gone, one with only its plain fields."""
    unit = Unit.parse(name)
    _before_reference(unit)
    try:
        return units.resolve(units.account_of(unit, account_id)[unit.region], path)
    except (KeyError, TypeError):
        log.warning("a record refers to what is gone", extra={"unit": name, "path": str(path)})
        lonely: Any = object.__new__(cls)
        vars(lonely).update(plain)
        return lonely


def _nothing(_: Unit) -> None:
    """Do nothing: outside of a restore every unit is there already."""


_before_reference: Callable[[Unit], None] = _nothing


@contextmanager
def loading(ensure: Callable[[Unit], None]) -> Iterator[None]:
    """While units are read, call `ensure` with each unit that one refers to, so that it is read
    first.

    One restore at a time: it is called under the store's lock.
    """
    global _before_reference  # noqa: PLW0603  (pickle hands no context to what it calls)
    before, _before_reference = _before_reference, ensure
    try:
        yield
    finally:
        _before_reference = before


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
    """Fill a dictionary without its own methods, which may change it (S3's versions, in moto
    5.2.5).
    """
    attributes, items = state
    vars(made).update(attributes)
    dict.update(made, items)


def _reduce_inner(function: FunctionType) -> Any:
    """Save a function by module, outer function and first line: moto's version is fixed, so they
    stay.
    """
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
