"""Settings of a stack that a local region accepts but does not carry out, read from the AWS API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

_POST_QUANTUM = "-PQ-"
"""Part of the names of policies that offer hybrid key exchange.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html"""


@dataclass(frozen=True)
class Absence:
    """A resource, and which of its settings has no effect."""

    resource: str
    words: str


def absences(elbv2: Any, wafv2: Any) -> list[Absence]:
    """Return settings of the local region's web ACLs and listeners that have no effect there."""
    return [*_managed_groups(wafv2), *_logs(wafv2), *_post_quantum(elbv2)]


def _managed_groups(wafv2: Any) -> Iterator[Absence]:
    for summary in _listed(wafv2.list_web_acls, "WebACLs"):
        acl = wafv2.get_web_acl(Name=summary["Name"], Id=summary["Id"], Scope="REGIONAL")["WebACL"]
        statements = [rule["Statement"] for rule in acl.get("Rules", [])]
        groups = [
            one["ManagedRuleGroupStatement"]["Name"]
            for one in statements
            if "ManagedRuleGroupStatement" in one
        ]
        if groups:
            words = f"managed rule groups are accepted and judge nothing here: {', '.join(groups)}"
            yield Absence(f"web ACL {summary['Name']}", words)


def _logs(wafv2: Any) -> Iterator[Absence]:
    for one in _listed(wafv2.list_logging_configurations, "LoggingConfigurations"):
        name = one["ResourceArn"].split("/")[-2]
        goals = ", ".join(one["LogDestinationConfigs"])
        yield Absence(f"web ACL {name}", f"its logs are not written here: {goals}")


def _listed(ask: Callable[..., Any], member: str) -> Iterator[Any]:
    marker: dict[str, str] = {}
    while True:
        page = ask(Scope="REGIONAL", **marker)
        yield from page[member]
        if not page.get("NextMarker"):
            return
        marker = {"NextMarker": page["NextMarker"]}


def _post_quantum(elbv2: Any) -> Iterator[Absence]:
    balancers = elbv2.get_paginator("describe_load_balancers").paginate()
    for balancer in (one for page in balancers for one in page["LoadBalancers"]):
        pages = elbv2.get_paginator("describe_listeners").paginate(
            LoadBalancerArn=balancer["LoadBalancerArn"]
        )
        for listener in (one for page in pages for one in page["Listeners"]):
            policy = listener.get("SslPolicy", "")
            if _POST_QUANTUM in policy:
                words = (
                    f"{policy} offers post-quantum key exchange on AWS; here the classical one "
                    "alone is agreed on"
                )
                yield Absence(f"listener {balancer['LoadBalancerName']}:{listener['Port']}", words)
