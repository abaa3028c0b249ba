"""Validate a rule's transforms, which rewrite a request before it goes to its target.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-transforms.html moto 5.2.5
forgets them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from drydock.region.services.elbv2.operations.problems import invalid

_CONFIGS = {"host-header-rewrite": "HostHeaderRewriteConfig", "url-rewrite": "UrlRewriteConfig"}
_LONGEST = 1024
_UNSUPPORTED = re.compile(r"\(\?(?:=|!|<=|<!|P=|>)|(?<!\\)(?:\\\\)*\\[1-9]|[*+?}]\+")
"""Lookahead, lookbehind, references to groups, atomic groups, possessive quantifiers."""


def checked(transforms: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the transforms as DescribeRules shows them. Raises ELBClientError."""
    kinds = [str(one.get("Type")) for one in transforms]
    for kind in kinds:
        if kind not in _CONFIGS:
            raise invalid(f"Transform type '{kind}' must be one of '[{', '.join(_CONFIGS)}]'")
        if kinds.count(kind) > 1:
            raise invalid(f"A rule can only have one '{kind}' transform")
    for kind, one in zip(kinds, transforms, strict=True):
        for other, key in _CONFIGS.items():
            if other != kind and one.get(key):
                raise invalid(f"The '{key}' field is not compatible with '{kind}'")
        _check(kind, (one.get(_CONFIGS[kind]) or {}).get("Rewrites") or [])
    return [dict(one) for one in transforms]


def _check(kind: str, rewrites: Sequence[Mapping[str, Any]]) -> None:
    if len(rewrites) != 1:
        raise invalid(f"A '{kind}' transform must have exactly one rewrite")
    pattern, replacement = rewrites[0].get("Regex") or "", rewrites[0].get("Replace")
    if not pattern or replacement is None:
        raise invalid(f"A '{kind}' rewrite must have a Regex and a Replace")
    if max(len(pattern), len(replacement)) > _LONGEST:
        raise invalid(f"The Regex and Replace of a '{kind}' rewrite are limited to '{_LONGEST}'")
    try:
        re.compile(pattern)
    except re.error as error:
        raise invalid(f"The Regex '{pattern}' is not valid: {error}") from error
    if _UNSUPPORTED.search(pattern):
        raise invalid(f"The Regex '{pattern}' uses a feature that is not supported")
