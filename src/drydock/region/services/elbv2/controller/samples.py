"""Turn a load balancer's traffic into CloudWatch's metrics. Pure.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from drydock.region.dataplane.balancer.traffic import GroupTraffic, Traffic
from drydock.region.services.cloudwatch import Dimensions, Sample

NAMESPACE = "AWS/ApplicationELB"


def of_balancer(arn: str, traffic: Traffic, owed: Counter[int]) -> list[Sample]:
    """Return a load balancer's metrics of a period.

    `owed` remembers responses that a target had begun and that were not yet counted as sent, by the
    first digit of their status; it is changed.
    """
    here = (("LoadBalancer", _name(arn)),)
    groups = traffic.groups.values()
    responses: Counter[int] = Counter()
    for group in groups:
        responses.update(group.responses)
    own: Counter[int] = Counter()
    for digit in range(1, 6):
        own[digit] = traffic.responses[digit] - responses[digit] + owed[digit]
        owed[digit] = min(own[digit], 0)
    counts = {
        "RequestCount": sum(group.requests for group in groups),
        "NewConnectionCount": traffic.new_connections
        + sum(group.new_connections for group in groups),
        "RejectedConnectionCount": traffic.rejected,
        "ClientTLSNegotiationErrorCount": traffic.tls_errors,
        "TargetConnectionErrorCount": sum(group.connection_errors for group in groups),
        "HTTP_Fixed_Response_Count": traffic.fixed,
        "HTTP_Redirect_Count": traffic.redirects,
        **{f"HTTPCode_Target_{digit}XX_Count": responses[digit] for digit in range(2, 6)},
        **{f"HTTPCode_ELB_{digit}XX_Count": own[digit] for digit in range(3, 6)},
        **{f"HTTPCode_ELB_{status}_Count": n for status, n in traffic.own_errors.items()},
    }
    found = list(_counts(counts, here))
    if traffic.bytes:
        found.append(Sample(NAMESPACE, "ProcessedBytes", here, "Bytes", float(traffic.bytes)))
    if traffic.active_connections:
        active = float(traffic.active_connections)
        found.append(Sample(NAMESPACE, "ActiveConnectionCount", here, "Count", active))
    for key, group in traffic.groups.items():
        found += _of_group(key, group, here)
    return found + list(_response_time(list(groups), here))


def of_health(arn: str, group: str, states: Mapping[str, int]) -> list[Sample]:
    """Return a target group's healthy and unhealthy counts.

    `states`: target state → number of targets.
    """
    where = _dimensions(LoadBalancer=_name(arn), TargetGroup=_name(group))
    counted = {"HealthyHostCount": "healthy", "UnHealthyHostCount": "unhealthy"}
    return [
        Sample(NAMESPACE, name, where, "Count", float(states.get(state, 0)))
        for name, state in counted.items()
    ]


def _of_group(key: str, group: GroupTraffic, here: Dimensions) -> Iterator[Sample]:
    alone = _dimensions(TargetGroup=_name(key))
    both = tuple(sorted((*here, *alone)))
    counts = {
        "RequestCount": group.requests,
        "TargetConnectionErrorCount": group.connection_errors,
        **{f"HTTPCode_Target_{digit}XX_Count": group.responses[digit] for digit in range(2, 6)},
    }
    yield from _counts(counts, both)
    yield from _response_time([group], both)


def per_target(arn: str, key: str, requests: int, targets: int) -> list[Sample]:
    """Return RequestCountPerTarget, used by target tracking; none without requests or targets."""
    if not requests or not targets:
        return []
    alone = _dimensions(TargetGroup=_name(key))
    both = _dimensions(LoadBalancer=_name(arn), TargetGroup=_name(key))
    return [
        Sample(NAMESPACE, "RequestCountPerTarget", where, "None", requests / targets)
        for where in (alone, both)
    ]


def _counts(counts: Mapping[str, int], where: Dimensions) -> Iterator[Sample]:
    """Yield a sample per counter, as so many values of 1; CloudWatch has no zeros of these."""
    for name, count in counts.items():
        if count > 0:
            yield Sample(NAMESPACE, name, where, "Count", float(count), count)


def _response_time(groups: Sequence[GroupTraffic], where: Dimensions) -> Iterator[Sample]:
    requests = sum(group.requests for group in groups)
    if requests > 0:
        total = sum(group.response_time * group.requests for group in groups)
        yield Sample(NAMESPACE, "TargetResponseTime", where, "Seconds", total, requests)


def _dimensions(**named: str) -> Dimensions:
    return tuple(sorted(named.items()))


def _name(arn: str) -> str:
    """Return the metric dimension of an ARN: app/web/1234 or targetgroup/web/1234."""
    return arn.split(":", 5)[5].removeprefix("loadbalancer/")
