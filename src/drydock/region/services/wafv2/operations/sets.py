"""Validation of IP sets and regex pattern sets.

https://docs.aws.amazon.com/waf/latest/APIReference/API_IPSet.html
https://docs.aws.amazon.com/waf/latest/developerguide/limits.html
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network

from drydock.region.services.wafv2.operations.problems import InvalidParameterError, too_much
from drydock.region.services.wafv2.operations.statements import check_regex

_MOST_ADDRESSES = 10_000
_MOST_REGEXES = 10
_LONGEST_REGEX = 512


def check_addresses(addresses: list[str], version: str) -> None:
    """Raise WafError: not CIDR blocks of that version, or too many."""
    if len(addresses) > _MOST_ADDRESSES:
        raise too_much(f"an IP set has at most {_MOST_ADDRESSES} addresses")
    network = IPv6Network if version == "IPV6" else IPv4Network
    for one in addresses:
        try:
            block = network(one, strict=False)
        except ValueError:
            block = None
        if block is None or "/" not in one or block.prefixlen == 0:
            reason = (
                f"The parameter contains formatting that is not valid: it has to be {version} CIDR"
            )
            raise InvalidParameterError(reason, "IP_ADDRESS", one)


def check_regexes(regexes: list[dict[str, str]], name: str) -> None:
    """Raise WafError: too many, too long, or not in WAF's regular expression syntax."""
    if len(regexes) > _MOST_REGEXES:
        raise too_much(f"a regex pattern set has at most {_MOST_REGEXES} patterns")
    for one in regexes:
        if len(one["RegexString"]) > _LONGEST_REGEX:
            raise too_much(f"a regular expression has at most {_LONGEST_REGEX} characters")
        check_regex(one["RegexString"], name)
