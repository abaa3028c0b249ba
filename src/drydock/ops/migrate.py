"""The database update of the sample application, as a one-off task (`make update_db`).

`-s` skips CREATE DATABASE: Aurora made the database already, and its user may make no other.
"""

from __future__ import annotations

COMMAND = ("updatedb", "-s")
TIMEOUT = 900.0
"""Seconds."""
