"""The revisions that a stack leaves behind, on moto."""

from __future__ import annotations

import boto3
import pytest

from drydock.aws import clients
from drydock.aws.clients import Clients
from drydock.ops import definitions
from tests.support.plain_moto import plain_moto


def test_the_family_is_told_by_the_outputs() -> None:
    arn = "arn:aws:ecs:eu-west-1:123456789012:task-definition/my-shop:12"
    assert definitions.family_of({"task_definition": arn}) == "my-shop"
    for other in (None, "", "shop:1", ["x"]):
        assert definitions.family_of({"task_definition": other}) == ""
    assert definitions.family_of({}) == ""


def test_every_active_revision_of_the_family_goes_and_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    session = boto3.Session("key", "secret", region_name="ap-southeast-2")
    with plain_moto():
        api = Clients(session, None, clients.LOCAL_PACE)
        for family in ("shop", "shop", "shop-two"):
            api.ecs.register_task_definition(
                family=family,
                containerDefinitions=[{"name": "app", "image": "x", "memory": 64}],
            )
        assert definitions.deregister(api, "shop") == 2
        assert definitions.deregister(api, "shop") == 0
        left = api.ecs.list_task_definitions(status="ACTIVE")["taskDefinitionArns"]
    assert [arn.rpartition("/")[2] for arn in left] == ["shop-two:1"]
