"""ELB's default quotas for Application Load Balancers.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html moto
5.2.5 describes outdated ones and enforces none except that of certificates.
"""

from __future__ import annotations

BALANCERS = 50
LISTENERS = 50
CERTIFICATES = 25
"""Per load balancer, the default ones not counted."""
RULES = 100
"""Per load balancer, the default ones not counted."""
GROUPS = 3000
GROUPS_PER_BALANCER = 100
GROUPS_PER_ACTION = 5
TARGETS = 1000
"""Per load balancer and per target group."""
VALUES = 5
"""Condition values per rule."""
WILDCARDS = 5
"""Per rule."""
TAGS = 50
LEAST_CAPACITY = 100
MOST_CAPACITY = 1500
"""Load balancer capacity units that may be reserved."""

NAMED = {
    "target-groups": GROUPS,
    "application-load-balancers": BALANCERS,
    "listeners-per-application-load-balancer": LISTENERS,
    "rules-per-application-load-balancer": RULES,
    "targets-per-application-load-balancer": TARGETS,
    "targets-per-target-group": TARGETS,
    "certificates-per-application-load-balancer": CERTIFICATES,
    "condition-values-per-alb-rule": VALUES,
    "condition-wildcards-per-alb-rule": WILDCARDS,
    "target-groups-per-application-load-balancer": GROUPS_PER_BALANCER,
    "target-groups-per-action-on-application-load-balancer": GROUPS_PER_ACTION,
    "target-id-registrations-per-application-load-balancer": 1000,
}
"""The answer of DescribeAccountLimits."""
