"""POST a request to one of the local region's own paths (`/_drydock/…`)."""

from __future__ import annotations

import json
import urllib.error
from typing import Any

from drydock.errors import RegionRefused
from drydock.loopback import ask


def post(endpoint: str, path: str, body: dict[str, Any], seconds: float) -> Any:
    """Return the JSON answer. Raises RegionRefused; OSError (no answer) and ValueError (not JSON)."""
    try:
        return ask(endpoint + path, body, seconds=seconds)
    except urllib.error.HTTPError as error:
        raise _refusal(error) from error


def _refusal(error: urllib.error.HTTPError) -> RegionRefused:
    try:
        said: Any = json.load(error)
    except ValueError:
        said = None
    parts = said if isinstance(said, dict) else {}
    return RegionRefused(
        str(parts.get("error") or f"HTTP {error.code}"),
        str(parts.get("cause") or ""),
        str(parts.get("remedy") or "read the region's log: drydock region status names it"),
    )
