"""Validation: requests are checked against botocore's model of their service before moto gets them.

What AWS refuses by the model alone is refused here, in the service's protocol, with its code and
message, outside the store's lock: unknown operations, bodies that explode, missing members, wrong
types, lengths, ranges and enumerations. Checks that need a resource stay with the service.
"""

from drydock.region.api.validation.blame import blame
from drydock.region.api.validation.checks import refuse
from drydock.region.api.validation.problems import ServiceNotRun

__all__ = ["ServiceNotRun", "blame", "refuse"]
