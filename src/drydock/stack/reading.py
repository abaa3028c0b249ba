"""Read a stack without changing it: its state, its saved plan, a plan that is not kept."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from drydock.errors import PlanMissing, PlanTargetMismatch, TerraformFailed, UsageError
from drydock.stack import backend, state_lock
from drydock.stack.files import read_json
from drydock.stack.plan_fingerprint import check_record
from drydock.stack.protection import address
from drydock.stack.state_lock import Holder

if TYPE_CHECKING:
    from drydock.stack.stack import Stack


def state(stack: Stack) -> dict[str, Any]:
    """Return the state as `terraform state pull` prints it; empty if there is none. It holds secrets.

    A state that cannot be read counts as empty here: Terraform reports the problem at the next step.
    """
    if stack.state_arguments():
        # `state pull` does not find a state whose place only `-state` names.
        return read_json(stack.files.state(stack.target.region_id)) or {}
    pulled = stack.command("state", "pull")
    if pulled.code != 0 or not pulled.text.strip():
        return {}
    found: dict[str, Any] = json.loads(pulled.text)
    return found


def resources(of_state: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a state's managed resources in the form of a plan's JSON: address, type, values. Pure."""
    for resource in of_state.get("resources", ()):
        if resource.get("mode") == "managed":
            for instance in resource.get("instances", ()):
                yield {
                    "address": address(resource, instance),
                    "type": resource["type"],
                    "values": instance.get("attributes") or {},
                }


def saved_plan(stack: Stack) -> Mapping[str, Any] | None:
    """Return the saved plan's JSON, or None if no plan can still be applied to this target."""
    try:
        check_record(stack.files.plan_record, stack.plan_file, stack.target)
    except (PlanMissing, PlanTargetMismatch):
        return None
    return _shown(stack, str(stack.plan_file))


def preview(stack: Stack, variables: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the JSON of a plan with these variables. The plan is not kept and takes no lock.

    Raises UsageError (the stack has no such variable) and TerraformFailed.
    """
    stack.files.create()
    kept = stack.files.home / f"preview-{os.getpid()}.plan"
    # Terraform keeps the mode of an existing file, so the plan is never readable by others.
    os.close(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        said = stack.command(
            "plan",
            *stack.state_arguments(),
            "-input=false",
            "-no-color",
            "-lock=false",
            "-refresh=false",
            f"-out={kept}",
            *(f"-var={name}={value}" for name, value in variables.items()),
        )
        if said.code != 0 and "undeclared variable" in said.words:
            names = ", ".join(variables)
            raise UsageError(
                f"{stack.folder}", f"it has no variable {names}", "leave out --profile"
            )
        if said.code != 0:
            raise TerraformFailed(
                f"{stack.terraform.name} could not plan the stack in {stack.folder}",
                said.text.strip(),
                "mend what it names; was `drydock init` run for this target?",
            )
        return _shown(stack, str(kept))
    finally:
        kept.unlink(missing_ok=True)


def state_bucket(stack: Stack) -> str:
    """Return the S3 bucket that `init` configured for the state; empty if the state is elsewhere."""
    config = (_backend(stack).get("backend") or {}).get("config") or {}
    return str(config.get("bucket") or "")


def holder(stack: Stack) -> Holder | None:
    """Return the holder of the state's lock in S3, or None if there is no such lock. Raises OpsError."""
    place = state_lock.place_of(_backend(stack))
    return backend.read_lock(stack.target, *place) if place else None


def _backend(stack: Stack) -> Mapping[str, Any]:
    return read_json(stack.files.data_dir / "terraform.tfstate") or {}


def _shown(stack: Stack, plan: str) -> Mapping[str, Any]:
    shown = stack.command("show", "-json", "-no-color", plan)
    if shown.code != 0:
        raise TerraformFailed(
            f"{stack.terraform.name} could not read the plan {plan}",
            shown.text.strip(),
            "drydock plan makes it anew",
        )
    found: dict[str, Any] = json.loads(shown.text)
    return found
