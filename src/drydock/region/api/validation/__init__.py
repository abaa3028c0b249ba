"""Requests are held against botocore's model of their service before moto sees them.

What AWS would refuse by the model alone is refused here, in the service's protocol, with its code and
words, outside the store's lock: unknown operations, bodies that explode, missing members, wrong types,
lengths, ranges and enumerations. What needs a look at a resource stays with the service.
"""

from drydock.region.api.validation.blame import blame
from drydock.region.api.validation.checks import refuse
from drydock.region.api.validation.problems import ServiceNotRun

__all__ = ["ServiceNotRun", "blame", "refuse"]
