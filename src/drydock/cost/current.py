"""Read today's prices from AWS's Price List API (with the caller's AWS credentials).

https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html
The names of the usage types are those of AWS's bills and price lists; a region's own names begin with
its short name (APS2-). A price that is not found there stays as the table has it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from drydock.aws.clients import Clients
from drydock.aws.failures import translated
from drydock.cost.prices import Price

_API_REGION = "us-east-1"
"""One of the few regions with this API, which has the prices of all regions."""
_SOURCE = "AWS Price List API, {service} {usage}"


@dataclass(frozen=True)
class Query:
    """How AWS's price list identifies one of the table's prices."""

    service: str
    usage: str
    """Usage type, without the region's short name."""
    attributes: Mapping[str, str] | None = None
    """Further attributes that distinguish it from products of the same usage type."""


_ALB = {"operation": "LoadBalancing:Application"}
_AURORA = {"databaseEngine": "Aurora PostgreSQL"}
QUERIES: Mapping[str, Query] = {
    "alarm_month": Query("AmazonCloudWatch", "CW:AlarmMonitorUsage"),
    "alb_hour": Query("AWSELB", "LoadBalancerUsage", _ALB),
    "alb_lcu_hour": Query("AWSELB", "LCUUsage", _ALB),
    "aurora_acu_hour": Query("AmazonRDS", "Aurora:ServerlessV2Usage", _AURORA),
    "aurora_io": Query("AmazonRDS", "Aurora:StorageIOUsage"),
    "aurora_storage_gb_month": Query("AmazonRDS", "Aurora:StorageUsage"),
    "ecr_gb_month": Query("AmazonECR", "TimedStorage-ByteHrs"),
    "endpoint_gb": Query("AmazonVPC", "VpcEndpoint-Bytes"),
    "endpoint_hour": Query("AmazonVPC", "VpcEndpoint-Hours"),
    "fargate_arm_gb_hour": Query("AmazonECS", "Fargate-ARM-GB-Hours"),
    "fargate_arm_vcpu_hour": Query("AmazonECS", "Fargate-ARM-vCPU-Hours:perCPU"),
    "fargate_gb_hour": Query("AmazonECS", "Fargate-GB-Hours"),
    "fargate_vcpu_hour": Query("AmazonECS", "Fargate-vCPU-Hours:perCPU"),
    "nat_gateway_gb": Query("AmazonEC2", "NatGateway-Bytes"),
    "nat_gateway_hour": Query("AmazonEC2", "NatGateway-Hours"),
    "public_ipv4_hour": Query("AmazonVPC", "PublicIPv4:InUseAddress"),
}


def fetch(clients: Clients, region: str) -> dict[str, Price]:
    """Return the table's prices that AWS lists for a region, by name.

    Raises OpsError: the API does not answer, or refuses (it needs pricing:GetProducts).
    """
    with translated(None):
        pricing = clients.session.client("pricing", region_name=_API_REGION, config=clients.config)
    found = {}
    for name, query in QUERIES.items():
        with translated(None):
            price = _first(list(_matching(pricing, region, query)), query)
        if price is not None:
            found[name] = price
    return found


def _matching(pricing: Any, region: str, query: Query) -> Iterator[Mapping[str, Any]]:
    filters = [
        {"Type": "EQUALS", "Field": "regionCode", "Value": region},
        {"Type": "CONTAINS", "Field": "usagetype", "Value": query.usage},
    ]
    pages = pricing.get_paginator("get_products").paginate(
        ServiceCode=query.service, Filters=filters
    )
    for page in pages:
        for text in page["PriceList"]:
            product = json.loads(text)
            attributes = product["product"]["attributes"]
            usage = str(attributes.get("usagetype", ""))
            same = usage == query.usage or usage.endswith(f"-{query.usage}")
            # The hyphen matters: `RegionalNatGateway-Hours` also ends with `NatGateway-Hours`.
            if same and _has(attributes, query.attributes or {}):
                yield product


def _has(attributes: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    return all(attributes.get(name) == value for name, value in wanted.items())


def _first(products: list[Mapping[str, Any]], query: Query) -> Price | None:
    """Return the price of the first tier that costs something, if all products agree on it."""
    prices = [price for product in products if (price := _paid(product)) is not None]
    if len(set(prices)) != 1:
        # No product, or several with different prices: there is no way to choose.
        return None
    published = str(products[0].get("publicationDate", ""))[:10]
    source = _SOURCE.format(service=query.service, usage=query.usage)
    return Price(prices[0], source, date.fromisoformat(published))


def _paid(product: Mapping[str, Any]) -> Decimal | None:
    tiers = [
        (Decimal(tier.get("beginRange") or 0), Decimal(tier["pricePerUnit"]["USD"]))
        for term in product.get("terms", {}).get("OnDemand", {}).values()
        for tier in term["priceDimensions"].values()
        if "USD" in tier["pricePerUnit"]
    ]
    paid = sorted((start, dollars) for start, dollars in tiers if dollars)
    return paid[0][1] if paid else None
