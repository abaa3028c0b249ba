"""ELBv2: load balancers, listeners, rules, target groups."""

from __future__ import annotations

from drydock.region.api import fast_import

fast_import.import_ec2()

from drydock.region.services.elbv2.operations.backend import ElbBackend  # noqa: E402
from drydock.region.services.elbv2.operations.balancers import LoadBalancer  # noqa: E402
from drydock.region.services.elbv2.operations.listeners import Listener  # noqa: E402
from drydock.region.services.elbv2.operations.rules import Rule  # noqa: E402
from drydock.region.services.elbv2.operations.targets import Health, TargetGroup  # noqa: E402

__all__ = ["ElbBackend", "Health", "Listener", "LoadBalancer", "Rule", "TargetGroup"]
