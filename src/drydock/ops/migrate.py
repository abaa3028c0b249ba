"""The database update of the sample application, as a one-off task (`make update_db`).

`-s` skips CREATE DATABASE: Aurora made the database already, and its user may make no other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

COMMAND = ("updatedb", "-s")
TIMEOUT = 900.0
"""Seconds."""


def wanted(outputs: Mapping[str, Any]) -> bool:
    """Is the stack one whose database is updated by a standalone task? Its outputs say so."""
    return bool(outputs.get("standalone_task_sg"))
