"""Validate the actions of a rule or listener, and complete them as ELB shows them.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-action-types.html
moto 5.2.5 checks a fixed response's status and content type, and little else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from moto.elbv2.exceptions import ELBClientError

from drydock.region.services.elbv2.operations import limits
from drydock.region.services.elbv2.operations.problems import bad_action, invalid, unserved

Json = Mapping[str, Any]

ROUTING = {
    "forward": "ForwardConfig",
    "redirect": "RedirectConfig",
    "fixed-response": "FixedResponseConfig",
}
_FIRST = ("authenticate-oidc", "authenticate-cognito", "jwt-validation")
"""Actions that come before the one that routes."""
_CONTENT_TYPES = (
    "text/html",
    "application/json",
    "application/javascript",
    "text/css",
    "text/plain",
)
_HEAVIEST = 999
_LONGEST_STICKINESS = 604800
_UNCHANGED = {
    "Protocol": "#{protocol}",
    "Port": "#{port}",
    "Host": "#{host}",
    "Path": "/#{path}",
    "Query": "#{query}",
}
"""A redirect's defaults, which keep the request's own values."""
_PLACEHOLDERS = {
    "Host": {"host"},
    "Path": {"host", "path", "port"},
    "Query": {"protocol", "host", "port", "path", "query"},
    "Port": {"port"},
}


def checked(actions: Sequence[Json], protocol: str, port: int) -> list[dict[str, Any]]:
    """Return the actions of a listener of this protocol and port, as ELB shows them.

    Raises ELBClientError.
    """
    if not actions:
        raise invalid("At least one action must be specified")
    for one in actions:
        if one.get("Type") in _FIRST:
            raise unserved(f"{one['Type']} actions")
    if len(actions) > 1:
        raise ELBClientError(
            "TooManyActions", "You can specify only one of forward, redirect, and fixed-response"
        )
    return [_checked(one, protocol, port) for one in actions]


def groups(actions: Sequence[Json]) -> list[str]:
    """Return the ARNs of the target groups that checked actions forward to."""
    return [
        str(group["TargetGroupArn"])
        for one in actions
        if one.get("Type") == "forward"
        for group in one["ForwardConfig"]["TargetGroups"]
    ]


def _checked(action: Json, protocol: str, port: int) -> dict[str, Any]:
    kind = str(action.get("Type"))
    if kind not in ROUTING:
        kinds = ", ".join(ROUTING)
        raise invalid(f"Action type '{kind}' must be one of '[{kinds}]'")
    for other, key in ROUTING.items():
        if other != kind and action.get(key):
            raise bad_action(f"The '{key}' field is not compatible with actions of type '{kind}'")
    if kind == "forward":
        return _forward(action)
    if action.get("TargetGroupArn"):
        raise bad_action(f"A target group cannot be specified for actions of type '{kind}'")
    config = action.get(ROUTING[kind])
    if not config:
        raise bad_action(
            f"For actions of type '{kind}', you must specify the following fields: '{ROUTING[kind]}'"
        )
    if kind == "fixed-response":
        content = config.get("ContentType")
        if content and content not in _CONTENT_TYPES:
            kinds = ", ".join(f"'{one}'" for one in _CONTENT_TYPES)
            raise bad_action(f"The ContentType must be one of:{kinds}")
        return dict(action)
    return {**action, "RedirectConfig": _redirect(config, protocol, port)}


def _forward(action: Json) -> dict[str, Any]:
    config: Json = action.get("ForwardConfig") or {}
    arn = action.get("TargetGroupArn")
    targets = [{"Weight": 1, **one} for one in config.get("TargetGroups") or []]
    if not targets and arn:
        targets = [{"TargetGroupArn": arn, "Weight": 1}]
    if not targets:
        raise bad_action(
            "For actions of type 'forward', you must specify the following fields: 'TargetGroupArn'"
        )
    arns = [one.get("TargetGroupArn") for one in targets]
    if arn and arns != [arn]:
        raise invalid("You cannot specify both a target group ARN and different ones to forward to")
    if len(targets) > limits.GROUPS_PER_ACTION:
        raise ELBClientError(
            "TooManyTargetGroups",
            f"An action can have at most '{limits.GROUPS_PER_ACTION}' target groups",
        )
    if None in arns or len(set(arns)) < len(arns):
        raise invalid("A forward action must name each of its target groups once")
    for one in targets:
        if not 0 <= int(one["Weight"]) <= _HEAVIEST:
            raise invalid(f"Weight '{one['Weight']}' must be between 0 and {_HEAVIEST}")
    shown: dict[str, Any] = {key: value for key, value in action.items() if key != "TargetGroupArn"}
    if len(targets) == 1:
        shown["TargetGroupArn"] = arns[0]
    stickiness = _stickiness(config.get("TargetGroupStickinessConfig") or {})
    shown["ForwardConfig"] = {"TargetGroups": targets, "TargetGroupStickinessConfig": stickiness}
    return shown


def _stickiness(config: Json) -> dict[str, Any]:
    seconds = config.get("DurationSeconds")
    if config.get("Enabled") and seconds is None:
        raise invalid("You must specify the duration when target group stickiness is enabled")
    if seconds is not None and not 1 <= int(seconds) <= _LONGEST_STICKINESS:
        raise invalid(
            f"Target group stickiness duration '{seconds}' must be between 1 and"
            f" {_LONGEST_STICKINESS} seconds"
        )
    return {"Enabled": False, **config}


def _redirect(config: Json, protocol: str, port: int) -> dict[str, Any]:
    full = {**_UNCHANGED, **{key: value for key, value in config.items() if value is not None}}
    for key, allowed in _PLACEHOLDERS.items():
        rest = re.sub(r"#\{(" + "|".join(allowed) + r")\}", "", full[key])
        if "#{" in rest:
            raise bad_action(
                f"The {key} of the redirect, '{full[key]}', has a keyword it cannot have"
            )
    if full["Port"] != "#{port}" and not (
        full["Port"].isdigit() and 1 <= int(full["Port"]) <= 65535
    ):
        raise bad_action(
            f"The Port of the redirect, '{full['Port']}', must be 1-65535 or #{{port}}"
        )
    if not full["Path"].startswith("/"):
        raise bad_action(f"The Path of the redirect, '{full['Path']}', must start with '/'")
    if full["Query"].startswith("?"):
        raise bad_action("The Query of the redirect must not start with '?'")
    if protocol == "HTTPS" and full["Protocol"] == "HTTP":
        raise bad_action("HTTPS requests cannot be redirected to HTTP")
    same = {**_UNCHANGED, **{key: full[key] for key in ("Host", "Path", "Query")}}
    if full["Protocol"] not in ("#{protocol}", protocol):
        return full
    if full["Port"] in ("#{port}", str(port)) and same == _UNCHANGED:
        raise bad_action("The redirect configuration is not valid because it creates a loop.")
    return full
