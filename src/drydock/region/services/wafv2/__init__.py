"""WAFv2: web ACLs, IP sets, regex pattern sets, rule groups, and the load balancers' web ACLs."""

from __future__ import annotations

from drydock.region.api import fast_import

fast_import.import_ec2()

from drydock.region.services.wafv2.operations.backend import WafBackend  # noqa: E402
from drydock.region.services.wafv2.records import Item, Kind  # noqa: E402

__all__ = ["Item", "Kind", "WafBackend"]
