"""Domain names: their validation, and the DNS record that proves one. Pure.

https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

_PATTERN = r"(\*\.)?(((?!-)[A-Za-z0-9-]{0,62}[A-Za-z0-9])\.)+((?!-)[A-Za-z0-9-]{1,62}[A-Za-z0-9])"
_LONGEST = 253
_LONGEST_SUBJECT = 64
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class ValidationRecord:
    """A CNAME; both names end in a dot, as ACM shows them."""

    name: str
    value: str


def base_of(name: str) -> str:
    """Return `example.test` for itself and for `*.example.test`: one record proves both."""
    return name.removeprefix("*.")


def validation_record(account_id: str, name: str) -> ValidationRecord:
    """Return the validation record of a name, always the same in an account, as ACM's."""
    base = base_of(name)
    digest = hashlib.sha256(f"{account_id} {base}".encode()).digest()
    suffix = "".join(_LETTERS[byte % 26] for byte in hashlib.sha256(digest).digest()[:10])
    return ValidationRecord(
        name=f"_{digest[:16].hex()}.{base}.",
        value=f"_{digest[16:].hex()}.{suffix}.acm-validations.aws.",
    )


def complaint(domain: str, alternatives: list[str]) -> str:
    """Return ACM's message about invalid names; empty when they are valid."""
    asked = [("domainName", domain)]
    asked += [
        (f"subjectAlternativeNames.{number}.member", name)
        for number, name in enumerate(alternatives, 1)
    ]
    for where, name in asked:
        refused = f"1 validation error detected: Value '{name}' at '{where}' failed to satisfy constraint: Member must"
        if len(name) > _LONGEST:
            return f"{refused} have length less than or equal to {_LONGEST}"
        if not re.fullmatch(_PATTERN, name):
            return f"{refused} satisfy regular expression pattern: {_PATTERN}"
    if len(domain) > _LONGEST_SUBJECT:
        return (
            f"The first domain name can be no longer than {_LONGEST_SUBJECT} characters; "
            "a longer one can be a subject alternative name."
        )
    return ""
