"""Who holds the state's lock, from Terraform's words and from the lock itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from drydock.stack.runner import Outcome
from drydock.stack.state_lock import (
    Holder,
    holder_in,
    holder_of,
    is_left_by,
    locked,
    place_of,
    wait_arguments,
)

ID = "8f3c9c1e-6a3e-9c0f-1111-0a1b2c3d4e5f"
SAID = f"""
╷
│ Error: Error acquiring the state lock
│
│ Error message: operation error S3: PutObject, https response error
│ StatusCode: 412, api error PreconditionFailed: At least one of the
│ pre-conditions you specified did not hold
│ Lock Info:
│   ID:        {ID}
│   Path:      bucket/terraform.tfstate
│   Operation: OperationTypeApply
│   Who:       ann@build host
│   Version:   1.11.4
│   Created:   2026-11-23 10:00:00.123456789 +0000 UTC
│   Info:
│
│
│ Terraform acquires a state lock to protect the state from being written
╵
"""


def test_terraforms_words_tell_who_and_since_when() -> None:
    found = holder_in(Outcome(1, SAID).words)
    assert found is not None
    assert (found.id, found.who, found.operation) == (ID, "ann@build host", "OperationTypeApply")
    assert str(found) == "ann@build host holds it since 2026-11-23 10:00:00 UTC for apply"


def test_another_failure_names_no_holder_and_a_terse_one_its_id_alone() -> None:
    assert holder_in("Error: something else") is None
    found = holder_in(f"Error acquiring the state lock ConflictException ID: {ID} and no more")
    assert found == Holder(ID)
    assert str(found) == "somebody holds it"


def test_the_lock_itself_tells_the_same() -> None:
    told = {"ID": ID, "Who": "ann@host", "Operation": "OperationTypePlan", "Created": "2026-11-23"}
    assert holder_of(json.dumps(told).encode()) == Holder(
        ID, "ann@host", "OperationTypePlan", "2026-11-23"
    )
    assert holder_of(b"no json") is None
    assert holder_of(b"{}") is None


def test_the_error_names_the_holder_and_the_way_out() -> None:
    error = locked("apply", Holder(ID, "ann@host"), Path("/my stack"), local=True)
    assert "ann@host holds it" in str(error)
    assert error.remedy.endswith(f" drydock unlock {ID} '/my stack'")
    error = locked("apply", Holder(ID, "ann@host"), Path("/x"), local=False)
    assert error.remedy.endswith(f" TARGET=aws drydock unlock {ID} /x")


@pytest.mark.parametrize(
    ("created", "who", "left"),
    [
        ("2026-11-23 10:00:00.123456789 +0000 UTC", "ann@host", True),
        ("2026-11-23T10:00:00.123456Z", "ann@host", True),
        ("2026-11-23 09:59:59.9 +0000 UTC", "ann@host", False),
        ("2026-11-23 10:00:00.1 +0000 UTC", "ann@other-host", False),
        ("", "ann@host", False),
    ],
)
def test_a_lock_is_left_by_a_run_of_this_machine_that_is_no_younger(
    created: str, who: str, *, left: bool
) -> None:
    held = Holder(ID, who, "OperationTypeApply", created)
    assert is_left_by(held, "2026-11-23T10:00:00.000001+00:00", "host") is left


@pytest.mark.parametrize(
    ("environ", "waits"),
    [
        ({}, ["-lock-timeout=20s"]),
        ({"TF_CLI_ARGS": "-lock-timeout=5m"}, []),
        ({"TF_CLI_ARGS_apply": "-lock=false"}, []),
        ({"TF_CLI_ARGS_plan": "-lock=false"}, ["-lock-timeout=20s"]),
    ],
)
def test_the_user_decides_how_long_to_wait(environ: dict[str, str], waits: list[str]) -> None:
    assert wait_arguments(environ, "apply") == waits


def test_where_the_lock_is_in_s3() -> None:
    config = {"bucket": "b", "key": "a/state", "use_lockfile": True}
    assert place_of({"backend": {"type": "s3", "config": config}}) == ("b", "a/state.tflock")
    assert place_of({"backend": {"type": "s3", "config": {**config, "use_lockfile": None}}}) is None
    assert place_of({"backend": {"type": "gcs", "config": config}}) is None
    assert place_of({}) is None
