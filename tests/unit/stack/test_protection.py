"""What would stand in the way of a destroy."""

from __future__ import annotations

from typing import Any

from drydock.stack.protection import protected


def _resource(kind: str, name: str, *instances: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"mode": "managed", "type": kind, "name": name, "instances": list(instances), **more}


def test_protected_resources_are_named_by_their_addresses() -> None:
    on = {"attributes": {"deletion_protection": True}}
    off = {"attributes": {"deletion_protection": False}}
    state = {
        "resources": [
            _resource("aws_rds_cluster", "this", on, module="module.database"),
            _resource("aws_lb", "this", {"attributes": {"enable_deletion_protection": True}}),
            _resource(
                "aws_dynamodb_table",
                "this",
                {"index_key": "a", "attributes": {"deletion_protection_enabled": True}},
                {"index_key": "b", "attributes": {"deletion_protection_enabled": None}},
            ),
            _resource("aws_rds_cluster", "free", off),
            _resource("aws_vpc", "this", {"attributes": None}),
            {**_resource("aws_rds_cluster", "somebody_elses", on), "mode": "data"},
        ]
    }
    assert protected(state) == (
        "module.database.aws_rds_cluster.this",
        "aws_lb.this",
        'aws_dynamodb_table.this["a"]',
    )


def test_nothing_is_protected_where_nothing_is() -> None:
    assert protected({}) == ()
    assert protected({"resources": []}) == ()
