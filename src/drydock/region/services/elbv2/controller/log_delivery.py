"""Deliver the logs that HAProxy wrote for one load balancer into its bucket."""

from __future__ import annotations

import gzip
import logging
import secrets
import string
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from drydock.region.api.store import Store
from drydock.region.dataplane.balancer import logfiles
from drydock.region.dataplane.balancer.logs import split
from drydock.region.services.elbv2.controller import log_names
from drydock.region.services.elbv2.operations import log_buckets
from drydock.region.services.elbv2.operations.deliveries import Delivery
from drydock.region.services.kit.controller import TerminalError

log = logging.getLogger(__name__)

AT_ONCE = 32 << 20
"""Bytes that are read at once of a file."""
KEPT = 256 << 20
"""Bytes of a file that wait for a bucket that cannot be written to; older lines are dropped."""
_PLACES = {log_names.ACCESS: 0, log_names.CONNECTION: 1}
_TOKEN = string.ascii_lowercase + string.digits


def deliver(store: Store, arn: str, delivery: Delivery, kind: str, folder: Path) -> None:
    """Put the new lines of one kind of log into its bucket, in as many objects as necessary.

    Raises TerminalError if the bucket cannot be written to; nothing is lost then.
    """
    while True:
        offsets = delivery.offsets.get(kind, {})
        content, reached = _new_lines(folder, kind, offsets)
        if reached == offsets:
            return
        _put(store, arn, delivery, kind, content, reached)


def check(store: Store, arn: str, delivery: Delivery, kind: str) -> None:
    """Raise TerminalError if a kind of log cannot be delivered now, even when there are no lines."""
    with store.locked():
        _check(store, arn, kind, *delivery.destinations[kind])


def give_up(delivery: Delivery, kind: str, folder: Path, kept: int) -> None:
    """Drop the lines that have waited too long for their bucket: all but the latest `kept` bytes."""
    offsets = delivery.offsets.setdefault(kind, {})
    for path in logfiles.present(folder):
        done = offsets.get(path.name, 0)
        if path.stat().st_size - done > kept:
            offsets[path.name] = logfiles.next_line(path, path.stat().st_size - kept)
            dropped = offsets[path.name] - done
            log.warning(
                "log lines dropped", extra={"file": str(path), "kind": kind, "bytes": dropped}
            )


def announce(store: Store, arn: str, kind: str, bucket: str, prefix: str) -> None:
    """Write the test file that ELB writes when a kind of log is turned on. Raises TerminalError."""
    key, content = log_names.test_file(kind, prefix, arn, datetime.now(UTC))
    with store.changing("s3", "elbv2"):
        _check(store, arn, kind, bucket, prefix)
        store.backend("s3").put_object(bucket, key, content)


def _new_lines(folder: Path, kind: str, offsets: Mapping[str, int]) -> tuple[bytes, dict[str, int]]:
    """Return the undelivered lines of one kind, and the offsets that they reach."""
    pieces, reached = [], dict(offsets)
    for path in logfiles.present(folder):
        written = logfiles.read(path, offsets.get(path.name, 0), AT_ONCE)
        if written:
            pieces.append(split(written)[_PLACES[kind]])
            reached[path.name] = offsets.get(path.name, 0) + len(written)
    return b"".join(pieces), reached


def _put(
    store: Store, arn: str, delivery: Delivery, kind: str, content: bytes, reached: dict[str, int]
) -> None:
    if not content:
        with store.locked():
            delivery.offsets[kind] = reached
        return
    bucket, prefix = delivery.destinations[kind]
    token = "".join(secrets.choice(_TOKEN) for _ in range(8))
    key = log_names.object_key(kind, prefix, arn, delivery.address, datetime.now(UTC), token)
    packed = gzip.compress(content)
    with store.changing("s3", "elbv2"):
        _check(store, arn, kind, bucket, prefix)
        store.backend("s3").put_object(bucket, key, packed)
        # under one lock: a saved control plane has both or neither
        delivery.offsets[kind] = reached


def _check(store: Store, arn: str, kind: str, bucket: str, prefix: str) -> None:
    """Raise TerminalError unless ELB may write to the bucket now. Under the lock."""
    from moto.elbv2.exceptions import ELBClientError  # noqa: PLC0415  (moto, slow)

    elb: Any = store.backend("elbv2")
    try:
        log_buckets.check(elb, arn, bucket, prefix)
    except ELBClientError as error:
        what = kind.replace("_", " ")
        raise TerminalError(f"{arn}: its {what} cannot be delivered: {error.message}") from error
