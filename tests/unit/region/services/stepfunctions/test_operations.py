"""Step Functions says what is wrong with a definition before anything is made of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from drydock.region.services.stepfunctions.operations import problems
from tests.support.served import Served

PASS = {"Type": "Pass", "End": True}


def test_terraforms_questions_are_answered(served: Served) -> None:
    states = served.client("stepfunctions")
    definition = json.dumps({"StartAt": "One", "States": {"One": PASS}})
    assert states.validate_state_machine_definition(definition=definition)["result"] == "OK"
    role = "arn:aws:iam::123456789012:role/states"
    made = states.create_state_machine(name="shop", definition=definition, roleArn=role)
    versions = states.list_state_machine_versions(stateMachineArn=made["stateMachineArn"])
    assert versions["stateMachineVersions"] == []
    answer = states.validate_state_machine_definition(definition="{}")
    assert answer["result"] == "FAIL"
    assert answer["diagnostics"][0]["severity"] == "ERROR"


@pytest.mark.parametrize(
    ("machine", "codes"),
    [
        ({"StartAt": "One", "States": {"One": PASS}}, []),
        ({"StartAt": "Two", "States": {"One": PASS}}, ["MISSING_TRANSITION_TARGET"]),
        (
            {"StartAt": "One", "States": {"One": {"Type": "Pass", "Next": "Two"}}},
            ["MISSING_TRANSITION_TARGET"],
        ),
        ({"StartAt": "One", "States": {"One": {"End": True}}}, ["SCHEMA_VALIDATION_FAILED"]),
        ({"StartAt": "One"}, ["SCHEMA_VALIDATION_FAILED"]),
    ],
)
def test_what_is_wrong_with_a_definition(machine: dict[str, Any], codes: list[str]) -> None:
    assert [code for code, _ in problems(json.dumps(machine))] == codes


def test_a_definition_that_is_no_json() -> None:
    assert [code for code, _ in problems("{")] == ["INVALID_JSON_DESCRIPTION"]
