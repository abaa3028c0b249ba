"""The price table: every price with its source and date."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from drydock.cost.free import is_free
from drydock.cost.meters import _METERS, _USAGES, read
from drydock.cost.prices import _tables, load
from drydock.errors import UsageError

INFRA = Path(__file__).parents[3] / "infra"


def test_every_price_is_of_a_list_that_aws_publishes_and_has_its_date() -> None:
    for region, table in _tables().items():
        for name, price in table.items():
            host = urlsplit(price.source).hostname or ""
            assert host in {"pricing.us-east-1.amazonaws.com", "b0.p.awsstatic.com"}, name
            assert region in price.source or region == "global" or "rds-postgresql" in price.source
            assert price.date is not None
            assert date(2025, 1, 1) <= price.date <= date(2026, 11, 23), name
            assert Decimal(0) < price.dollars < Decimal(10), name


def test_a_region_has_its_own_prices_and_those_of_all_regions() -> None:
    sydney = load("ap-southeast-2")
    nat, key = sydney.get("nat_gateway_hour"), sydney.get("kms_key_month")
    assert nat is not None
    assert nat.dollars == Decimal("0.059")
    assert key is not None
    assert sydney.get("teleporter_hour") is None


def test_a_price_of_the_users_stands_in_for_one_that_is_missing() -> None:
    sydney = load("ap-southeast-2").given({"aurora_acu_hour": Decimal("0.2")})
    own = sydney.get("aurora_acu_hour")
    assert own is not None
    assert (own.dollars, own.source, own.date) == (Decimal("0.2"), "given", None)


def test_a_region_without_a_table_is_said_so() -> None:
    with pytest.raises(UsageError, match="ap-southeast-2, us-east-1"):
        load("eu-west-3")


def test_each_kind_that_is_charged_by_use_alone_has_a_usage() -> None:
    by_use = {kind for kind, meter in _METERS.items() if meter.__name__ == "_by_use"}
    assert by_use - {"aws_backup_selection", "aws_backup_vault"} <= set(_USAGES)
    assert read([], {}).meters == ()


def test_every_kind_of_drydocks_own_stack_is_known() -> None:
    text = "".join(path.read_text() for path in INFRA.rglob("*.tf"))
    kinds = set(re.findall(r'^resource "(\w+)"', text, re.MULTILINE))
    assert kinds
    assert {kind for kind in kinds if kind not in _METERS and not is_free(kind)} == set()
