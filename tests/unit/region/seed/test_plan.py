"""What is missing of a declared account, and what contradicts it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from drydock.account import Account
from drydock.errors import ConfigError
from drydock.region.seed.plan import Seen, SeenZone, plan

VPC = "vpc-0123456789abcdef0"
PUBLIC, PRIVATE = "subnet-0123456789abcdef0", "subnet-0123456789abcdef1"
ARN = "arn:aws:acm:ap-southeast-2:123456789012:certificate/12345678-1234-1234-1234-123456789012"


def account(**more: Any) -> Account:
    subnets = [
        {"id": PUBLIC, "cidr": "10.9.0.0/24", "zone": "ap-southeast-2a", "public": True},
        {"id": PRIVATE, "cidr": "10.9.1.0/24", "zone": "ap-southeast-2b"},
    ]
    vpc = {"id": VPC, "cidr": "10.9.0.0/16", "nat": True, "subnets": subnets}
    return Account.model_validate({"vpcs": [vpc], **more})


def said(wanted: Account, seen: Seen) -> list[str]:
    return [step.said for step in plan(wanted, seen)]


NETWORK = Seen(
    vpcs={VPC: "10.9.0.0/16"},
    subnets={
        PUBLIC: (VPC, "10.9.0.0/24", "ap-southeast-2a"),
        PRIVATE: (VPC, "10.9.1.0/24", "ap-southeast-2b"),
    },
    with_gateway=frozenset({VPC}),
    with_nat=frozenset({VPC}),
)


def test_everything_in_an_order_that_can_be_made() -> None:
    assert said(account(), Seen()) == [
        f"the VPC {VPC}",
        f"an internet gateway of {VPC}",
        f"the subnet {PUBLIC}",
        f"the subnet {PRIVATE}",
        f"a NAT gateway of {VPC}",
    ]


def test_nothing_where_all_is_there() -> None:
    assert plan(account(), NETWORK) == []


def test_one_more_subnet_alone() -> None:
    left = {key: value for key, value in NETWORK.subnets.items() if key != PRIVATE}
    assert said(account(), replace(NETWORK, subnets=left)) == [f"the subnet {PRIVATE}"]


def test_a_vpc_without_public_subnets_gets_no_gateway() -> None:
    wanted = Account.model_validate({"vpcs": [{"id": VPC, "cidr": "10.9.0.0/16"}]})
    assert said(wanted, Seen()) == [f"the VPC {VPC}"]


def test_records_that_are_missing_are_added_to_a_zone_that_is_there() -> None:
    records = [
        {"name": f"{name}.a.test", "type": "A", "values": ["10.0.0.1"]} for name in ("old", "new")
    ]
    wanted = Account.model_validate({"hosted_zones": [{"name": "a.test", "records": records}]})
    zone = SeenZone("a.test", private=False, records=frozenset({("old.a.test", "A")}))
    (step,) = plan(wanted, Seen(zones={"Z1": zone}))
    assert [one.name for one in step.records] == ["new.a.test"]  # type: ignore[union-attr]
    private = Seen(zones={"Z1": SeenZone("a.test", private=True)})
    assert said(wanted, private) == ["the hosted zone a.test", "records of a.test"]


@pytest.mark.parametrize(
    ("wanted", "seen", "names"),
    [
        (
            account(),
            replace(NETWORK, vpcs={VPC: "10.8.0.0/16"}),
            [VPC, "10.8.0.0/16", "10.9.0.0/16"],
        ),
        (
            account(),
            replace(NETWORK, subnets={PUBLIC: ("vpc-2", "10.9.0.0/24", "ap-southeast-2a")}),
            [PUBLIC, "vpc-2"],
        ),
        (
            Account.model_validate({"hosted_zones": [{"id": "Z1", "name": "a.test"}]}),
            Seen(zones={"Z1": SeenZone("b.test", private=False)}),
            ["Z1", "b.test", "a.test"],
        ),
        (
            Account.model_validate({"certificates": [{"arn": ARN, "domain_names": ["a.test"]}]}),
            Seen(certificates={ARN: frozenset({"b.test"})}),
            [ARN, "b.test"],
        ),
    ],
)
def test_what_nobody_can_change_is_not_changed_silently(
    wanted: Account, seen: Seen, names: list[str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        plan(wanted, seen)
    for name in names:
        assert name in str(caught.value)


def test_keys_secrets_repositories_and_the_rest() -> None:
    key = "12345678-1234-1234-1234-123456789012"
    wanted = Account.model_validate(
        {
            "kms_keys": [{"id": key, "alias": "alias/app"}],
            "secrets": [{"name": "db"}],
            "parameters": [{"name": "/app/key"}],
            "repositories": [{"name": "app", "images": ["1", "2"]}],
            "buckets": [{"name": "artifacts"}],
        }
    )
    assert len(plan(wanted, Seen())) == 6
    seen = Seen(
        keys=frozenset({key}),
        secrets={"db": "arn"},
        parameters=frozenset({"/app/key"}),
        repositories={"app": frozenset({"1"})},
        buckets=frozenset({"artifacts"}),
    )
    assert said(wanted, seen) == ["the key's alias alias/app", "images of app"]
