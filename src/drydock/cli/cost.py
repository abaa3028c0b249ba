"""`drydock cost`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from drydock.stack.target import Target


def add_to(app: typer.Typer) -> None:
    pass


def of_plan(_planned: Mapping[str, Any], _target: Target) -> dict[str, Any]:
    return {}


def line(_planned: Mapping[str, Any], _target: Target) -> str:
    return ""
