"""Read Drydock's small JSON files so that a damaged file never ends a command with a traceback.

A file that can be created again is read with `remembered`; one that cannot is read with `required`, whose
error names it. Invalid JSON, another type, an empty file, binary data, a folder in its place
and a file that may not be read all count as damaged.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drydock.errors import FileDamaged
from drydock.paths import write_private

log = logging.getLogger(__name__)


def required(path: Path, remedy: str) -> dict[str, Any] | None:
    """Return a file's JSON object, or None if there is no file. Raises FileDamaged, with `remedy`."""
    try:
        text = path.read_text()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        words = error.strerror if isinstance(error, OSError) else "it is no text"
        raise FileDamaged(f"{path} cannot be read", words or str(error), remedy) from error
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        words = "it is empty" if not text.strip() else f"it is no JSON ({error})"
        raise FileDamaged(f"{path} is damaged", words, remedy) from error
    if not isinstance(found, dict):
        raise FileDamaged(f"{path} is damaged", "it is no JSON object", remedy)
    return found


def remembered(path: Path) -> dict[str, Any]:
    """Return a file's JSON object; {} if it is missing or damaged, which is logged."""
    try:
        return required(path, "") or {}
    except FileDamaged as error:
        log.warning("it is made again: %s", error)
        return {}


def ports(path: Path) -> dict[str, int]:
    """Return a file's ports by name, like `remembered`; values that are no ports are dropped and logged."""
    found = remembered(path)
    kept = {key: one for key, one in found.items() if type(one) is int and 0 < one < 65536}
    if lost := sorted(found.keys() - kept.keys()):
        log.warning("these are no ports, and are chosen again: %s", lost, extra={"file": str(path)})
    return kept


def write(path: Path, values: Mapping[str, Any]) -> None:
    """Replace a file with JSON, also if a folder has its name. Raises OSError."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    write_private(path, json.dumps(values))
