"""Instance classes, compared. Pure."""

from __future__ import annotations

SERVERLESS = "db.serverless"
_SIZES = ("micro", "small", "medium", "large", "xlarge")


def size(instance_class: str) -> int:
    """How large an instance class is, to compare by: db.r6g.2xlarge is larger than db.r6g.large."""
    word = instance_class.rpartition(".")[2]
    times = word.removesuffix("xlarge")
    if word.endswith("xlarge") and times.isdigit():
        return len(_SIZES) + int(times)
    return _SIZES.index(word) if word in _SIZES else 0
