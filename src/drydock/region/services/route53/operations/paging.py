"""Paging of lists, in their own order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def page(name: str, found: Sequence[Any], ids: Sequence[str], marker: str | None, most: int) -> Any:
    """Return one page's part of an answer; `marker`: the id that it begins with."""
    first = ids.index(marker) if marker in ids else 0
    rest = ids[first + most :]
    return {
        name: found[first : first + most],
        "Marker": marker,
        "IsTruncated": bool(rest),
        "NextMarker": rest[0] if rest else None,
        "MaxItems": most,
    }
