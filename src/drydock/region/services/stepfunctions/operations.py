"""Step Functions: a definition is validated before a state machine is made of it.

moto 5.2.5 lacks ValidateStateMachineDefinition and ListStateMachineVersions, which Terraform's
provider calls. It publishes no versions.
"""

from __future__ import annotations

import json

from moto.core.responses import ActionResult
from moto.stepfunctions.models import StepFunctionBackend as TheirBackend
from moto.stepfunctions.responses import StepFunctionResponse


class StepFunctionsBackend(TheirBackend):
    """State machines, as moto keeps them."""


class Responses(StepFunctionResponse):
    """The operations that moto lacks."""

    def list_state_machine_versions(self) -> ActionResult:
        """Answer
        https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListStateMachineVersions.html
        """
        self.stepfunction_backend.describe_state_machine(self._get_param("stateMachineArn"))
        return ActionResult({"stateMachineVersions": []})

    def validate_state_machine_definition(self) -> ActionResult:
        """Answer
        https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html
        """
        found = problems(self._get_param("definition") or "")
        told = [{"severity": "ERROR", "code": code, "message": text} for code, text in found]
        return ActionResult({"result": "FAIL" if told else "OK", "diagnostics": told})


def problems(definition: str) -> list[tuple[str, str]]:
    """Return the problems of a definition in the Amazon States Language: code and message. Pure.

    Checks only that it is JSON, its start, and that every state that is named exists.
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
