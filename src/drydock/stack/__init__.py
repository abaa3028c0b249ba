"""Terraform: find it and its provider, point it at a target, run it, read its plan.

Everything around a stack's folder belongs here; nothing about the region's internals does.

    target = Target.local("http://127.0.0.1:4566")  # of drydock.aws.target
    stack = Stack(Path("infra"), target, Workspace.here())
    stack.init()
    print(stack.plan())
    stack.apply()
    stack.output()["alb_dns_name"]

The names below are imported lazily: the supervisor of a run, which is a process beside Terraform,
and `drydock region stop` need two small modules of this package and no AWS SDK.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drydock.stack.finder import Terraform, find_terraform
    from drydock.stack.plan import PlanSummary
    from drydock.stack.provider import ProviderSource, find_provider
    from drydock.stack.stack import PLAN_FILE, Stack

__all__ = [
    "PLAN_FILE",
    "PlanSummary",
    "ProviderSource",
    "Stack",
    "Terraform",
    "find_provider",
    "find_terraform",
]

_MODULES = {
    "PLAN_FILE": "stack",
    "PlanSummary": "plan",
    "ProviderSource": "provider",
    "Stack": "stack",
    "Terraform": "finder",
    "find_provider": "provider",
    "find_terraform": "finder",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
