"""Names, quoted texts and patterns in the syntax of HAProxy's configuration. Pure."""

from __future__ import annotations

import re
import string

_PLAIN = set(string.ascii_letters + string.digits + " -_.:,;/=+*()[]{}<>@!?|^&~%")


def proxy_name(prefix: str, key: str) -> str:
    """Return a frontend's or backend's name: `key` may be any text, and no two keys get the same
    name.
    """
    safe = re.sub(r"[^A-Za-z0-9.:-]", lambda match: f"_{match.group().encode('utf-8').hex()}_", key)
    return f"{prefix}:{safe}"


def quoted(text: str) -> str:
    """Return `text` as one argument that is taken literally, whatever is in it."""
    inner = "".join(
        character
        if character in _PLAIN
        else "".join(f"\\x{byte:02x}" for byte in character.encode())
        for character in text
    )
    return f'"{inner}"'


def literal(text: str) -> str:
    """Return `text` for a log-format string, where % begins a sample."""
    return text.replace("%", "%%")


def milliseconds(seconds: float) -> str:
    """Return seconds in HAProxy's unit; never 0, which would mean: for ever."""
    return f"{max(1, round(seconds * 1000))}ms"


def wildcard_regex(pattern: str, any_character: str = ".") -> str:
    """Return a regular expression for AWS's `*` and `?`. Anchor it yourself."""
    pieces = {"*": f"{any_character}*", "?": any_character}
    return "".join(pieces.get(character) or re.escape(character) for character in pattern)


def has_wildcard(pattern: str) -> bool:
    return "*" in pattern or "?" in pattern
