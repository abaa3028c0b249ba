"""Cookies that keep a client with a target. Pure.

Their values are derived from the target and the load balancer's secret, so no process has to store
them.
AWS: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html#sticky-sessions
"""

from __future__ import annotations

from drydock.region.dataplane.balancer.spec import TargetGroup
from drydock.region.dataplane.balancer.words import quoted

_BY_TIME, _BY_APPLICATION = "AWSALB", "AWSALBAPP-0"


def target_lines(group: TargetGroup, secret: str) -> list[str]:
    """Return the lines of a target group's backend; none if it is not sticky."""
    sticky = group.stickiness
    if sticky is None:
        return []
    name = _BY_APPLICATION if sticky.application_cookie else _BY_TIME
    lines = [
        f"cookie {name} insert dynamic",
        f"dynamic-cookie-key {quoted(secret or group.key)}",
        f"http-request set-var(txn.sticky) req.cook({name})",
    ]
    expires = f"Expires=%[date({sticky.seconds}),http_date]; Path=/"
    # HAProxy sets it for a new target only; here the time counts from the last request
    again = [
        f"http-after-response replace-header Set-Cookie '^({name}=[^;]*).*$' \"\\1; {expires}\"",
        f'http-after-response add-header Set-Cookie "{name}=%[var(txn.sticky)]; {expires}"'
        f" unless {{ res.cook({name}) -m found }} || !{{ var(txn.sticky) -m found }}",
    ]
    if not sticky.application_cookie:
        return [*lines, *again, _across(_BY_TIME, expires)]
    theirs = quoted(sticky.application_cookie)[1:-1]
    return [
        *lines,
        f"http-request set-var(txn.app) req.cook({theirs})",
        *_forget(name),
        f"http-after-response set-var(txn.app) res.cook({theirs})"
        f" if {{ res.cook({theirs}) -m found }}",
        *again,
        f"http-after-response replace-header Set-Cookie '^{name}=.*$'"
        f' "{name}=_remove_; Expires=%[date(-1),http_date]; Path=/"'
        " unless { var(txn.app) -m found }",
    ]


def _forget(name: str) -> list[str]:
    """Return the lines that ignore our cookie without the application's cookie."""
    without = "unless { var(txn.app) -m found }"
    return [
        f"http-request replace-header Cookie '^(.*){name}=[^;]*(.*)$' '\\1\\2' {without}",
        f"http-request unset-var(txn.sticky) {without}",
    ]


def _across(name: str, expires: str) -> str:
    """Return the line that adds a cookie's twin for requests from other sites."""
    return (
        f'http-after-response add-header Set-Cookie "{name}CORS=%[res.cook({name})]; {expires}; '
        f'SameSite=None; Secure" if {{ res.cook({name}) -m found }}'
    )
