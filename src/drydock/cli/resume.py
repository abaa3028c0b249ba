"""After an apply that was interrupted locally: keep what it has made, and go on from there.

Terraform marks what it was making when it was told to end as tainted, and replaces it at the next
apply: it cannot know whether the thing is whole. In a local region it is, since the API makes a thing
within one request, and the plan that follows shows what else is missing. Replacing would cost minutes,
and fails for a thing of a unique name that is replaced before it is destroyed
(https://developer.hashicorp.com/terraform/cli/state/taint).
On AWS nothing is changed about Terraform's own way.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from drydock.cli import output
from drydock.paths import Workspace
from drydock.stack import interrupted

if TYPE_CHECKING:
    from drydock.stack.plan import PlanSummary
    from drydock.stack.stack import Stack


def plan(workspace: Workspace, stack: Stack) -> PlanSummary:
    """`Stack.plan`, after an interrupted apply with what that had made. Raises what it raises."""
    if stack.target.is_local:
        stack.settle()
        if interrupted.is_marked(workspace, stack.folder):
            _keep(stack)
            interrupted.forget(workspace)
    return stack.plan()


def apply(workspace: Workspace, stack: Stack, *, allow_replace: bool = False) -> None:
    """`Stack.apply`; an interruption is remembered for the next plan. Raises what it raises."""
    try:
        stack.apply(allow_replace=allow_replace)
    except KeyboardInterrupt:
        if stack.target.is_local:
            interrupted.mark(workspace, stack.folder)
        raise


def tainted(state: Mapping[str, Any]) -> list[str]:
    """Addresses of the tainted resources of a state, as `terraform state pull` gives it. Pure."""
    return [
        address(resource, instance)
        for resource in state.get("resources", [])
        for instance in resource.get("instances", [])
        if instance.get("status") == "tainted"
    ]


def address(resource: Mapping[str, Any], instance: Mapping[str, Any]) -> str:
    """`module.a[0].aws_vpc.this["x"]` of a resource of the state and one of its instances. Pure."""
    module = f"{resource['module']}." if resource.get("module") else ""
    key = instance.get("index_key")
    index = "" if key is None else f"[{json.dumps(key)}]"
    return f"{module}{resource['type']}.{resource['name']}{index}"


def _keep(stack: Stack) -> None:
    """Untaint everything. What cannot be read or untainted stays tainted, and Terraform replaces it."""
    pulled = stack.command("state", "pull")
    if pulled.code != 0 or not pulled.text.strip():
        return
    for one in stack.untaint(tainted(json.loads(pulled.text))):
        output.note(f"kept from the interrupted apply: {one}")
