"""The database update of a stack's application, as a one-off task (`make update_db`).

The stack's output `migrate_command` says the words, as a JSON list; without it they are those of the
sample application, whose `-s` skips CREATE DATABASE: Aurora made the database already.
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
    """Is the stack one whose database is updated by a standalone task? Its outputs say so."""
    return bool(outputs.get("standalone_task_sg"))


def command(outputs: Mapping[str, Any]) -> Sequence[str]:
    """The words to run; none if there is nothing to migrate. Raises UsageError: no list of words."""
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
