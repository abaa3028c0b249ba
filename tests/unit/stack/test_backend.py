"""Where a state is kept, for each backend and target."""

from __future__ import annotations

from pathlib import Path

import pytest

from drydock.aws.target import Target
from drydock.errors import UsageError
from drydock.stack.backend import bucket_name, init_arguments, state_arguments
from drydock.stack.source import StackSource

LOCAL = Target.local("http://127.0.0.1:4566")
AWS = Target("aws", "eu-west-1", "210987654321")
STATE = Path("/w/terraform.tfstate")


def settings(arguments: list[str]) -> dict[str, str]:
    prefix = "-backend-config="
    found = (a.removeprefix(prefix).partition("=") for a in arguments if a.startswith(prefix))
    return {key: value for key, _, value in found}


def test_a_partial_s3_backend_is_completed_locally() -> None:
    arguments = init_arguments(StackSource("s3"), LOCAL, "b")
    assert settings(arguments) == {
        "bucket": "b",
        "key": "terraform.tfstate",
        "region": "ap-southeast-2",
        "use_lockfile": "true",
        "max_retries": "2",
    }
    assert "-reconfigure" in arguments


def test_a_full_s3_backend_is_led_to_the_region_and_keeps_its_key() -> None:
    source = StackSource("s3", frozenset({"bucket", "key", "region", "dynamodb_table"}))
    assert settings(init_arguments(source, LOCAL, "b")) == {
        "bucket": "b",
        "region": "ap-southeast-2",
        "use_lockfile": "true",
        "max_retries": "2",
        "dynamodb_table": "",
    }


def test_on_aws_only_what_is_left_out_is_added() -> None:
    full = StackSource("s3", frozenset({"bucket", "key", "region", "dynamodb_table"}))
    assert init_arguments(full, AWS, "") == []
    assert settings(init_arguments(StackSource("s3"), AWS, "b")) == {
        "bucket": "b",
        "key": "terraform.tfstate",
        "region": "eu-west-1",
        "use_lockfile": "true",
    }


def test_on_aws_a_bucket_must_be_named() -> None:
    with pytest.raises(UsageError, match="TF_STATE_BUCKET"):
        init_arguments(StackSource("s3"), AWS, "")


@pytest.mark.parametrize("backend", ["", "local"])
def test_a_state_file_is_moved_out_of_the_folder_locally(backend: str) -> None:
    source = StackSource(backend)
    assert init_arguments(source, LOCAL, "") == ["-reconfigure"]
    assert init_arguments(source, AWS, "") == []
    assert state_arguments(source, LOCAL, STATE) == [f"-state={STATE}"]
    assert state_arguments(source, AWS, STATE) == []


def test_another_backend_is_terraforms_own_on_aws_and_refused_locally() -> None:
    source = StackSource("gcs")
    assert init_arguments(source, AWS, "") == []
    assert state_arguments(source, AWS, STATE) == []
    with pytest.raises(UsageError, match="gcs"):
        init_arguments(source, LOCAL, "")


def test_the_bucket_is_the_users_or_the_stacks() -> None:
    assert bucket_name(LOCAL, {}, "infra-1234") == "drydock-state-infra-1234"
    assert bucket_name(LOCAL, {"TF_STATE_BUCKET": "mine"}, "infra-1234") == "mine"
    assert bucket_name(AWS, {"TF_STATE_BUCKET": ""}, "infra-1234") == ""
