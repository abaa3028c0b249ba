"""Database migration of a stack's application, as a one-off task (`make update_db`).

The stack's output `migrate_command` names the command, as a JSON list; without it that of the
sample application is used, whose `-s` skips CREATE DATABASE: Aurora has created the database already.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from drydock.errors import UsageError

COMMAND = ("updatedb", "-s")
TIMEOUT = 900.0
"""Seconds."""


def wanted(outputs: Mapping[str, Any]) -> bool:
    """Return whether the stack's outputs name a standalone task, which migrates its database."""
    return bool(outputs.get("standalone_task_sg"))


def command(outputs: Mapping[str, Any]) -> Sequence[str]:
    """Return the command to run; empty if there is nothing to migrate. Raises UsageError: not a list."""
    said = outputs.get("migrate_command")
    if said is None:
        return COMMAND
    try:
        words = json.loads(said) if isinstance(said, str) else said
    except ValueError:
        words = None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise UsageError(
            "the stack's output migrate_command",
            f"it is no JSON list of words: {said!r}",
            'write jsonencode(["updatedb", "-s"])',
        )
    return words
