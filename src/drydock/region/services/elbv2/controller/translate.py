"""Translate ELB's records into the balancer's plain data. Pure except for reading the records.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from drydock.region.dataplane.balancer.spec import (
    Action,
    Algorithm,
    Condition,
    FixedResponse,
    Forward,
    HealthCheck,
    HostHeader,
    HttpHeader,
    Listener,
    PathPattern,
    QueryString,
    Redirect,
    RequestMethod,
    Rewrite,
    Rule,
    SourceIp,
    Target,
    TargetGroup,
    Tls,
    Version,
    WeightedGroup,
)
from drydock.region.services.elbv2.controller.attributes import stickiness
from drydock.region.services.kit.controller import TerminalError

Json = Mapping[str, Any]
Scaled = Callable[[float], float]


def forwarded_groups(actions: Iterable[Json]) -> set[str]:
    """Return the ARNs of the target groups that some actions forward to."""
    found: set[str] = set()
    for action in actions:
        if action.get("Type") == "forward":
            found |= {group.key for group in _forward(action).groups}
    return found


def action(actions: Sequence[Json], where: str) -> Action:
    """Return the action that routes. Raises TerminalError for kinds that the region does not serve."""
    for one in sorted(actions, key=lambda entry: int(entry.get("Order") or 0)):
        kind = one.get("Type")
        if kind == "forward":
            return _forward(one)
        if kind == "redirect":
            return _redirect(one["RedirectConfig"])
        if kind == "fixed-response":
            config = one["FixedResponseConfig"]
            return FixedResponse(
                status=int(config["StatusCode"]),
                content_type=config.get("ContentType") or "text/plain",
                body=config.get("MessageBody") or "",
            )
        raise TerminalError(f"{where}: the region does not serve {kind} actions yet")
    raise TerminalError(f"{where}: it has no action")


def _forward(one: Json) -> Forward:
    config = one.get("ForwardConfig") or {}
    weighted = config.get("TargetGroups") or []
    if weighted:
        sticky = config.get("TargetGroupStickinessConfig") or {}
        enabled = str(sticky.get("Enabled")).lower() == "true"
        return Forward(
            tuple(
                WeightedGroup(str(group["TargetGroupArn"]), int(group.get("Weight") or 0))
                if "Weight" in group
                else WeightedGroup(str(group["TargetGroupArn"]))
                for group in weighted
            ),
            sticky_seconds=int(sticky.get("DurationSeconds") or 3600) if enabled else 0,
        )
    return Forward.to(str(one["TargetGroupArn"]))


def _redirect(config: Json) -> Redirect:
    defaults = Redirect()
    return Redirect(
        status=302 if str(config.get("StatusCode")) == "HTTP_302" else 301,
        protocol=config.get("Protocol") or defaults.protocol,
        host=config.get("Host") or defaults.host,
        port=str(config.get("Port") or defaults.port),
        path=config.get("Path") or defaults.path,
        query=str(config.get("Query", defaults.query)),
    )


def condition(entry: Json) -> Condition:
    """Return one condition of a rule."""
    field = entry["Field"]

    def values(config: str) -> tuple[str, ...]:
        return tuple((entry.get(config) or {}).get("Values") or entry.get("Values") or ())

    if field == "host-header":
        return HostHeader(values("HostHeaderConfig"))
    if field == "path-pattern":
        return PathPattern(values("PathPatternConfig"))
    if field == "http-request-method":
        return RequestMethod(values("HttpRequestMethodConfig"))
    if field == "source-ip":
        return SourceIp(values("SourceIpConfig"))
    if field == "http-header":
        config = entry["HttpHeaderConfig"]
        return HttpHeader(config["HttpHeaderName"], tuple(config["Values"]))
    if field == "query-string":
        pairs = entry["QueryStringConfig"]["Values"]
        return QueryString(tuple((pair.get("Key") or "", pair["Value"]) for pair in pairs))
    raise TerminalError(f"a rule's condition: the region does not know the field {field}")


def rewrites(transforms: Iterable[Json]) -> tuple[Rewrite, ...]:
    """Return a rule's rewrites of the requests that it forwards."""
    configs = {"url-rewrite": "UrlRewriteConfig", "host-header-rewrite": "HostHeaderRewriteConfig"}
    return tuple(
        Rewrite(
            "url" if one["Type"] == "url-rewrite" else "host",
            rewrite["Regex"],
            rewrite["Replace"],
        )
        for one in transforms
        for rewrite in one[configs[one["Type"]]]["Rewrites"]
    )


def listener(record: Any, host_port: int | None, tls: Tls | None = None) -> Listener:
    """Return a listener with its rules. Raises TerminalError for what the region does not serve."""
    if record.protocol not in ("HTTP", "HTTPS"):
        raise TerminalError(f"{record.arn}: the region does not serve {record.protocol} listeners")
    return Listener(
        key=record.arn,
        port=int(record.port),
        protocol=record.protocol,
        default_action=action([one.data for one in record.default_actions], record.arn),
        rules=tuple(
            Rule(
                priority=int(rule.priority),
                conditions=tuple(condition(entry) for entry in rule.conditions),
                action=action([one.data for one in rule.actions], rule.arn),
                rewrites=rewrites(getattr(rule, "transforms", None) or ()),
            )
            for rule in record.rules.values()
            if not rule.is_default
        ),
        host_port=host_port,
        tls=tls,
    )


def target_group(record: Any, targets: Iterable[Target], scaled: Scaled) -> TargetGroup:
    """Return a target group; its waits in region time, its health check's timeout unscaled."""
    attributes = record.attributes
    check = None
    if record.health_check_enabled:
        port = record.health_check_port
        check = HealthCheck(
            path=record.health_check_path or "/",
            port=None if port in (None, "traffic-port") else int(port),
            protocol="HTTPS" if record.health_check_protocol == "HTTPS" else "HTTP",
            interval=scaled(float(record.health_check_interval_seconds)),
            start_interval=float(record.health_check_interval_seconds),
            timeout=float(record.health_check_timeout_seconds),
            healthy_threshold=int(record.healthy_threshold_count),
            unhealthy_threshold=int(record.unhealthy_threshold_count),
            matcher=_matcher(record.matcher or {}),
        )
    version: Version = getattr(record, "protocol_version", None) or "HTTP1"
    algorithm: Algorithm = attributes.get("load_balancing.algorithm.type") or "round_robin"
    return TargetGroup(
        key=record.arn,
        targets=tuple(sorted(targets)),
        protocol="HTTPS" if record.protocol == "HTTPS" else "HTTP",
        health_check=check,
        deregistration_delay=scaled(
            float(attributes.get("deregistration_delay.timeout_seconds") or 0)
        ),
        algorithm=algorithm,
        slow_start=scaled(float(attributes.get("slow_start.duration_seconds") or 0)),
        version=version,
        stickiness=stickiness(attributes),
    )


def _matcher(record: Json) -> str:
    return str(record.get("GrpcCode") or record.get("HttpCode") or "200")
