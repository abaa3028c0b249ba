"""schemathesis asks whatever the OpenAPI document allows, and what it does not."""

from __future__ import annotations

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import DataObject, data
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.tasklist import Tasklist

DOCUMENT = "/swagger/openapi.json"
LIST, ONE = "/api/task/", "/api/task/{id}/"
OPERATIONS = [
    (LIST, "GET"),
    (LIST, "POST"),
    (ONE, "GET"),
    (ONE, "PUT"),
    (ONE, "PATCH"),
    (ONE, "DELETE"),
]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_answers_are_what_the_document_says(
    tasklist: Tasklist, client: httpx.Client, path: str, method: str, mode: GenerationMode
) -> None:
    document = schemathesis.openapi.from_url(tasklist.url + DOCUMENT)
    asked = 0

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data())
    def ask(any_data: DataObject) -> None:
        nonlocal asked
        case = any_data.draw(document[path][method].as_strategy(generation_mode=mode))
        case.call_and_validate(checks=CHECKS)
        asked += 1

    ask()
    assert asked


def test_every_operation_is_asked(client: httpx.Client) -> None:
    document = client.get(DOCUMENT).json()
    found = [(path, verb.upper()) for path, verbs in document["paths"].items() for verb in verbs]
    assert sorted(one for one in found if one[0].startswith("/api/")) == sorted(OPERATIONS)
