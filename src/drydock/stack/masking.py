"""Mask the values of a stack's sensitive variables in Terraform's output.

Terraform marks a sensitive variable in plans, but shows its value in clear where a validation of the
variable fails. https://developer.hashicorp.com/terraform/language/values/variables#sensitive
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

_VARIABLE = re.compile(r'^variable\s+"([\w-]+)"\s*\{(.*?)^\}', re.MULTILINE | re.DOTALL)
_SENSITIVE = re.compile(r"^\s*sensitive\s*=\s*true\b", re.MULTILINE)
_ASSIGNED = re.compile(r'(?:^|[{,])\s*"?([\w-]+)"?\s*[=:]\s*("(?:\\.|[^"\\])*")', re.MULTILINE)
_SHORTEST = 4
"""Shorter values are not masked: they would hide half of every line, and are no secrets."""

MASK = "(sensitive value)"


def sensitive_names(texts: Iterable[str]) -> frozenset[str]:
    """Return the names of variables that a root module's files declare as sensitive. Pure."""
    return frozenset(
        name for text in texts for name, body in _VARIABLE.findall(text) if _SENSITIVE.search(body)
    )


def assigned(texts: Iterable[str], names: frozenset[str]) -> list[str]:
    """Return the values that variable files (`*.tfvars`, `*.tfvars.json`) assign to `names`. Pure."""
    found = []
    for text in texts:
        for name, written in _ASSIGNED.findall(text):
            if name in names:
                try:
                    found.append(str(json.loads(written)))
                except ValueError:
                    found.append(written.strip('"'))
    return found


def masker(values: Iterable[str]) -> Callable[[str], str]:
    """Return a function that replaces each value, plain or quoted as by Terraform, with MASK. Pure."""
    forms = {
        form
        for value in values
        for part in (value, *value.splitlines())
        for form in (part, json.dumps(part)[1:-1], json.dumps(part, ensure_ascii=False)[1:-1])
        if len(form) >= _SHORTEST
    }
    if not forms:
        return lambda text: text
    # The longest first: one secret may be a prefix of another.
    pattern = re.compile("|".join(re.escape(one) for one in sorted(forms, key=len, reverse=True)))
    return lambda text: pattern.sub(MASK, text)


def masker_of(folder: Path, environ: Mapping[str, str]) -> Callable[[str], str]:
    """Return the masker for the stack in `folder`, for the values that its variables have now.

    They come from TF_VAR_ variables and the files that Terraform reads by itself. A file that cannot be
    read is skipped: Terraform reports what is wrong with it.
    """
    names = sensitive_names(_texts(folder, "*.tf", "*.tofu"))
    values = [environ.get(f"TF_VAR_{name}", "") for name in sorted(names)]
    files = ("terraform.tfvars", "terraform.tfvars.json", "*.auto.tfvars", "*.auto.tfvars.json")
    return masker([*values, *assigned(_texts(folder, *files), names)])


def _texts(folder: Path, *patterns: str) -> list[str]:
    found = []
    for path in sorted(path for pattern in patterns for path in folder.glob(pattern)):
        try:
            found.append(path.read_text())
        except (OSError, UnicodeDecodeError):
            continue
    return found
