"""From container definitions and overrides to containers, and where a secret is to be read."""

from __future__ import annotations

import pytest

from drydock.region.services.ecs.controller.definitions import LogTarget, container_plans
from drydock.region.services.ecs.controller.secrets import SecretReference, parse

APP = {
    "name": "app",
    "image": "tasklist:latest",
    "command": ["serve"],
    "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
    "secrets": [{"name": "S", "valueFrom": "arn:x"}],
    "portMappings": [{"containerPort": 3000}],
    "logConfiguration": {
        "logDriver": "awslogs",
        "options": {"awslogs-group": "/ecs/x", "awslogs-stream-prefix": "app"},
    },
}


def test_the_definition_alone() -> None:
    (plan,) = container_plans([APP], {}, "t1")
    assert plan.command == ("serve",)
    assert plan.entrypoint is None
    assert plan.environment == {"A": "1", "B": "2"}
    assert plan.secrets == {"S": "arn:x"}
    assert plan.log == LogTarget("/ecs/x", "app/app/t1")
    assert plan.stop_timeout == 30
    assert plan.essential
    assert plan.ports == (3000,)


def test_overrides_replace_the_command_and_add_to_the_environment() -> None:
    overrides = {
        "containerOverrides": [
            {
                "name": "app",
                "command": ["updatedb", "-s"],
                "environment": [{"name": "B", "value": "3"}, {"name": "S", "value": "plain"}],
            }
        ]
    }
    (plan,) = container_plans([APP], overrides, "t1")
    assert plan.command == ("updatedb", "-s")
    assert plan.environment == {"A": "1", "B": "3", "S": "plain"}
    assert plan.secrets == {}


def test_without_a_prefix_the_stream_is_the_task() -> None:
    logs = {"logDriver": "awslogs", "options": {"awslogs-group": "g"}}
    (plan,) = container_plans([{**APP, "logConfiguration": logs}], {}, "t1")
    assert plan.log == LogTarget("g", "t1")


SECRET = "arn:aws:secretsmanager:ap-southeast-2:123456789012:secret:db-AbCdEf"


@pytest.mark.parametrize(
    ("value_from", "wanted"),
    [
        (SECRET, SecretReference("secretsmanager", SECRET)),
        (f"{SECRET}:password::", SecretReference("secretsmanager", SECRET, "password")),
        (
            f"{SECRET}:password:AWSPREVIOUS:",
            SecretReference("secretsmanager", SECRET, "password", "AWSPREVIOUS"),
        ),
        (
            "arn:aws:ssm:ap-southeast-2:123456789012:parameter/app/key",
            SecretReference("ssm", "/app/key"),
        ),
        ("key", SecretReference("ssm", "key")),
    ],
)
def test_the_forms_of_value_from(value_from: str, wanted: SecretReference) -> None:
    assert parse(value_from) == wanted
