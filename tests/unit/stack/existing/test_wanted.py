"""What a plan creates under a name that is used once."""

from __future__ import annotations

from typing import Any

from drydock.stack.existing.wanted import Wanted, wanted


def change(kind: str, actions: list[str], after: dict[str, Any] | None, **more: Any) -> Any:
    change = {"actions": actions, "before": None, "after": after, **more}
    return {"address": f"{kind}.x", "type": kind, "mode": "managed", "change": change}


def test_only_new_resources_with_a_known_name_of_their_own_are_asked_for() -> None:
    plan = {
        "resource_changes": [
            change("aws_lb", ["create"], {"name": "web"}),
            change("aws_lb_target_group", ["create", "delete"], {"name": "web"}),
            change("aws_iam_role", ["no-op"], {"name": "task"}),
            change("aws_rds_cluster", ["create"], {"cluster_identifier": "db"}),
            change("aws_s3_bucket", ["create"], {}, after_unknown={"bucket": True}),
            change("aws_vpc", ["create"], {"cidr_block": "10.0.0.0/16"}),
            change("aws_ecs_service", ["create"], {"name": "web", "cluster": "c"}),
            change("aws_ssm_parameter", ["create"], {"name": "/moved"}),
        ],
        "prior_state": {
            "values": {
                "root_module": {
                    "resources": [{"type": "aws_ssm_parameter", "values": {"name": "/moved"}}]
                }
            }
        },
    }
    assert wanted(plan) == (
        Wanted("aws_lb.x", "aws_lb", "web"),
        Wanted("aws_rds_cluster.x", "aws_rds_cluster", "db"),
        Wanted("aws_ecs_service.x", "aws_ecs_service", "web", "c"),
    )
    assert wanted({}) == ()
