"""Build, find and remove the whole architecture, in the order that its parts need each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drydock.ops.clients import Clients
from drydock.stack.quick.settings import Settings

Tell = Callable[[str], None]


def build(clients: Clients, settings: Settings, *, tell: Tell) -> dict[str, Any]:
    raise NotImplementedError


def destroy(clients: Clients, settings: Settings, *, tell: Tell) -> None:
    raise NotImplementedError


def outputs(clients: Clients, settings: Settings) -> dict[str, Any]:
    raise NotImplementedError


def exists(clients: Clients, settings: Settings) -> bool:
    raise NotImplementedError
