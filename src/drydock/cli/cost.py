"""`drydock cost`: what the stack costs by AWS's list prices; also the cost line after a plan."""

from __future__ import annotations

# ruff: noqa: PLC0415 - what a command needs is imported when it runs; `--help` stays quick
import os
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from drydock.cli import context, output
from drydock.cli.context import DEFAULT_FOLDER, Context
from drydock.cli.region import JsonOption
from drydock.cli.stack import FolderArgument
from drydock.errors import UsageError

if TYPE_CHECKING:
    from drydock.aws.target import Target
    from drydock.cost.estimate import Estimate
    from drydock.cost.prices import Prices
    from drydock.stack.stack import Stack


class Profile(StrEnum):
    """The stack's profiles that can be planned, by its variable `production`."""

    development = "development"
    production = "production"
    both = "both"


_VALUES = {Profile.development: "false", Profile.production: "true"}


def add_to(app: typer.Typer) -> None:
    app.command("cost")(cost)


def cost(
    folder: FolderArgument = DEFAULT_FOLDER,
    profile: Annotated[
        Profile | None,
        typer.Option(help="Plan these, by the variable production, instead of what is set."),
    ] = None,
    region: Annotated[
        str, typer.Option(help="Prices of this AWS region instead of the target's.")
    ] = "",
    assume: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=NUMBER", help="Use in a month: tasks=4, acu=2, nat_gb=100, …"),
    ] = None,
    price: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=DOLLARS", help="A price that the table lacks, by its name."),
    ] = None,
    current: Annotated[
        bool,
        typer.Option("--current", help="Ask AWS for today's prices first (with TARGET=aws)."),
    ] = False,
    json: JsonOption = False,
) -> None:
    """Estimate what the stack costs, by AWS's list prices: a month (730 hours) and an hour."""
    from drydock.cost import prices
    from drydock.cost.estimate import estimate, numbers

    assumptions, given = numbers(assume or [], "assume"), numbers(price or [], "price")
    if current and context.kind(os.environ) == "local":
        raise UsageError(
            "drydock cost --current", "it asks AWS, which TARGET=local never does", "TARGET=aws"
        )
    here = context.choose(start=True)
    where = region or here.target.region
    table = _current(here, where) if current else prices.load(where)
    table = table.given(given)
    found = {
        name: estimate(resources, table, assumptions)
        for name, resources in _resources(here.stack(folder), profile).items()
    }
    _check(assumptions, given, found)
    if json:
        output.document({name: one.to_json() for name, one in found.items()})
        return
    for name, one in found.items():
        _show(name, one)


def _current(here: Context, region: str) -> Prices:
    """Return AWS's prices of today; the table of that region, if there is one, fills the gaps."""
    from drydock.cost import current, prices

    return prices.load(region, required=False).renewed(current.fetch(here.clients, region))


def line(planned: Mapping[str, Any], target: Target) -> str:
    """Return one sentence for a plan's JSON; empty if there are no prices for the target's region."""
    found = _of_plan(planned, target)
    return f"{found.sentence()} (more: drydock cost)" if found else ""


def of_plan(planned: Mapping[str, Any], target: Target) -> dict[str, Any] | None:
    """Return the estimate of a plan as JSON; None if there are no prices for the target's region."""
    found = _of_plan(planned, target)
    return found.to_json() if found else None


def _of_plan(planned: Mapping[str, Any], target: Target) -> Estimate | None:
    from drydock.cost import prices
    from drydock.cost.estimate import estimate
    from drydock.stack.tree import managed

    try:
        table = prices.load(target.region)
    except UsageError:
        return None
    return estimate(list(managed(planned.get("planned_values"))), table)


def _resources(stack: Stack, profile: Profile | None) -> dict[str, list[Mapping[str, Any]]]:
    """Return resources by what was read: a profile's plan, the saved plan, the state, or a new plan."""
    from drydock.stack import reading
    from drydock.stack.tree import managed

    if profile is not None:
        wanted = list(_VALUES) if profile is Profile.both else [profile]
        plans = {one.value: {"production": _VALUES[one]} for one in wanted}
        return {
            name: list(managed(reading.preview(stack, variables)["planned_values"]))
            for name, variables in plans.items()
        }
    saved = reading.saved_plan(stack)
    if saved is not None:
        return {"the saved plan": list(managed(saved.get("planned_values")))}
    standing = list(reading.resources(reading.state(stack)))
    if standing:
        return {"what stands": list(standing)}
    planned = reading.preview(stack, {})
    return {"a plan of it": list(managed(planned.get("planned_values")))}


def _check(
    assumptions: Mapping[str, Decimal], given: Mapping[str, Decimal], found: Mapping[str, Estimate]
) -> None:
    """Raise UsageError for an assumption or price that nothing in the stack depends on."""
    uses: set[str] = set()
    prices: set[str] = set()
    for one in found.values():
        usages = one.metered.usages
        uses |= {*one.metered.assumed, *(usage.assumption for usage in usages if usage.assumption)}
        prices |= {*(item.meter.price for item in one.items), *(usage.price for usage in usages)}
    for option, named, known in (("assume", assumptions, uses), ("price", given, prices)):
        if strange := sorted(set(named) - known):
            raise UsageError(
                f"--{option} {strange[0]}",
                f"nothing here depends on it; it takes {', '.join(sorted(known)) or 'nothing'}",
            )


def _show(name: str, found: Estimate) -> None:
    output.heading(f"{name}: {found.prices.region}, USD, 730 hours a month")
    rows = [
        (
            item.meter.address,
            item.meter.what,
            f"{item.meter.units.normalize():f} {item.meter.unit}",
            "not known" if item.dollars is None else f"{item.dollars.normalize():f}",
            "?" if item.monthly is None else f"{item.monthly:.2f}",
        )
        for item in found.items
    ]
    least = "" if found.complete else "at least"
    rows.append(("in all", least, "", f"{found.hourly:.4f} an hour", f"{found.monthly:.2f}"))
    output.table((f"resource ({name})", "what", "units a month", "price", "a month"), rows)
    for key, words in found.metered.assumed.items():
        output.note(f"assumed: {key}={words}")
    if found.metered.usages:
        output.note("not counted, since it depends on use:")
    for usage in found.metered.usages:
        price = found.prices.get(usage.price)
        dollars = "price not known" if price is None else f"USD {price.dollars.normalize():f}"
        how = f"  (--assume {usage.assumption}=…)" if usage.assumption else ""
        output.note(f"  {usage.what}: {dollars} a {usage.unit}{how}")
    for address, why in found.missing:
        output.warning(f"not in the sum: {address}: {why}")
    if found.missing:
        output.warning("Give a price that you know with --price NAME=DOLLARS.")
    output.note(f"Cost: {found.sentence()}.")
