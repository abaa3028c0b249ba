"""Read from a stack's own files what is needed before Terraform runs: its backend and AWS profiles.

Terraform reports neither before it is initialised. This is no HCL parser: comments and strings are
recognised, and blocks are matched by their braces.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drydock.errors import UsageError
from drydock.stack.finder import Version, parse_version

_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*|//[^\n]*|/\*.*?\*/)
      |(?P<heredoc><<-?(?P<tag>\w+)\n.*?\n[ \t]*(?P=tag)(?=\n|$))
      |(?P<string>"(?:\\.|[^"\\])*")""",
    re.VERBOSE | re.DOTALL,
)
_BACKEND = re.compile(r'\bbackend\s+"([\w-]+)"\s*\{')
_CLOUD = re.compile(r"\bcloud\s*\{")
_TERRAFORM = re.compile(r"(?m)^\s*terraform\s*\{")
_ARGUMENT = re.compile(r"(?m)(?:^|\{)\s*([\w-]+)\s*=")
_PROFILE = re.compile(r'(?m)(?:^|[{,])\s*profile\s*=\s*"([^"$%\\]+)"')
_LOCKED = re.compile(
    r'provider\s+"([^"]+)/hashicorp/aws"\s*\{[^}]*?\bversion\s*=\s*"([^"]+)"', re.DOTALL
)


@dataclass(frozen=True)
class StackSource:
    """The backend and AWS profiles that a stack's files name."""

    backend: str = ""
    """`s3`, `local`, `cloud`, …; empty where there is no backend block."""
    backend_arguments: frozenset[str] = frozenset()
    """Arguments that the backend block sets itself."""
    profiles: frozenset[str] = frozenset()
    """AWS profiles that are named literally anywhere in the root module."""


def read_source(folder: Path) -> StackSource:
    """Read the root module in `folder`.

    Raises UsageError: no such folder, no Terraform files in it, or a file that cannot be read.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}", "no such folder", "name the folder of a Terraform stack")
    files = sorted(folder.glob("*.tf")) + sorted(folder.glob("*.tofu"))
    json_files = sorted(folder.glob("*.tf.json"))
    if not files and not json_files:
        raise UsageError(
            f"{folder}", "it holds no *.tf file", "name the folder of a Terraform stack"
        )
    try:
        found = [parse_hcl(path.read_text()) for path in files]
        found += [parse_json(path.read_text()) for path in json_files]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{folder} cannot be read", str(error), "mend the file") from error
    with_backend = [source for source in found if source.backend]
    last = with_backend[-1] if with_backend else StackSource()
    profiles = frozenset[str]().union(*(source.profiles for source in found))
    return StackSource(last.backend, last.backend_arguments, profiles)


def locked_provider(folder: Path, registry: str) -> Version | None:
    """Return the AWS provider's version in the stack's lock file for `registry`; None if there is none."""
    path = folder / ".terraform.lock.hcl"
    if not path.is_file():
        return None
    for host, version in _LOCKED.findall(path.read_text()):
        if host == registry:
            return parse_version(version)
    return None


def parse_hcl(text: str) -> StackSource:
    """Read one `.tf` file's text. Pure. Text it does not understand is left for Terraform to refuse."""
    text = _TOKEN.sub(lambda match: match[0] if match["string"] else " ", text)
    profiles = frozenset(_PROFILE.findall(text))
    for block in _TERRAFORM.finditer(text):
        body = _body(text, block.end())
        backend = _BACKEND.search(body)
        if backend is not None:
            arguments = _ARGUMENT.findall("{" + _body(body, backend.end()))
            return StackSource(backend[1], frozenset(arguments), profiles)
        if _CLOUD.search(body):
            return StackSource("cloud", frozenset(), profiles)
    return StackSource(profiles=profiles)


def parse_json(text: str) -> StackSource:
    """Read one `.tf.json` file's text. Pure."""
    try:
        data = json.loads(text)
    except ValueError:
        return StackSource()
    profiles = frozenset(
        value
        for provider in _blocks(data, "provider")
        for aws in _blocks(provider, "aws")
        if isinstance(value := aws.get("profile"), str) and "${" not in value
    )
    for terraform in _blocks(data, "terraform"):
        for backend in _blocks(terraform, "backend"):
            for kind in backend:
                body = next(iter(_blocks(backend, kind)), {})
                return StackSource(kind, frozenset(body), profiles)
        if "cloud" in terraform:
            return StackSource("cloud", frozenset(), profiles)
    return StackSource(profiles=profiles)


def _blocks(data: Any, name: str) -> list[dict[str, Any]]:
    """Return the blocks called `name`: in JSON these are one object or a list of objects."""
    found = data.get(name, ()) if isinstance(data, dict) else ()
    return [
        item for item in (found if isinstance(found, list) else [found]) if isinstance(item, dict)
    ]


def _body(text: str, start: int) -> str:
    """Return the text from just behind an opening brace to its closing one, ignoring braces in strings."""
    depth, at = 1, start
    for match in re.finditer(r'"(?:\\.|[^"\\])*"|[{}]', text[start:], re.DOTALL):
        at = start + match.start()
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if depth == 0:
            return text[start:at]
    return text[start:]
