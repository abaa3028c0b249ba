"""How a deployment stands, of what DescribeServices says; and what a revision with another image is."""

from __future__ import annotations

from typing import Any

import pytest

from drydock.errors import UsageError
from drydock.ops.deploy import Standing, standing, with_image


def service(*deployments: tuple[str, str, str]) -> dict[str, Any]:
    """Of (id, status, rolloutState)."""
    keys = ("id", "status", "rolloutState")
    told = [dict(zip(keys, one, strict=True)) for one in deployments]
    return {"deployments": [{**one, "rolloutStateReason": f"why {one['id']}"} for one in told]}


def test_one_that_failed_and_is_listed_no_more_is_told_by_its_event() -> None:
    words = "(service web) (deployment b) deployment failed: tasks failed to start."
    told = {"events": [{"message": "other"}, {"message": words}]}
    reason = "deployment failed: tasks failed to start"
    rolling_back = service(("c", "PRIMARY", "IN_PROGRESS")) | told
    assert standing(rolling_back, "b") == Standing(False, reason)
    assert standing(service(("c", "PRIMARY", "COMPLETED")) | told, "b") == Standing(True, reason)


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        (service(("b", "PRIMARY", "IN_PROGRESS"), ("a", "ACTIVE", "COMPLETED")), Standing(False)),
        (service(("b", "PRIMARY", "COMPLETED")), Standing(True)),
        # without rollback it stays the primary one
        (service(("b", "PRIMARY", "FAILED")), Standing(True, "why b")),
        # the rollback is on its way, then over
        (
            service(("c", "PRIMARY", "IN_PROGRESS"), ("b", "ACTIVE", "FAILED")),
            Standing(False, "why b"),
        ),
        (
            service(("c", "PRIMARY", "COMPLETED"), ("b", "ACTIVE", "FAILED")),
            Standing(True, "why b"),
        ),
        (
            service(("c", "PRIMARY", "IN_PROGRESS"), ("b", "ACTIVE", "IN_PROGRESS")),
            Standing(True, "another deployment took its place: c"),
        ),
        (
            service(("c", "PRIMARY", "COMPLETED")),
            Standing(True, "another deployment took its place: c"),
        ),
    ],
)
def test_standing(described: dict[str, Any], expected: Standing) -> None:
    assert standing(described, "b") == expected


DEFINITION = {
    "family": "shop",
    "revision": 7,
    "containerDefinitions": [
        {"name": "proxy", "image": "proxy:1", "essential": False},
        {"name": "app", "image": "shop:1"},
    ],
}
ACCEPTED = ("family", "containerDefinitions")


def test_the_first_essential_container_gets_the_image() -> None:
    asked = with_image(DEFINITION, "shop:2", "", ACCEPTED)
    assert asked == {
        "family": "shop",
        "containerDefinitions": [
            {"name": "proxy", "image": "proxy:1", "essential": False},
            {"name": "app", "image": "shop:2"},
        ],
    }


def test_a_named_container_gets_it_and_one_that_is_missing_is_said() -> None:
    asked = with_image(DEFINITION, "proxy:2", "proxy", ACCEPTED)
    assert [one["image"] for one in asked["containerDefinitions"]] == ["proxy:2", "shop:1"]
    with pytest.raises(UsageError, match="container web"):
        with_image(DEFINITION, "x", "web", ACCEPTED)
