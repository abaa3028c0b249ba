"""A stack's cost by month and hour, with what is not counted and what has no known price. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from drydock.cost.meters import Meter, Metered, Resource, Usage, read
from drydock.cost.prices import HOURS, Prices
from drydock.errors import UsageError


@dataclass(frozen=True)
class Item:
    """One line of the estimate."""

    meter: Meter
    dollars: Decimal | None
    """Price of one unit; None if it is not known."""

    @property
    def monthly(self) -> Decimal | None:
        return None if self.dollars is None else self.dollars * self.meter.units


@dataclass(frozen=True)
class Estimate:
    """A stack's costs, in US dollars before tax and discounts."""

    prices: Prices
    metered: Metered
    items: tuple[Item, ...]

    @property
    def monthly(self) -> Decimal:
        """Sum of the items with a known price."""
        return sum((item.monthly or Decimal(0) for item in self.items), Decimal(0))

    @property
    def hourly(self) -> Decimal:
        return self.monthly / HOURS

    @property
    def missing(self) -> tuple[tuple[str, str], ...]:
        """Address and reason of what is charged but not in the sum."""
        unpriced = (
            (
                item.meter.address,
                f"the price of {item.meter.what} ({item.meter.price}) is not known",
            )
            for item in self.items
            if item.dollars is None and item.meter.units
        )
        return (*unpriced, *self.metered.unknown)

    @property
    def complete(self) -> bool:
        return not self.missing

    @property
    def dates(self) -> tuple[date, date] | None:
        """Oldest and newest date of the price lists that were used; None if none was used."""
        used = [
            self.prices.get(item.meter.price) for item in self.items if item.dollars is not None
        ]
        found = sorted(price.date for price in used if price is not None and price.date is not None)
        return (found[0], found[-1]) if found else None

    def sentence(self) -> str:
        """Return the estimate in one sentence."""
        if not self.items and self.complete:
            return "nothing of this stack is charged by the hour or month"
        least = "" if self.complete else "at least "
        text = f"{least}USD {self.monthly:.2f} a month ({self.hourly:.4f} an hour)"
        text += f" in {self.prices.region}, by {self._listed()}"
        if not self.complete:
            count = len(self.missing)
            text += f"; the price of {count} part{'s' if count > 1 else ''} is not known"
        return f"{text}; data and requests not counted"

    def _listed(self) -> str:
        if self.dates is None:
            return "AWS's list prices"
        first, last = self.dates
        return f"AWS's list prices of {first}" + (f" to {last}" if last != first else "")

    def to_json(self) -> dict[str, Any]:
        """Return the estimate with JSON numbers; units are those of a month of 730 hours."""
        used = {item.meter.price for item in self.items} | {
            usage.price for usage in self.metered.usages
        }
        return {
            "region": self.prices.region,
            "currency": "USD",
            "hours": HOURS,
            "monthly": round(float(self.monthly), 4),
            "hourly": round(float(self.hourly), 6),
            "complete": self.complete,
            "dates": [day.isoformat() for day in self.dates or ()],
            "items": [_item(item) for item in self.items],
            "assumed": dict(self.metered.assumed),
            "not_counted": [_usage(usage, self.prices) for usage in self.metered.usages],
            "unknown": [{"address": address, "why": why} for address, why in self.missing],
            "prices": {
                name: {
                    "price": float(price.dollars),
                    "source": price.source,
                    "date": price.date.isoformat() if price.date else None,
                }
                for name in sorted(used)
                if (price := self.prices.get(name)) is not None
            },
        }


def estimate(
    resources: Sequence[Resource], prices: Prices, assumptions: Mapping[str, Decimal] | None = None
) -> Estimate:
    """Estimate the cost of a stack's managed resources, with the user's assumptions about their use."""
    metered = read(resources, assumptions or {})
    items = []
    for meter in metered.meters:
        price = prices.get(meter.price)
        items.append(Item(meter, None if price is None else price.dollars))
    return Estimate(prices, metered, tuple(items))


def numbers(words: Sequence[str], what: str) -> dict[str, Decimal]:
    """Parse `name=number` words. Raises UsageError: one is not of that form."""
    found = {}
    for word in words:
        name, _, text = word.partition("=")
        try:
            found[name] = Decimal(text)
        except ArithmeticError:
            found[name] = Decimal(-1)
        if not name or not found[name].is_finite() or found[name] < 0:
            raise UsageError(
                f"--{what} {word}", "it is not a name and a number", f"--{what} tasks=2"
            )
    return found


def _item(item: Item) -> dict[str, Any]:
    return {
        "address": item.meter.address,
        "what": item.meter.what,
        "price": item.meter.price,
        "units": float(item.meter.units),
        "unit": item.meter.unit,
        "unit_price": None if item.dollars is None else float(item.dollars),
        "monthly": None if item.monthly is None else round(float(item.monthly), 4),
        "hourly": None if item.monthly is None else round(float(item.monthly / HOURS), 6),
    }


def _usage(usage: Usage, prices: Prices) -> dict[str, Any]:
    price = prices.get(usage.price)
    return {
        "what": usage.what,
        "price": usage.price,
        "unit": usage.unit,
        "unit_price": None if price is None else float(price.dollars),
        "assume": usage.assumption or None,
    }
