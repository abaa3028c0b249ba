"""The control plane as one file: every backend of the account in one pickle, behind a header.

One pickle for all, as backends point into each other (a task definition's role, a group's interfaces).
The file is private to the user, and one that others could have written is not read: unpickling runs
code.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
import weakref
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import drydock
from drydock.errors import StateUnreadable
from drydock.region.api import gaps, pickling
from drydock.region.api.store import Store

_MAGIC = b"drydock region state\n"
_FORMAT = 2


def save(store: Store, file: Path) -> int:
    """Write the state atomically; returns the generation that the file holds.

    Holds the store's lock only while it is gathered. Raises OSError.
    """
    with store.reading():
        generation = store.generation
        payload = pickling.dumps(_collect(store.account_id))
        _forget_tracked()
    header = {
        "format": _FORMAT,
        "drydock": drydock.__version__,
        "moto": version("moto"),
        "account": store.account_id,
        "region": store.region,
        "sha256": hashlib.sha256(payload).hexdigest(),
    }
    _write(file, _MAGIC + json.dumps(header).encode() + b"\n" + payload)
    return generation


def restore(store: Store, file: Path) -> bool:
    """Put a saved state back; False when there is none. Before the first request.

    Raises StateUnreadable: damaged, of another version, account or region, or not only ours.
    """
    try:
        data = _read(file)
    except FileNotFoundError:
        return False
    payload = _check(store, file, data)
    gaps.install()
    try:
        backends = pickling.loads(payload)
    except Exception as error:
        raise _unreadable(file, f"{type(error).__name__}: {error}") from error
    with store.reading():
        for (module, attribute), regions in backends.items():
            ours = getattr(import_module(module), attribute)[store.account_id]
            for region, backend in regions.items():
                dict.__setitem__(ours, region, backend)
        _reconnect(store)
    return True


def _collect(account_id: str) -> dict[pickling.Place, dict[str, Any]]:
    from moto.core.base_backend import BackendDict  # noqa: PLC0415  (moto, slow)

    found: dict[pickling.Place, dict[str, Any]] = {}
    everything: list[Any] = BackendDict._instances  # type: ignore[misc]
    for backends in everything:
        if account_id in backends and (regions := dict(backends[account_id].items())):
            found[pickling.place(backends)] = regions
    return found


def _forget_tracked() -> None:
    """moto keeps a list of all that was ever made, for its dashboard: a leak in a process that lasts."""
    from moto.core.model_instances import reset_model_data  # noqa: PLC0415  (moto, slow)

    reset_model_data()


def _reconnect(store: Store) -> None:
    """What moto keeps beside its backends, on classes and modules."""
    for name, (partition, account) in _buckets(store).items():
        from moto.s3.models import s3_backends  # noqa: PLC0415  (moto, slow)

        s3_backends.bucket_accounts[name] = (partition, account)
    store.backend("logs").continue_event_ids()
    from moto.ec2.models import ec2_backends  # noqa: PLC0415  (moto, slow)

    for backend in list(dict.values(ec2_backends[store.account_id])):
        for refs in (backend.vpc_refs, backend.vpc_pcx_refs, backend.backend_refs):
            refs[type(backend)].add(weakref.ref(backend))


def _buckets(store: Store) -> dict[str, tuple[str, str]]:
    s3 = store.backend("s3")
    return dict.fromkeys(s3.buckets, (s3.partition, store.account_id))


def _write(file: Path, data: bytes) -> None:
    """Whole or not at all, and on the disk before the old one is gone. mkstemp gives mode 0600."""
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            status = os.fstat(stream.fileno())
            if status.st_uid != os.getuid():
                raise _unreadable(file, "it belongs to another user")
            if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                raise _unreadable(file, "others may write to it")
            return stream.read()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _unreadable(file, str(error)) from error


def _check(store: Store, file: Path, data: bytes) -> bytes:
    """The pickle in `data`, when it is whole and ours. Raises StateUnreadable."""
    if not data.startswith(_MAGIC) or b"\n" not in data[len(_MAGIC) :]:
        raise _unreadable(file, "it is not a state file, or its beginning is damaged")
    line, payload = data[len(_MAGIC) :].split(b"\n", 1)
    try:
        header = json.loads(line)
        wrote = {
            key: header[key] for key in ("format", "drydock", "moto", "account", "region", "sha256")
        }
    except (ValueError, KeyError, TypeError) as error:
        raise _unreadable(file, "its header is damaged") from error
    expected = {
        "format": _FORMAT,
        "drydock": drydock.__version__,
        "moto": version("moto"),
        "account": store.account_id,
        "region": store.region,
    }
    for key, value in expected.items():
        if wrote[key] != value:
            raise _unreadable(
                file, f"it was written for {key} {wrote[key]}, and this is {key} {value}"
            )
    if hashlib.sha256(payload).hexdigest() != wrote["sha256"]:
        raise _unreadable(file, "it is damaged: its checksum is wrong")
    return payload


def _unreadable(file: Path, cause: str) -> StateUnreadable:
    return StateUnreadable(
        f"the saved region {file} cannot be read",
        cause,
        "delete the file to begin with an empty region, or go back to what wrote it",
    )
