"""Validate the conditions of a rule, and complete them as ELB shows them.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html moto
5.2.5 checks only lengths, and omits one of the two forms in which host and path conditions are
shown.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from drydock.region.services.elbv2.operations import limits
from drydock.region.services.elbv2.operations.problems import invalid, unserved

Json = Mapping[str, Any]

_CONFIGS = {
    "path-pattern": "PathPatternConfig",
    "host-header": "HostHeaderConfig",
    "http-header": "HttpHeaderConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "query-string": "QueryStringConfig",
    "source-ip": "SourceIpConfig",
}
_ONCE = ("host-header", "http-request-method", "path-pattern", "source-ip")
_SHORT = ("host-header", "path-pattern")
"""Fields whose values may also be in `Values`."""
_LONGEST = 128
_LONGEST_NAME = 40
_CHARACTERS = {
    "host-header": re.compile(r"[A-Za-z0-9.*?-]*"),
    "path-pattern": re.compile(r"[A-Za-z0-9_.$/~\"'@:+&*?-]*"),
    "http-request-method": re.compile(r"[A-Z_-]+"),
}
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A header's name (RFC 7230)."""


def checked(conditions: Sequence[Json]) -> list[dict[str, Any]]:
    """Return the conditions of one rule as DescribeRules shows them. Raises ELBClientError."""
    if not conditions:
        raise invalid("At least one condition must be specified")
    found = [_checked(one) for one in conditions]
    fields = Counter(str(one["Field"]) for one in found)
    for field in _ONCE:
        if fields[field] > 1:
            raise invalid(f"A rule can only have one '{field}' condition")
    values = [text for one in found for text in _texts(one)]
    if sum(_count(one) for one in found) > limits.VALUES:
        raise invalid(f"A rule can only have '{limits.VALUES}' condition values")
    if sum(text.count("*") + text.count("?") for text in values) > limits.WILDCARDS:
        raise invalid(f"A rule can only have '{limits.WILDCARDS}' condition wildcards")
    return found


def _checked(condition: Json) -> dict[str, Any]:
    field = condition.get("Field")
    if field not in _CONFIGS:
        fields = ",".join(_CONFIGS)
        raise invalid(f"Condition field '{field}' must be one of '[{fields}]'")
    for other, key in _CONFIGS.items():
        if other != field and condition.get(key):
            raise invalid(f"The '{key}' field is not compatible with '{field}'")
    config = _config(condition, field)
    if condition.get("RegexValues") or config.get("RegexValues"):
        raise unserved("regular expressions in a rule's conditions")
    if not config.get("Values"):
        raise invalid("A condition value must be specified")
    if field == "http-header":
        _check_header_name(config.get("HttpHeaderName"))
    for value in config["Values"]:
        _check_value(field, value)
    short = {"Values": list(config["Values"])} if field in _SHORT else {}
    return {"Field": field, **short, _CONFIGS[field]: dict(config)}


def _config(condition: Json, field: str) -> Json:
    key = _CONFIGS[field]
    config: Json | None = condition.get(key)
    values = condition.get("Values")
    if not values:
        if config is None and field not in _SHORT:
            raise invalid(f"A '{key}' must be specified with '{field}'")
        return config or {}
    if field not in _SHORT:
        raise invalid(f"The 'Values' field is not compatible with '{field}'")
    if config and config.get("Values") and config["Values"] != values:
        raise invalid(
            f"You cannot provide both Values and '{key}' for a condition of type '{field}'"
        )
    if not config and len(values) > 1:
        raise invalid(f"The '{field}' field contains too many values; the limit is '1'")
    return config or {"Values": values}


def _check_header_name(name: str | None) -> None:
    if not name:
        raise invalid("An 'HttpHeaderName' must be specified with 'http-header'")
    if len(name) > _LONGEST_NAME:
        raise invalid(f"The 'HttpHeaderName' value is too long; the limit is '{_LONGEST_NAME}'")
    if not _TOKEN.fullmatch(name):
        raise invalid(f"The 'HttpHeaderName' value '{name}' contains a character that is not valid")
    if name.lower() == "host":
        raise invalid(
            "An 'http-header' condition cannot name 'Host'; use a 'host-header' condition"
        )


def _check_value(field: str, value: Any) -> None:
    if field == "query-string":
        if "Value" not in value:
            raise invalid("A 'Value' must be specified in 'QueryStringKeyValuePair'")
        for key in ("Key", "Value"):
            if len(value.get(key) or "") > _LONGEST:
                raise invalid(f"The '{key}' value is too long; the limit is '{_LONGEST}'")
        return
    if not value:
        raise invalid("A condition value must be specified")
    longest = _LONGEST_NAME if field == "http-request-method" else _LONGEST
    if len(value) > longest:
        raise invalid(f"The '{field}' value is too long; the limit is '{longest}'")
    allowed = _CHARACTERS.get(field)
    if allowed is not None and not allowed.fullmatch(value):
        raise invalid(f"Condition value '{value}' contains a character that is not valid")
    if field == "source-ip" and not _is_cidr(value):
        raise invalid(f"The source IP '{value}' is not a valid CIDR block")


def _is_cidr(value: str) -> bool:
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return "/" in value


def _count(condition: Json) -> int:
    return len(condition[_CONFIGS[condition["Field"]]]["Values"])


def _texts(condition: Json) -> list[str]:
    """Return a condition's texts that may hold wildcards."""
    if condition["Field"] in ("source-ip", "http-request-method"):
        return []
    values = condition[_CONFIGS[condition["Field"]]]["Values"]
    if condition["Field"] != "query-string":
        return list(values)
    # "\*" and "\?" are literal.
    pairs = [pair.get(key) or "" for pair in values for key in ("Key", "Value")]
    return [re.sub(r"\\[*?]", "", text) for text in pairs]
