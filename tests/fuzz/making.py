"""Makes input for an operation from its shape: right by the model, with names that exist where it can."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

_CANDIDATES = (
    "fuzz-1", "fuzz", "a", "abc123", "A1", "1", "12345678", "123456789012", "10.0.0.0/16", "10.9.8.7",
    "arn:aws:iam::123456789012:role/fuzz", "arn:aws:sns:ap-southeast-2:123456789012:fuzz",
    "arn:aws:ecs:ap-southeast-2:123456789012:cluster/fuzz", "/fuzz/1", "/", "http://127.0.0.1/x",
    "vpc-0123456789abcdef0", "subnet-0123456789abcdef0", "sg-0123456789abcdef0", "ap-southeast-2",
    "ap-southeast-2a", "fuzz.example.com", "fuzz@example.com", "2026-01-01T00:00:00Z", "{}", "true",
    "00000000-0000-4000-8000-000000000000", "rate(5 minutes)", "cron(0 0 * * ? *)", "*", "",
    "0123456789abcdef0123456789abcdef", "arn:aws:s3:::fuzz-bucket", "fuzz-bucket", "python3.12",
    "postgres", "aurora-postgresql", "16.4", "HTTP", "80", "email", "sqs", "t3.micro",
)  # fmt: skip


class Pool:
    """Texts that answers had, by the name of their member: what exists."""

    def __init__(self) -> None:
        self._found: dict[str, list[str]] = defaultdict(list)

    def gather(self, value: Any, name: str = "") -> None:
        """Keep every text below `value`."""
        if isinstance(value, Mapping):
            for key, one in value.items():
                if key != "ResponseMetadata":
                    self.gather(one, str(key).lower())
        elif isinstance(value, list):
            for one in value[:5]:
                self.gather(one, name)
        elif isinstance(value, str) and 0 < len(value) < 300:
            known = self._found[name]
            if value not in known:
                known.append(value)
                del known[:-12]

    def some(self, random: Random, name: str) -> str | None:
        """A text that a member of a like name had."""
        wanted = name.lower()
        for key in (wanted, wanted.rstrip("s"), wanted.removesuffix("name"), f"{wanted}arn"):
            if found := self._found.get(key):
                return random.choice(found)
        return None


class Maker:
    """Makes values; the same for the same seed and pool."""

    def __init__(self, random: Random, pool: Pool) -> None:
        self._random = random
        self._pool = pool

    def make(self, shape: Any, name: str = "", depth: int = 0) -> Any:
        """A value that the shape allows."""
        kind = shape.type_name
        if kind == "structure":
            return dict(self._members(shape, depth))
        if kind == "list":
            low = max(int(shape.metadata.get("min", 0)), 0 if depth > 3 else 1)
            count = min(low + self._random.choice((0, 0, 1)), 3)
            return [self.make(shape.member, name, depth + 1) for _ in range(count)]
        if kind == "map":
            if depth > 4:
                return {}
            key = self.make(shape.key, name, depth + 1)
            return {key: self.make(shape.value, name, depth + 1)}
        return self._scalar(shape, kind, name)

    def _members(self, shape: Any, depth: int) -> Iterator[tuple[str, Any]]:
        if shape.is_document_type:
            return
        required = set(shape.required_members)
        chance = (0.35, 0.3, 0.2, 0.1)[min(depth, 3)]
        names = list(shape.members)
        if getattr(shape, "is_tagged_union", False):
            names, required = [self._random.choice(names)], set(names)
        for name in names:
            member = shape.members[name]
            wanted = name in required or (depth < 5 and self._random.random() < chance)
            if name in {"DryRun", "dryRun"} or not wanted or depth > 9:
                continue
            if member.serialization.get("eventstream"):
                continue
            yield name, self.make(member, name, depth + 1)

    def _scalar(self, shape: Any, kind: str, name: str) -> Any:
        random, metadata = self._random, shape.metadata
        if kind == "boolean":
            return random.random() < 0.5
        if kind in {"integer", "long", "short", "byte"}:
            low = int(metadata.get("min", random.choice((0, 1))))
            return random.randint(
                low, max(low, min(int(metadata.get("max", low + 100)), low + 100))
            )
        if kind in {"float", "double"}:
            return float(metadata.get("min", 0)) + 0.5
        if kind == "timestamp":
            return 1_790_000_000 + random.randint(0, 1000)
        if kind == "blob":
            return b"fuzz" * max(1, int(metadata.get("min", 0)) // 4 + 1)
        return self._text(shape, name)

    def _text(self, shape: Any, name: str) -> str:
        random = self._random
        if shape.enum:
            return str(random.choice(list(shape.enum)))
        known = self._pool.some(random, name)
        if known is not None and random.random() < 0.8:
            return known
        pattern = shape.metadata.get("pattern")
        low, high = int(shape.metadata.get("min", 0)), int(shape.metadata.get("max", 64))
        fitting = [one for one in _CANDIDATES if _fits(pattern, one) and low <= len(one) <= high]
        text = random.choice(fitting or ["fuzz"])
        return text if len(text) >= low else (text or "f") * (low // max(len(text), 1) + 1)


def _fits(pattern: str | None, text: str) -> bool:
    if not pattern:
        return True
    try:
        return re.fullmatch(pattern, text, re.ASCII) is not None
    except re.error:
        return True
