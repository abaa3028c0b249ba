"""Step Functions: a definition is looked at before a state machine is made of it.

moto 5.2.5 lacks ValidateStateMachineDefinition and ListStateMachineVersions, which Terraform's provider
calls. It publishes no versions.
"""

from __future__ import annotations

import json
from typing import Any

from moto.core.responses import ActionResult
from moto.stepfunctions import urls as their_urls
from moto.stepfunctions.models import StepFunctionBackend as TheirBackend
from moto.stepfunctions.models import stepfunctions_backends
from moto.stepfunctions.responses import StepFunctionResponse

from drydock.region.api.gaps import overlay


class StepFunctionsBackend(TheirBackend):
    """State machines, as moto keeps them."""

    @property
    def _url_module(self) -> Any:
        return overlay.urls(their_urls, Responses)


class Responses(StepFunctionResponse):
    """The lacking operations."""

    def list_state_machine_versions(self) -> ActionResult:
        """https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListStateMachineVersions.html"""
        self.stepfunction_backend.describe_state_machine(self._get_param("stateMachineArn"))
        return ActionResult({"stateMachineVersions": []})

    def validate_state_machine_definition(self) -> ActionResult:
        """https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html"""
        found = problems(self._get_param("definition") or "")
        told = [{"severity": "ERROR", "code": code, "message": text} for code, text in found]
        return ActionResult({"result": "FAIL" if told else "OK", "diagnostics": told})


def problems(definition: str) -> list[tuple[str, str]]:
    """What is wrong with a definition in the Amazon States Language: code and message. Pure.

    Only that it is JSON, where it starts, and that every state that is named is there.
    """
    try:
        machine = json.loads(definition)
    except ValueError as error:
        return [("INVALID_JSON_DESCRIPTION", str(error))]
    states = machine.get("States") if isinstance(machine, dict) else None
    if not isinstance(states, dict) or not states:
        return [("SCHEMA_VALIDATION_FAILED", "States is missing or empty")]
    named = [("StartAt", machine.get("StartAt"))]
    named += [(f"{key}.Next", state["Next"]) for key, state in states.items() if "Next" in state]
    wrong = [
        ("MISSING_TRANSITION_TARGET", f"{where} names {name}, which is no state")
        for where, name in named
        if name not in states
    ]
    untyped = [key for key, state in states.items() if "Type" not in state]
    return [*wrong, *[("SCHEMA_VALIDATION_FAILED", f"{key} has no Type") for key in untyped]]


def install() -> None:
    """Have moto build our backend."""
    overlay.replace(stepfunctions_backends, StepFunctionsBackend)
