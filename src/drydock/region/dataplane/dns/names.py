"""Domain names as labels, and as Route 53 writes them.

Odd characters are written as a backslash and three octal digits: `\\052` is the asterisk of a wildcard.
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

Labels: TypeAlias = "tuple[bytes, ...]"
"""A name from its first label to its last, in lower case; the root is ()."""

WILDCARD = b"*"
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789-_")
_OCTAL = frozenset("01234567")
_LONGEST_LABEL = 63
_LONGEST_NAME = 255


@lru_cache(8192)
def labels(text: str) -> Labels:
    """Parse a written name into its labels. Raises ValueError with Route 53's message."""
    found = tuple(_lower(label) for label in _split(text.removesuffix(".")) or ())
    if sum(len(label) + 1 for label in found) + 1 > _LONGEST_NAME:
        raise ValueError(f"DomainNameTooLong (Domain name is too long) encountered with '{text}'")
    for label in found:
        if not label:
            raise ValueError(f"DomainLabelEmpty (Domain label is empty) encountered with '{text}'")
        if len(label) > _LONGEST_LABEL:
            raise ValueError(
                f"DomainLabelTooLong (Domain label is too long) encountered with '{label.decode(errors='replace')}'"
            )
    return found


def text(name: Labels) -> str:
    """Return a name as Route 53 writes it, with its final dot."""
    return "".join(f"{_escaped(label)}." for label in name) or "."


def readable(name: Labels) -> str:
    """Return a name for people and programs: `*.example.com`, without the final dot."""
    return ".".join(label.decode("latin-1") for label in name)


def within(name: Labels, apex: Labels) -> bool:
    """Return whether a name is a zone's apex or below it."""
    return len(name) >= len(apex) and name[len(name) - len(apex) :] == apex


def canonical(written: str) -> str:
    """Return a client's spelling of a name as Route 53 shows it. Raises ValueError."""
    return text(labels(written))


def _split(written: str) -> list[bytes]:
    if not written:
        return []
    parts = [bytearray()]
    place = 0
    while place < len(written):
        char = written[place]
        octal = written[place + 1 : place + 4]
        if char == ".":
            parts.append(bytearray())
        elif char == "\\" and len(octal) == 3 and set(octal) <= _OCTAL and int(octal, 8) < 256:
            parts[-1].append(int(octal, 8))
            place += 3
        elif ord(char) <= 32 or char in "\\\x7f":
            raise ValueError(
                "UnsupportedCharacter (Value contains unsupported characters) encountered with "
                f"'{char}'"
            )
        else:
            parts[-1] += char.encode()
        place += 1
    return [bytes(part) for part in parts]


def _lower(label: bytes) -> bytes:
    return label.lower()  # of ASCII alone, as DNS has it


def _escaped(label: bytes) -> str:
    return "".join(chr(byte) if byte in _PLAIN else f"\\{byte:03o}" for byte in label)
