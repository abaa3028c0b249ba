"""Names of load balancers, and the hosted zones of their DNS names.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
moto 5.2.5 accepts any name.
"""

from __future__ import annotations

import re

from drydock.region.services.elbv2.operations.problems import invalid

_LONGEST = 32

_ZONES = {
    "af-south-1": "Z268VQBMOI5EKX",
    "ap-east-1": "Z3DQVH9N71FHZ0",
    "ap-northeast-1": "Z14GRHDCWA56QT",
    "ap-northeast-2": "ZWKZPGTI48KDX",
    "ap-northeast-3": "Z5LXEXXYW11ES",
    "ap-south-1": "ZP97RAFLXTNZK",
    "ap-southeast-1": "Z1LMS91P8CMLE5",
    "ap-southeast-2": "Z1GM3OXH4ZPM65",
    "ca-central-1": "ZQSVJUPU6J1EY",
    "eu-central-1": "Z215JYRZR1TBD5",
    "eu-north-1": "Z23TAZ6LKFMNIO",
    "eu-south-1": "Z3ULH7SSC9OV64",
    "eu-west-1": "Z32O12XQLNTSW2",
    "eu-west-2": "ZHURV8PSTC4K8",
    "eu-west-3": "Z3Q77PNBQS71R4",
    "me-south-1": "ZS929ML54UICD",
    "sa-east-1": "Z2P70J7HTTTPLU",
    "us-east-1": "Z35SXDOTRQ7X7K",
    "us-east-2": "Z3AADJGX6KTTL2",
    "us-west-1": "Z368ELLRRE2KJ0",
    "us-west-2": "Z1H1FL5HABSF5",
}
"""Hosted zone of the load balancers' names (https://docs.aws.amazon.com/general/latest/gr/elb.html)."""


def check(name: str) -> None:
    """Raise ELBClientError (ValidationError) for an invalid name."""
    if len(name) > _LONGEST:
        raise invalid(
            f"The load balancer name '{name}' cannot be longer than '{_LONGEST}' characters"
        )
    if not re.fullmatch(r"[A-Za-z0-9-]+", name):
        raise invalid(
            f"The load balancer name '{name}' can only contain characters that are alphanumeric"
            " characters and hyphens(-)"
        )
    if name.startswith("-") or name.endswith("-"):
        raise invalid(f"The load balancer name '{name}' cannot begin or end with a hyphen(-)")
    if name.startswith("internal-"):
        raise invalid(f"The load balancer name '{name}' cannot begin with 'internal-'")


def hosted_zone(region: str) -> str:
    """Return the id of the hosted zone that contains the names of a region's load balancers."""
    return _ZONES.get(region, _ZONES["us-east-1"])
