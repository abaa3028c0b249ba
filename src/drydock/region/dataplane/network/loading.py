"""Change one filter into another by transactions of nft, of which one affects packets. Pure.

A transaction must fit into a netlink socket's buffer, which cannot be enlarged in a user namespace
(net.core.wmem_max; some 900 rules). So new chains are filled first, by as many transactions as it
takes, while no packet reaches them; the last one switches the base chains over, all at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from drydock.region.dataplane.network.filtering import BASE_CHAINS, Filter

TABLE = "ip drydock"
_LARGEST = 20_000
"""Characters: nft sends some ten bytes for each, and the smallest usual buffer holds 425,984."""
_UNFINISHED = ("unfinished",)


@dataclass(frozen=True)
class Step:
    """Commands of one transaction, and the table's content after it."""

    commands: str
    after: Filter


def steps(present: Filter, wanted: Filter) -> list[Step]:
    """Return the steps, in order; none if nothing differs.

    Connections that were allowed stay in the kernel's connection tracking and go on.
    """
    if present == wanted:
        return []
    new = [name for name, rules in wanted.chains.items() if present.chains.get(name) != rules]
    empty = dict.fromkeys(wanted.members, ())
    base = replace(present, members={**empty, **present.members})
    prepared = replace(base, chains={**present.chains, **{n: wanted.chains[n] for n in new}})
    sets = [f"add set {TABLE} {name} {{ type ipv4_addr; }}" for name in wanted.members]
    filling = [(command, name) for name in sorted(new) for command in _fill(name, wanted)]
    commands = [(one, "") for one in (f"add table {TABLE}", *sets)] + filling
    moving = list(_moving(prepared, wanted))
    if sum(len(command) for command, _ in commands) <= _LARGEST:
        return [Step(_text([command for command, _ in commands] + moving), wanted)]
    return [*_preparing(base, commands), Step(_text(moving), wanted)]


def _fill(name: str, wanted: Filter) -> Iterator[str]:
    yield f"add chain {TABLE} {name}"
    yield f"flush chain {TABLE} {name}"  # it may be there, filled in part
    yield from (f"add rule {TABLE} {name} {rule}" for rule in wanted.chains[name])


def _preparing(base: Filter, commands: list[tuple[str, str]]) -> Iterator[Step]:
    """Yield `commands` in parts; a chain that they fill counts as unfinished until the last step."""
    chains = dict(base.chains)
    for part in _parts(commands):
        chains.update({name: _UNFINISHED for _, name in part if name})
        yield Step(_text([command for command, _ in part]), replace(base, chains=dict(chains)))


def _moving(prepared: Filter, wanted: Filter) -> Iterator[str]:
    """Yield commands that replace every base chain, update the sets, and remove unused chains."""
    for name, hook in BASE_CHAINS.items():
        yield f"add chain {TABLE} {name}" + (f" {{ {hook} }}" if hook else "")
        yield f"flush chain {TABLE} {name}"
    for name, rules in wanted.base.items():
        yield from (f"add rule {TABLE} {name} {rule}" for rule in rules)
    for name, addresses in wanted.members.items():
        if prepared.members[name] != addresses:
            yield f"flush set {TABLE} {name}"
            if addresses:
                yield f"add element {TABLE} {name} {{ {', '.join(map(str, addresses))} }}"
    for name in sorted(prepared.chains.keys() - wanted.chains.keys()):
        yield f"delete chain {TABLE} {name}"
    for name in sorted(prepared.members.keys() - wanted.members.keys()):
        yield f"delete set {TABLE} {name}"


def _parts(commands: list[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    part: list[tuple[str, str]] = []
    size = 0
    for command in commands:
        if part and size + len(command[0]) > _LARGEST:
            yield part
            part, size = [], 0
        part.append(command)
        size += len(command[0])
    yield part


def _text(commands: list[str]) -> str:
    return "\n".join(commands) + "\n"
