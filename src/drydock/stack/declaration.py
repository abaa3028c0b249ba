"""The lines of `[account]` that declare what the stack refers to, ready to be pasted. Pure.

Values that had to be guessed (a VPC's range, a zone's name) are marked "its own" in the lines.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from drydock.stack.missing import Missing

_OWN = "  # its own"
_VALUE = '# value_from = "NAME"  # a variable of the environment; without it one is generated'
_SIMPLE = {
    "repository": "repositories",
    "bucket": "buckets",
    "alias": "kms_keys",
    "key": "kms_keys",
    "secret": "secrets",
    "parameter": "parameters",
}


def advice(found: Sequence[Missing], region: str) -> str:
    """Return what to do about missing resources, with the lines to declare them.

    `region` is AWS's name for it, used in zones and ARNs.
    """
    return (
        "mend the name; or, if your AWS account has it, declare it in drydock.toml with the lines "
        "below, then `drydock region stop`, `drydock region start`, and the same again\n\n"
        f"{declaration(found, region)}\n"
    )


def declaration(found: Sequence[Missing], region: str) -> str:
    """Return the TOML blocks that declare the missing resources."""
    vpcs = [one.name for one in found if one.kind == "vpc"]
    subnets = [one.name for one in found if one.kind == "subnet"]
    blocks = []
    if subnets and not vpcs:
        vpcs = [""]
    for number, vpc in enumerate(vpcs):
        blocks.append(_vpc(vpc, subnets if number == 0 else [], number, region))
    for one in found:
        if one.kind == "zone":
            blocks.append(_zone(one.name))
        elif one.kind == "certificate":
            blocks.append(_certificate(one.name, region))
        elif one.kind in _SIMPLE:
            blocks.append(_simple(one))
    return "\n\n".join(blocks)


def _vpc(name: str, subnets: Sequence[str], number: int, region: str) -> str:
    """Declare a VPC of two zones, each with a public and a private subnet: a start for most stacks."""
    lines = [
        "[[account.vpcs]]",
        f'id = "{name}"' if name else f'id = "vpc-0000000000000000{number}"{_OWN}',
        f'cidr = "10.{number}.0.0/16"{_OWN}: `aws ec2 describe-subnets` tells all of it',
        "nat = true",
        "subnets = [",
    ]
    named = [
        *(one for one in subnets if one),
        *(f"subnet-000000000000000{number}{n}" for n in range(4)),
    ]
    for place, (zone, public) in enumerate(zip("abab", (True, True, False, False), strict=True)):
        cidr = f"10.{number}.{place}.0/24"
        more = ", public = true" if public else ""
        lines.append(
            f'  {{id = "{named[place]}", cidr = "{cidr}", zone = "{region}{zone}"{more}}},'
        )
    return "\n".join([*lines, "]"])


def _zone(name: str) -> str:
    if re.fullmatch(r"Z[0-9A-Z]+", name):
        return f'[[account.hosted_zones]]\nid = "{name}"\nname = "example.com"{_OWN}'
    own = "" if name else _OWN
    return f'[[account.hosted_zones]]\nname = "{name or "example.com"}"{own}'


def _certificate(name: str, region: str) -> str:
    if name.startswith("arn:"):
        return f'[[account.certificates]]\narn = "{name}"\ndomain_names = ["example.com"]{_OWN}'
    arn = f"arn:aws:acm:{region}:ACCOUNT:certificate/ID"
    return (
        f'[[account.certificates]]\narn = "{arn}"{_OWN}\n'
        f'domain_names = ["{name or "example.com"}"]{"" if name else _OWN}'
    )


def _simple(one: Missing) -> str:
    by_arn = one.kind in ("secret", "key") and one.name.startswith("arn:")
    key = {"alias": "alias", "key": "id"}.get(one.kind, "name")
    block = f'[[account.{_SIMPLE[one.kind]}]]\n{"arn" if by_arn else key} = "{one.name}"'
    return f"{block}\n{_VALUE}" if one.kind in ("secret", "parameter") else block
