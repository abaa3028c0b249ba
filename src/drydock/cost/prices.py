"""AWS's published prices as data, each with its list's URL and date."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache
from importlib import resources

from drydock.errors import UsageError

HOURS = 730
"""Hours of a month, as in AWS's own calculator."""
_GLOBAL = "global"


@dataclass(frozen=True)
class Price:
    """US dollars for one unit."""

    dollars: Decimal
    source: str
    """URL of AWS's list; `given` where the user gave the price."""
    date: date | None = None


@dataclass(frozen=True)
class Prices:
    """The prices of one AWS region by their names, such as `alb_hour`."""

    region: str
    table: Mapping[str, Price]

    def get(self, name: str) -> Price | None:
        """Return a price by its name; None if it is not known."""
        return self.table.get(name)

    def given(self, prices: Mapping[str, Decimal]) -> Prices:
        """Return the table with the user's prices in place of its own."""
        return self.renewed({name: Price(dollars, "given") for name, dollars in prices.items()})

    def renewed(self, prices: Mapping[str, Price]) -> Prices:
        """Return the table with these prices in place of its own."""
        return replace(self, table={**self.table, **prices})


def load(region: str, *, required: bool = True) -> Prices:
    """Return the prices of a region. Raises UsageError: there is no table for it.

    With `required` false the prices that all regions share are enough.
    """
    tables = _tables()
    if required and region not in tables:
        known = ", ".join(sorted(set(tables) - {_GLOBAL}))
        raise UsageError(
            f"prices of {region}", f"there is a table of {known} alone", "--region us-east-1, say"
        )
    return Prices(region, {**tables[_GLOBAL], **tables.get(region, {})})


@cache
def _tables() -> Mapping[str, Mapping[str, Price]]:
    text = resources.files(__package__).joinpath("prices.toml").read_text()
    read = tomllib.loads(text, parse_float=Decimal)
    return {
        region: {
            name: Price(Decimal(one["price"]), one["list"], one["date"])
            for name, one in table.items()
        }
        for region, table in read.items()
        if isinstance(table, dict)
    }
