"""Today's prices, from answers of the shape that AWS's Price List API documents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import boto3
import pytest
from botocore.stub import Stubber

from drydock.aws.clients import Clients
from drydock.cost import current
from drydock.cost.current import QUERIES, Query


def product(usage: str, *tiers: tuple[str, str], **attributes: str) -> str:
    dimensions = {
        f"SKU.TERM.{number}": {"beginRange": start, "pricePerUnit": {"USD": dollars}}
        for number, (start, dollars) in enumerate(tiers)
    }
    return json.dumps(
        {
            "product": {"sku": "SKU", "attributes": {"usagetype": usage, **attributes}},
            "terms": {"OnDemand": {"SKU.TERM": {"priceDimensions": dimensions}}},
            "publicationDate": "2026-11-20T01:02:03Z",
        }
    )


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Answers of the API, one for each question that is asked, in order."""
    pricing = boto3.client(
        "pricing", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    api = SimpleNamespace(session=SimpleNamespace(client=lambda *_, **__: pricing), config=None)
    with Stubber(pricing) as stub:

        def ask(name: str, query: Query, *found: str, region: str = "ap-southeast-2") -> Any:
            monkeypatch.setattr(current, "QUERIES", {name: query})
            filters = [
                {"Type": "EQUALS", "Field": "regionCode", "Value": region},
                {"Type": "CONTAINS", "Field": "usagetype", "Value": query.usage},
            ]
            expected = {"ServiceCode": query.service, "Filters": filters}
            stub.add_response("get_products", {"PriceList": list(found)}, expected)
            return current.fetch(cast("Clients", api), region)

        yield ask
        stub.assert_no_pending_responses()
    pricing.close()


def test_a_price_comes_with_its_source_and_the_day_of_its_publication(answers: Any) -> None:
    usage = "APS2-Aurora:ServerlessV2Usage"
    found = answers(
        "aurora_acu_hour",
        QUERIES["aurora_acu_hour"],
        product(usage, ("0", "0.0300000000"), databaseEngine="Aurora MySQL"),
        product(usage, ("0", "0.0700000000"), databaseEngine="Aurora PostgreSQL"),
    )
    price = found["aurora_acu_hour"]
    assert price.dollars == Decimal("0.07")
    assert str(price.date) == "2026-11-20"
    assert price.source == "AWS Price List API, AmazonRDS Aurora:ServerlessV2Usage"


def test_a_usage_type_is_the_whole_one_in_any_region(answers: Any) -> None:
    query = QUERIES["nat_gateway_hour"]
    for own in ("NatGateway-Hours", "APS2-NatGateway-Hours"):
        other = product("APS2-RegionalNatGateway-Hours", ("0", "9"))
        found = answers("nat_gateway_hour", query, other, product(own, ("0", "0.5")))
        assert found["nat_gateway_hour"].dollars == Decimal("0.5")


def test_a_free_tier_is_passed_over_and_the_first_paid_one_counts(answers: Any) -> None:
    tiers = (("1000", "0.2"), ("0", "0"), ("10", "0.3"))
    found = answers("x", Query("AmazonECR", "Bytes"), product("USE1-Bytes", *tiers))
    assert found["x"].dollars == Decimal("0.3")


def test_what_the_list_does_not_have_stays_unknown(answers: Any) -> None:
    assert answers("x", Query("AmazonECR", "Bytes"), product("USE1-MoreBytes", ("0", "1"))) == {}
    assert answers("x", Query("AmazonECR", "Bytes")) == {}


def test_two_prices_for_one_thing_are_never_chosen_between(answers: Any) -> None:
    two = [product("Bytes", ("0", "1")), product("USE1-Bytes", ("0", "2"))]
    assert answers("x", Query("AmazonECR", "Bytes"), *two) == {}
