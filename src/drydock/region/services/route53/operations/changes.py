"""GetChange: whether the region's name servers have a change already.

moto 5.2.5 answers INSYNC to any id. Here a change is a version of its zone, and the controller of
names writes which version every server has.
"""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moto.core.utils import utcnow
from moto.route53.models import Route53Backend as TheirBackend

from drydock.region.services.route53.operations.errors import Refused

_KEPT = 1000
_LETTERS = string.ascii_uppercase + string.digits


@dataclass(frozen=True)
class Change:
    """An accepted change: its zone is to have a version, or to be gone."""

    id: str
    zone_id: str
    version: int
    submitted_at: datetime
    comment: str


class ChangeOperations(TheirBackend):
    """The changes' part of the Route 53 backend."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.changes: dict[str, Change] = {}
        self.serving: dict[str, int] = {}
        """Zone id → the version that all of the zone's servers have; written by the controller."""

    def note_change(self, zone_id: str, version: int, comment: str = "") -> dict[str, Any]:
        """Record a change; return its ChangeInfo."""
        change = Change(new_id("C"), zone_id, version, utcnow(), comment)
        self.changes[change.id] = change
        while len(self.changes) > _KEPT:
            del self.changes[next(iter(self.changes))]
        return self.change_info(change)

    def get_change(self, change_id: str) -> dict[str, Any]:
        """GetChange. Raises NoSuchChange."""
        change = self.changes.get(change_id.rsplit("/", maxsplit=1)[-1])
        if change is None:
            raise Refused("NoSuchChange", f"A change with id {change_id} does not exist.")
        return self.change_info(change)

    def change_info(self, change: Change) -> dict[str, Any]:
        """Return a change's state,
        https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeInfo.html
        """
        there = change.zone_id in self.zones
        served = self.serving.get(change.zone_id)
        done = (served or 0) >= change.version if there else served is None
        return {
            "Id": f"/change/{change.id}",
            "Status": "INSYNC" if done else "PENDING",
            "SubmittedAt": change.submitted_at,
            "Comment": change.comment or None,
        }


def new_id(prefix: str, length: int = 20) -> str:
    """Return an id in Route 53's form: `Z0123456789ABCDEFGHIJ`."""
    return prefix + "".join(secrets.choice(_LETTERS) for _ in range(length))
