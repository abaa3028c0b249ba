"""Tags of load balancers, listeners, rules and target groups.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-tags.html
moto 5.2.5 allows 10, and stores a target group before it refuses its tags.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from moto.elbv2.exceptions import DuplicateTagKeysError, ELBClientError

from drydock.region.services.elbv2.operations import limits
from drydock.region.services.elbv2.operations.problems import invalid

Tags = Sequence[Mapping[str, str]]


def check(tags: Tags | None, existing: Mapping[str, str] | None = None) -> None:
    """Raise ELBClientError when a resource with `existing` tags cannot get these too."""
    keys = [one["Key"] for one in tags or ()]
    for key in keys:
        if keys.count(key) > 1:
            raise DuplicateTagKeysError(key)
        if key.lower().startswith("aws:"):
            raise invalid(f"Tag key '{key}' cannot start with 'aws:'")
    if len({*keys, *(existing or ())}) > limits.TAGS:
        raise ELBClientError("TooManyTags", f"A resource can have at most '{limits.TAGS}' tags")
