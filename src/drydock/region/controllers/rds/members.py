"""Which instance of a database is to be its writer. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from drydock.region.api.gaps.rds.classes import size
from drydock.region.controllers.rds.parameters import Wanted


@dataclass(frozen=True)
class InstanceView:
    """An instance: one of a cluster's, or one on its own."""

    identifier: str
    arn: str
    resource_id: str
    """Unique for ever."""
    status: str
    eni_id: str | None
    zone: str
    is_writer: bool
    """Whether it was seen to be the writer, or is the first of its cluster."""
    tier: int
    """The promotion tier: a lower one goes first."""
    instance_class: str = ""
    names: tuple[str, ...] = ()
    """The endpoints that lead to it, its own first."""
    wanted: Wanted = field(default_factory=Wanted)
    """What its parameter groups say."""

    @property
    def staying(self) -> bool:
        return self.status != "deleting"


def choose_writer(instances: Sequence[InstanceView], wanted: str = "") -> InstanceView | None:
    """The instance that `wanted` names (a failover's target), else the one that is the writer.

    Without either, as AWS does when a writer goes: a reader that is available, by promotion tier.
    """
    staying = [one for one in instances if one.staying]
    if not staying:
        return None
    for one in staying:
        if one.identifier == wanted:
            return one
    for one in staying:
        if one.is_writer:
            return one
    return min(staying, key=_order)


def choose_heir(instances: Sequence[InstanceView]) -> InstanceView | None:
    """The reader that a failover goes to: available, lowest tier, then the largest. None: none is.

    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Concepts.AuroraHighAvailability.html
    """
    fit = [one for one in instances if one.status == "available" and not one.is_writer]
    return min(fit, key=_order, default=None)


def _order(one: InstanceView) -> tuple[bool, int, int]:
    return one.status != "available", one.tier, -size(one.instance_class)
