"""WAFv2: web ACLs, IP sets, regex pattern sets, rule groups, and which load balancer has which web ACL."""

from __future__ import annotations

from drydock.region.api.gaps import quickly

quickly.import_ec2()

from moto.wafv2.models import wafv2_backends  # noqa: E402

from drydock.region.api.gaps import overlay  # noqa: E402
from drydock.region.api.gaps.wafv2.backend import WafBackend  # noqa: E402
from drydock.region.api.gaps.wafv2.records import Item, Kind  # noqa: E402

__all__ = ["Item", "Kind", "WafBackend", "install"]


def install() -> None:
    """Have moto build our backend."""
    overlay.replace(wafv2_backends, WafBackend)
