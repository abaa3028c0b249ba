"""Terraform: find it and its provider, point it at a target, run it, read its plan.

Here belongs everything around a stack's folder; never a word about the region's inside.

    stack = Stack(Path("infra"), Target.local("http://127.0.0.1:4566"), Workspace.here())
    stack.init()
    print(stack.plan())
    stack.apply()
    stack.output()["alb_dns_name"]
"""

from drydock.stack.finder import Terraform, find_terraform
from drydock.stack.plan import PlanSummary
from drydock.stack.provider import ProviderSource, find_provider
from drydock.stack.stack import PLAN_FILE, Stack
from drydock.stack.target import Target

__all__ = [
    "PLAN_FILE",
    "PlanSummary",
    "ProviderSource",
    "Stack",
    "Target",
    "Terraform",
    "find_provider",
    "find_terraform",
]
