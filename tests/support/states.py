"""Save a control plane, drop it from memory as a new process would, and restore it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from drydock.region.api.saved.database import Database
from drydock.region.api.saved.journal import Journal
from drydock.region.api.saved.restore import restore
from drydock.region.api.saved.units import Unit
from drydock.region.api.store import Store


def save(store: Store, file: Path) -> None:
    """Save the store, as a region that ends properly does."""
    Journal(store, Database(file, store.account_id, store.region)).close()


def bring_back(store: Store, file: Path) -> dict[Unit, str]:
    """Restore the store, as a starting region does; return the records that were kept aside."""
    database = Database(file, store.account_id, store.region)
    try:
        return restore(store, database)
    finally:
        database.close()


def forget(account_id: str) -> None:
    """Drop the account from moto's memory, as in a new process."""
    from moto.core.base_backend import BackendDict
    from moto.s3.models import s3_backends

    everything: list[Any] = BackendDict._instances  # type: ignore[misc]
    if "aws" in dict.keys(s3_backends[account_id]):
        for bucket in s3_backends[account_id]["aws"].buckets.values():
            for versions in dict.values(bucket.keys):
                for one in versions:
                    getattr(one, "dispose", int)()  # closes what the object is kept in
    for backends in everything:
        dict.pop(backends, account_id, None)
    for name, (_, owner) in list(s3_backends.bucket_accounts.items()):
        if owner == account_id:
            del s3_backends.bucket_accounts[name]
