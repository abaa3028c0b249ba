"""Route requests: find the rule that decides, and the backend it leads to. Pure.

A rule is one `use_backend`, if only the backend depends on it. Where a request is rewritten or a
client is to stay with its target group, the rule that decides is found first, and remembered.
AWS: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-transforms.html
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from drydock.errors import BalancerFailed
from drydock.region.dataplane.balancer import logs
from drydock.region.dataplane.balancer.answers import UNAVAILABLE, answer_name
from drydock.region.dataplane.balancer.conditions import acls
from drydock.region.dataplane.balancer.groups import group_name
from drydock.region.dataplane.balancer.spec import (
    Action,
    Forward,
    Listener,
    LoadBalancer,
    Rewrite,
    WeightedGroup,
)
from drydock.region.dataplane.balancer.words import quoted

_COOKIE = "AWSALBTG"
_NO_RULE = "!{ var(txn.rule) -m found }"
_NO_GROUP = "!{ var(txn.group) -m found }"


@dataclass(frozen=True)
class _Choice:
    """A rule, or the default action."""

    name: str
    action: Action
    condition: str
    rewrites: tuple[Rewrite, ...] = ()

    @property
    def number(self) -> str:
        """The rule's number in access logs."""
        return "0" if self.name == "default" else self.name

    @property
    def decided(self) -> str:
        return f"{{ var(txn.rule) -m str {self.number} }}"

    @property
    def sticky(self) -> int:
        """Seconds that a client stays with its group."""
        if isinstance(self.action, Forward) and len(self.action.groups) > 1:
            return self.action.sticky_seconds
        return 0


def decision_lines(spec: LoadBalancer, listener: Listener) -> list[str]:
    """Return the lines of a frontend that send each request to its backend.

    Raises BalancerFailed if an action names a missing group.
    """
    choices = [
        _Choice(str(rule.priority), rule.action, acls(rule), rule.rewrites)
        for rule in sorted(listener.rules, key=lambda rule: rule.priority)
    ]
    choices.append(_Choice("default", listener.default_action, ""))
    lines: list[str] = []
    logged = spec.logs is not None and spec.logs.requests
    remembered = logged or any(choice.rewrites or choice.sticky for choice in choices)
    if remembered:
        lines += [_found(choice) for choice in choices]
    for choice in choices:
        lines += [*_rewrites(choice, logged=logged), *_stay(choice)]
    for choice in choices:
        last = choice.name == "default"
        condition = choice.decided if remembered and not last else choice.condition
        lines += _ways(spec, choice, answer_name(listener, choice.name), condition)
    return lines


def _found(choice: _Choice) -> str:
    action = f"http-request set-var(txn.rule) str({choice.number})"
    return f"{action} if {_NO_RULE} {choice.condition}".rstrip()


def _rewrites(choice: _Choice, *, logged: bool) -> Iterator[str]:
    for number, rewrite in enumerate(choice.rewrites):
        variable = f"txn.rewrite{number}"
        source, action = {
            "url": ("pathq", "set-pathq"),
            "host": ("req.hdr(host)", "set-header Host"),
        }[rewrite.part]
        fetch = f"{source},regsub({_argument(rewrite.regex)},{_argument(_references(rewrite.replacement))})"
        yield f"http-request set-var({variable}) {quoted(fetch)} if {choice.decided}"
        if logged:
            yield from logs.rewrite_lines(rewrite.part, source, variable, choice.decided)
        yield f"http-request {action} %[var({variable})] if {choice.decided}"


def _references(replacement: str) -> str:
    """Convert AWS's $1 into HAProxy's \1."""
    plain = replacement.replace("\\", "\\\\")
    return re.sub(r"\$([0-9])", r"\\\1", plain)


def _argument(text: str) -> str:
    """Return a text as one argument of a sample expression."""
    if "'" in text:
        raise BalancerFailed(
            f"the regular expression {text}", "HAProxy takes none with an apostrophe"
        )
    return f"'{text}'"


def _stay(choice: _Choice) -> Iterator[str]:
    """Yield the lines that choose the group a client was sent to before, else one by weight, with a
    cookie.
    """
    if not choice.sticky or not isinstance(choice.action, Forward):
        return
    weighted = [group for group in choice.action.groups if group.weight > 0]
    for group in weighted:
        came = f"{{ req.cook({_COOKIE}) -m str {_value(group)} }}"
        yield f"http-request set-var(txn.group) str({_value(group)}) if {choice.decided} {came}"
    for group, chance in _chances(weighted):
        condition = f"{choice.decided} {_NO_GROUP} {chance}".rstrip()
        yield f"http-request set-var(txn.group) str({_value(group)}) if {condition}"
    yield (
        f'http-after-response add-header Set-Cookie "{_COOKIE}=%[var(txn.group)]; '
        f'Expires=%[date({choice.sticky}),http_date]; Path=/" if {choice.decided}'
    )


def _ways(spec: LoadBalancer, choice: _Choice, answer: str, condition: str) -> list[str]:
    """Return the lines that send a request, if `condition` holds, to an action's backend."""
    if not isinstance(choice.action, Forward):
        return [_use(answer, condition)]
    known = {group.key for group in spec.target_groups}
    weighted = [group for group in choice.action.groups if group.weight > 0]
    for group in weighted:
        if group.key not in known:
            raise BalancerFailed(
                f"a rule forwards to target group {group.key}", "the load balancer does not have it"
            )
    if not weighted:
        return [_use(UNAVAILABLE, condition)]
    lines = []
    for group, chance in _chances(weighted):
        kept = f"{{ var(txn.group) -m str {_value(group)} }}"
        drawn = kept if choice.sticky and chance else chance
        lines.append(_use(group_name(group.key), f"{condition} {drawn}".strip()))
    return lines


def _chances(weighted: list[WeightedGroup]) -> Iterator[tuple[WeightedGroup, str]]:
    """Yield each group with the condition that draws it, if none before it was drawn."""
    left = sum(group.weight for group in weighted)
    for group in weighted[:-1]:
        # each draw is among those that are left: the chances come out as the weights say
        yield group, f"{{ rand({left}) lt {group.weight} }}"
        left -= group.weight
    yield weighted[-1], ""


def _use(backend: str, condition: str) -> str:
    return f"use_backend {backend} if {condition}" if condition else f"default_backend {backend}"


def _value(group: WeightedGroup) -> str:
    """Return the value of a group's cookie."""
    return hashlib.sha256(group.key.encode()).hexdigest()[:32]
