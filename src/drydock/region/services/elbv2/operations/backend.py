"""The ELBv2 backend. Classic load balancers, which share its endpoint, are not supported."""

from __future__ import annotations

from drydock.region.services.elbv2.operations.rules import RuleOperations


class ElbBackend(RuleOperations):
    """The ELBv2 backend of the API; the controller writes states and target health."""
