"""Simulate a full disk for one database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from drydock.region.api.bulk.disk import Database


@contextmanager
def fill(database: Database) -> Iterator[None]:
    """Let SQLite report a full disk as soon as the file would have to grow, while the block runs."""
    most = database.read(lambda one: int(one.execute("PRAGMA max_page_count").fetchone()[0]))
    database.read(lambda one: one.execute("PRAGMA max_page_count = 1").fetchall())
    try:
        yield
    finally:
        database.read(lambda one: one.execute(f"PRAGMA max_page_count = {most}").fetchall())
