"""What can be read of a stack beside its steps: its state, its saved plan, a plan that nobody will apply."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from drydock.errors import PlanMissing, PlanTargetMismatch, TerraformFailed, UsageError
from drydock.stack import backend, lock
from drydock.stack.files import read_json
from drydock.stack.lock import Holder
from drydock.stack.protection import address
from drydock.stack.record import check_record

if TYPE_CHECKING:
    from drydock.stack.stack import Stack


def state(stack: Stack) -> dict[str, Any]:
    """The state, as `terraform state pull` gives it; empty where there is none. It holds secrets.

    What is wrong with it Terraform says at the next step.
    """
    if stack.state_arguments():
        # `state pull` knows nothing of a state that only `-state` leads to.
        return read_json(stack.files.state(stack.target.region_id)) or {}
    pulled = stack.command("state", "pull")
    if pulled.code != 0 or not pulled.text.strip():
        return {}
    found: dict[str, Any] = json.loads(pulled.text)
    return found


def resources(of_state: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The managed resources of a state, each as a plan's JSON has them: address, type, values. Pure."""
    for resource in of_state.get("resources", ()):
        if resource.get("mode") == "managed":
            for instance in resource.get("instances", ()):
                yield {
                    "address": address(resource, instance),
                    "type": resource["type"],
                    "values": instance.get("attributes") or {},
                }


def saved_plan(stack: Stack) -> Mapping[str, Any] | None:
    """The JSON of the saved plan; None: there is none that can still be applied to this target."""
    try:
        check_record(stack.files.plan_record, stack.plan_file, stack.target)
    except (PlanMissing, PlanTargetMismatch):
        return None
    return _shown(stack, str(stack.plan_file))


def preview(stack: Stack, variables: Mapping[str, str]) -> Mapping[str, Any]:
    """The JSON of a plan with these variables, which is not kept and locks nothing.

    Raises UsageError (the stack has no such variable) and TerraformFailed.
    """
    stack.files.create()
    kept = stack.files.home / f"preview-{os.getpid()}.plan"
    # Terraform keeps the mode of a file that is there: it is never readable by others.
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
    """The S3 bucket that the state is in, as `init` left it; empty: it is elsewhere."""
    config = (_backend(stack).get("backend") or {}).get("config") or {}
    return str(config.get("bucket") or "")


def holder(stack: Stack) -> Holder | None:
    """Who holds the lock in S3. None: nobody, or it is kept elsewhere. Raises OpsError."""
    place = lock.place_of(_backend(stack))
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
