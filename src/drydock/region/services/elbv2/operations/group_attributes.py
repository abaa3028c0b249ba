"""The attributes of HTTP and HTTPS target groups: their keys, valid values and combinations.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html
moto 5.2.5 accepts any key, most values, and shows `waf.fail_open.enabled`, which is a load
balancer's.
"""

from __future__ import annotations

from collections.abc import Mapping

from drydock.region.services.elbv2.operations import limits
from drydock.region.services.elbv2.operations.problems import invalid, misconfigured
from drydock.region.services.elbv2.operations.values import Check, between, boolean, one_of, text

_WEEK = 604800
_HEALTH = "target_group_health"
_RESERVED = ("AWSALB", "AWSALBAPP", "AWSALBTG")

_KNOWN: dict[str, Check] = {
    "deregistration_delay.timeout_seconds": between(0, 3600),
    "load_balancing.algorithm.anomaly_mitigation": one_of("on", "off"),
    "load_balancing.algorithm.type": one_of(
        "round_robin", "least_outstanding_requests", "weighted_random"
    ),
    "load_balancing.cross_zone.enabled": one_of("true", "false", "use_load_balancer_configuration"),
    "slow_start.duration_seconds": between(30, 900, "0"),
    "stickiness.app_cookie.cookie_name": text(
        256, r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", "a cookie's name"
    ),
    "stickiness.app_cookie.duration_seconds": between(1, _WEEK),
    "stickiness.enabled": boolean,
    "stickiness.lb_cookie.duration_seconds": between(1, _WEEK),
    "stickiness.type": one_of("lb_cookie", "app_cookie"),
    f"{_HEALTH}.dns_failover.minimum_healthy_targets.count": between(1, limits.TARGETS, "off"),
    f"{_HEALTH}.dns_failover.minimum_healthy_targets.percentage": between(1, 100, "off"),
    f"{_HEALTH}.unhealthy_state_routing.minimum_healthy_targets.count": between(1, limits.TARGETS),
    f"{_HEALTH}.unhealthy_state_routing.minimum_healthy_targets.percentage": between(1, 100, "off"),
}
_DEFAULTS = {
    "deregistration_delay.timeout_seconds": "300",
    "load_balancing.algorithm.anomaly_mitigation": "off",
    "load_balancing.algorithm.type": "round_robin",
    "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
    "slow_start.duration_seconds": "0",
    "stickiness.app_cookie.cookie_name": "",
    "stickiness.app_cookie.duration_seconds": "86400",
    "stickiness.enabled": "false",
    "stickiness.lb_cookie.duration_seconds": "86400",
    "stickiness.type": "lb_cookie",
    f"{_HEALTH}.dns_failover.minimum_healthy_targets.count": "1",
    f"{_HEALTH}.dns_failover.minimum_healthy_targets.percentage": "off",
    f"{_HEALTH}.unhealthy_state_routing.minimum_healthy_targets.count": "1",
    f"{_HEALTH}.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
}
_OTHERS = ("source_ip", "source_ip_dest_ip", "source_ip_dest_ip_proto")
"""Types of stickiness of other load balancers."""


def defaults() -> dict[str, str]:
    """Return the default attributes."""
    return dict(_DEFAULTS)


def check(wanted: Mapping[str, str], now: Mapping[str, str], protocol: str) -> None:
    """Raise ELBClientError when `wanted` is invalid, alone or combined with the attributes `now`."""
    for key, value in wanted.items():
        if key not in _KNOWN:
            raise invalid(f"Target group attribute key '{key}' is not recognized")
        if key == "stickiness.type" and value in _OTHERS:
            raise misconfigured(
                f"Stickiness type '{value}' is not supported for target groups with the"
                f" {protocol} protocol"
            )
        _KNOWN[key](key, value)
    name = wanted.get("stickiness.app_cookie.cookie_name", "")
    if name.startswith(_RESERVED):
        raise invalid(f"The cookie name '{name}' is reserved for use by the load balancer")
    _check_together({**now, **wanted})


def _check_together(all_of: Mapping[str, str]) -> None:
    algorithm = all_of["load_balancing.algorithm.type"]
    sticky = all_of["stickiness.enabled"] == "true"
    if all_of["slow_start.duration_seconds"] != "0" and algorithm != "round_robin":
        raise misconfigured(
            f"You cannot enable both slow start and {algorithm.replace('_', ' ')} algorithm"
            " on a target group"
        )
    if sticky and algorithm == "weighted_random":
        raise misconfigured(
            "You cannot have both stickiness and weighted random algorithm enabled on the same"
            " target group."
        )
    if (
        all_of["load_balancing.algorithm.anomaly_mitigation"] == "on"
        and algorithm != "weighted_random"
    ):
        raise misconfigured(
            "You cannot enable anomaly mitigation on a target group whose algorithm is not"
            " weighted random"
        )
    named = all_of["stickiness.app_cookie.cookie_name"]
    if sticky and all_of["stickiness.type"] == "app_cookie" and not named:
        raise misconfigured(
            "You must set an application cookie name to enable stickiness of type 'app_cookie'"
        )
