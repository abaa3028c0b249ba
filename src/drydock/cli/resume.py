"""After a local apply was interrupted, keep the resources it has created and go on from there.

When Terraform is interrupted, it marks the resource it was creating as tainted and replaces it at the
next apply: it cannot know whether the resource is complete. In a local region it is, since the API
creates a resource within one request, and the next plan shows what else is missing. Replacing would
cost minutes, and fails for a resource with a unique name and create_before_destroy
(https://developer.hashicorp.com/terraform/cli/state/taint).

On AWS Terraform's own way is left as it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from drydock.cli import output
from drydock.paths import Workspace
from drydock.stack import interrupted
from drydock.stack.protection import address

if TYPE_CHECKING:
    from drydock.stack.plan import PlanSummary
    from drydock.stack.stack import Stack


def plan(workspace: Workspace, stack: Stack) -> PlanSummary:
    """Run `Stack.plan`, after untainting what an interrupted apply has created. Raises what it raises."""
    if stack.target.is_local:
        stack.settle()
        if interrupted.is_marked(workspace, stack.folder):
            _keep(stack)
            interrupted.forget(workspace)
    return stack.plan()


def apply(workspace: Workspace, stack: Stack, *, allow_replace: bool = False) -> None:
    """Run `Stack.apply`; record an interruption for the next plan. Raises what it raises."""
    try:
        stack.apply(allow_replace=allow_replace)
    except KeyboardInterrupt:
        if stack.target.is_local:
            interrupted.mark(workspace, stack.folder)
        raise


def tainted(state: Mapping[str, Any]) -> list[str]:
    """Return addresses of a state's tainted resources; the state as `terraform state pull` prints it. Pure."""
    return [
        address(resource, instance)
        for resource in state.get("resources", [])
        for instance in resource.get("instances", [])
        if instance.get("status") == "tainted"
    ]


def _keep(stack: Stack) -> None:
    """Untaint every resource. One that cannot be untainted stays so, and Terraform replaces it."""
    pulled = stack.command("state", "pull")
    if pulled.code != 0 or not pulled.text.strip():
        return
    for one in stack.untaint(tainted(json.loads(pulled.text))):
        output.note(f"kept from the interrupted apply: {one}")
