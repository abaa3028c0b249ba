"""The certificates that a plan names."""

from __future__ import annotations

from typing import Any

from drydock.stack.certificates import named

ARN = "arn:aws:acm:ap-southeast-2:123456789012:certificate/0a0b0c0d-1234-1234-1234-123456789012"


def change(actions: list[str], after: Any) -> dict[str, Any]:
    return {"change": {"actions": actions, "after": after}}


def test_those_of_resources_that_are_made_or_changed_once_each() -> None:
    planned = {
        "resource_changes": [
            change(["create"], {"certificate_arn": ARN, "tags": None}),
            change(["update"], {"nested": [{"arn": ARN}, {"arn": ARN + "2"}]}),
            change(["no-op"], {"arn": ARN + "3"}),
            change(["delete"], None),
            change(["create"], {"arn": ARN.replace("ap-southeast-2", "us-east-1")}),
            change(["create"], {"policy": f'{{"Resource": "{ARN}4"}}'}),
        ]
    }
    assert named(planned, "ap-southeast-2") == [ARN, ARN + "2"]
    assert named({}, "ap-southeast-2") == []
