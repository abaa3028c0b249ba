"""Choose the instance that is to be a database's writer. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from drydock.region.services.rds.controller.parameters import Wanted
from drydock.region.services.rds.operations.classes import size


@dataclass(frozen=True)
class InstanceView:
    """An instance of a cluster, or one on its own."""

    identifier: str
    arn: str
    resource_id: str
    """Never reused."""
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
    """The parameters of its groups."""

    @property
    def staying(self) -> bool:
        return self.status != "deleting"


def choose_writer(instances: Sequence[InstanceView], wanted: str = "") -> InstanceView | None:
    """Return the instance named `wanted` (a failover's target), else the current writer.

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


def choose_failover_candidate(instances: Sequence[InstanceView]) -> InstanceView | None:
    """Return the reader to fail over to: available, lowest tier, then the largest. None: there is
    none.

    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Concepts.AuroraHighAvailability.html
    """
    fit = [one for one in instances if one.status == "available" and not one.is_writer]
    return min(fit, key=_order, default=None)


def _order(one: InstanceView) -> tuple[bool, int, int]:
    return one.status != "available", one.tier, -size(one.instance_class)
