"""Find in Terraform's error output which resources it did not find. Pure but for `undeclared`.

The phrases are those of the AWS provider 5.100 and of AWS's own errors. Some name no id ("no matching
EC2 VPC found"): then the id is looked up in the block that Terraform names, with variables filled in.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ReadFile = Callable[[str], str]
"""Takes a file's name, as Terraform gives it; returns its text, empty if it cannot be read."""

_VPC, _SUBNET = r"vpc-[0-9a-f]{8,17}", r"subnet-[0-9a-f]{8,17}"
_ZONE_ID = r"Z[0-9A-Z]{5,31}"
_DOMAIN = r"(?:[a-z0-9_-]+\.)+[a-z0-9-]+\.?"
_CERTIFICATE = r"arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/[0-9a-zA-Z-]+"
_FEW = r"(?:(?!Error: ).){0,300}?"
"""Text that may come between two parts of one message."""

_NAMED: tuple[tuple[str, str], ...] = (
    ("vpc", rf"InvalidVpcID\.NotFound{_FEW}({_VPC})"),
    ("subnet", rf"InvalidSubnetID\.NotFound{_FEW}({_SUBNET})"),
    ("zone", rf"Route ?53 Hosted Zone \(({_ZONE_ID})\): couldn't find"),
    ("zone", rf"NoSuchHostedZone{_FEW}\b({_ZONE_ID})\b"),
    ("certificate", rf"CertificateNotFound{_FEW}({_CERTIFICATE})"),
    ("certificate", rf"({_CERTIFICATE}){_FEW}(?:couldn't find|not found)"),
    ("secret", r"Secrets Manager Secret \(([^)]+)\): couldn't find"),
    ("secret", rf"Secrets Manager Secret \(([^)]+)\){_FEW}ResourceNotFoundException"),
    ("parameter", r"SSM Parameter \(([^)]+)\): couldn't find"),
    ("repository", r"ECR Repository \(([^)]+)\): couldn't find"),
    ("repository", r"RepositoryNotFoundException: The repository with name '([^']+)'"),
    ("alias", r"KMS Alias \((alias/[^)]+)\): (?:empty result|couldn't find)"),
    ("key", r"KMS Key \(([^)]+)\): couldn't find"),
    ("key", rf"NotFoundException: {_FEW}Key '([^']+)' does not exist"),
    ("bucket", r"S3 Bucket \(([^)]+)\): couldn't find"),
    ("bucket", rf"Bucket \(([^)]+)\){_FEW}NoSuchBucket"),
)
_UNNAMED: tuple[tuple[str, str, str], ...] = (
    ("vpc", r"no matching EC2 VPC found", _VPC),
    ("subnet", r"no matching EC2 Subnet found", _SUBNET),
    ("zone", r"no matching Route ?53 Hosted Zone found", rf"{_ZONE_ID}|{_DOMAIN}"),
    ("certificate", r"reading ACM Certificates: empty result", rf"{_CERTIFICATE}|{_DOMAIN}"),
)
_ASSIGNED = re.compile(r'^\s*(\w+)\s*=\s*"([^"]*)"', re.MULTILINE)
_BLOCK = re.compile(r'on (\S+\.tf) line (\d+), in (?:data|resource) "')

_KINDS = {
    "vpc": "VPC",
    "subnet": "subnet",
    "zone": "hosted zone",
    "certificate": "certificate",
    "secret": "secret",
    "parameter": "parameter",
    "repository": "ECR repository",
    "key": "KMS key",
    "alias": "key's alias",
    "bucket": "bucket",
}


@dataclass(frozen=True)
class Missing:
    """Something that the stack refers to and the region does not have."""

    kind: str
    name: str
    """An id, an ARN or a name; empty where it is not known."""

    @property
    def said(self) -> str:
        """How a sentence names it: "VPC vpc-0123456789abcdef0"."""
        return f"{_KINDS[self.kind]} {self.name}" if self.name else f"such {_KINDS[self.kind]}"


def missing(words: str, variables: Mapping[str, str], read: ReadFile) -> list[Missing]:
    """Return everything that Terraform's output (without line breaks) says is missing, once each.

    `variables` are the stack's, by name.
    """
    found = [Missing(kind, name) for kind, pattern in _NAMED for name in re.findall(pattern, words)]
    for kind, phrase, like in _UNNAMED:
        for hit in re.finditer(phrase, words):
            found += _looked_up(kind, words[hit.end() : hit.end() + 400], like, variables, read)
    return list(dict.fromkeys(found))


def undeclared(words: str, folder: Path) -> list[Missing]:
    """Return what `missing` finds for the stack in `folder`, using its plain text variables."""
    variables = {
        name.removeprefix("TF_VAR_"): value
        for name, value in os.environ.items()
        if name.startswith("TF_VAR_")
    }

    def read(name: str) -> str:
        try:
            return (folder / name).read_text()
        except (OSError, UnicodeDecodeError):
            return ""  # then the id stays unknown

    for file in ("terraform.tfvars", *sorted(one.name for one in folder.glob("*.auto.tfvars"))):
        variables.update(_ASSIGNED.findall(read(file)))
    return missing(words, variables, read)


def _looked_up(
    kind: str, after: str, like: str, variables: Mapping[str, str], read: ReadFile
) -> list[Missing]:
    place = _BLOCK.search(after.split("Error: ", maxsplit=1)[0])
    block = _block(read(place[1]), int(place[2])) if place else ""
    for value in _values(block, variables):
        if re.fullmatch(like, value):
            return [Missing(kind, value.rstrip("."))]
    return [Missing(kind, "")]


def _block(text: str, line: int) -> str:
    """Return the block that begins at a line (counted from 1), up to its closing brace."""
    kept, depth = [], 0
    for one in text.splitlines()[line - 1 :]:
        kept.append(one)
        depth += one.count("{") - one.count("}")
        if depth <= 0:
            break
    return "\n".join(kept)


def _values(block: str, variables: Mapping[str, str]) -> Iterator[str]:
    """Yield the quoted strings in a block, then the values of the variables it refers to."""
    inside = block.partition("{")[2]
    yield from re.findall(r'"([^"]+)"', inside)
    yield from (variables.get(name, "") for name in re.findall(r"\bvar\.(\w+)", inside))
