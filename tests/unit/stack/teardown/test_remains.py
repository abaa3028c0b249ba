"""What of a state matters to its destruction."""

from __future__ import annotations

from typing import Any

from drydock.stack.teardown.remains import Remains

OURS = {"Application": "shop", "ManagedBy": "terraform"}


def resource(kind: str, label: str, **attributes: Any) -> dict[str, Any]:
    return {
        "mode": "managed",
        "type": kind,
        "name": label,
        "instances": [{"attributes": attributes}],
    }


def remains(*resources: dict[str, Any]) -> Remains:
    return Remains.of({"resources": list(resources)})


def test_what_terraform_cannot_empty_is_named_and_what_it_can_is_left_to_it() -> None:
    found = remains(
        resource("aws_s3_bucket", "a", bucket="logs", force_destroy=False),
        resource("aws_s3_bucket", "b", bucket="tmp", force_destroy=True),
        resource("aws_ecr_repository", "a", name="shop", force_delete=None),
        resource("aws_ecr_repository", "b", name="other", force_delete=True),
    )
    assert found.buckets == ("logs",)
    assert found.repositories == ("shop",)


def test_the_tags_are_those_that_all_have_in_common() -> None:
    found = remains(
        resource("aws_vpc", "a", id="vpc-1", arn="arn:vpc-1", tags_all={**OURS, "Name": "shop"}),
        resource("aws_lb", "a", id="arn:lb", tags_all={**OURS, "Name": "shop"}),
        resource("aws_lb", "b", id="arn:lb2", tags_all={**OURS, "Tier": "web", "Name": "shop"}),
        resource("aws_route", "a", id="r-1"),
        resource("terraform_data", "a", tags_all=None),
    )
    assert found.tags == OURS
    assert found.names == {"vpc-1", "arn:vpc-1", "arn:lb", "arn:lb2", "r-1"}
    assert remains().tags == {}


def test_where_interfaces_may_lag_and_which_roles_there_are() -> None:
    found = remains(
        resource("aws_subnet", "a", id="subnet-1"),
        resource("aws_security_group", "a", id="sg-1"),
        resource("aws_iam_role", "a", name="task"),
        {**resource("aws_subnet", "theirs", id="subnet-2"), "mode": "data"},
    )
    assert (found.subnets, found.groups, found.roles) == (("subnet-1",), ("sg-1",), ("task",))


def test_what_is_guarded_is_told_with_its_address() -> None:
    table = resource("aws_dynamodb_table", "this")
    table["instances"] = [
        {"index_key": "a", "attributes": {"deletion_protection_enabled": True}},
        {"index_key": "b", "attributes": {"deletion_protection_enabled": None}},
    ]
    found = remains(
        {**resource("aws_rds_cluster", "this", deletion_protection=True), "module": "module.db"},
        resource("aws_lb", "this", enable_deletion_protection=True),
        table,
        resource("aws_rds_cluster", "free", deletion_protection=False),
        {"mode": "managed", "type": "aws_vpc", "name": "x", "instances": [{"attributes": None}]},
        {**resource("aws_rds_cluster", "theirs", deletion_protection=True), "mode": "data"},
    )
    assert [one.address for one in found.guarded] == [
        "module.db.aws_rds_cluster.this",
        "aws_lb.this",
        'aws_dynamodb_table.this["a"]',
    ]
    assert remains().guarded == ()
