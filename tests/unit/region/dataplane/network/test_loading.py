"""From one filter to another, and that what does not fit into one transaction is prepared before."""

from __future__ import annotations

from ipaddress import IPv4Address

from drydock.region.dataplane.network.filtering import Filter
from drydock.region.dataplane.network.loading import steps

MEMBER = IPv4Address("10.0.0.4")
SMALL = Filter({"in_1": ("return", "drop")}, {"m_1": (MEMBER,)}, {"in": ("goto in_1",)})
LARGE = Filter(
    {f"large_{n}": tuple(f"ip saddr 10.{n}.0.{m} return" for m in range(200)) for n in range(10)},
    {"m_1": (MEMBER,), "m_2": ()},
    {"in": ("goto large_3",)},
)


def lines(*commands: str) -> list[str]:
    return [line for one in commands for line in one.splitlines()]


def test_nothing_to_do() -> None:
    assert steps(SMALL, SMALL) == []


def test_all_at_once_where_it_fits() -> None:
    [step] = steps(Filter(), SMALL)
    found = lines(step.commands)
    assert step.after == SMALL
    for one in (
        "add rule ip drydock in_1 return",
        "add element ip drydock m_1 { 10.0.0.4 }",
        "add rule ip drydock in goto in_1",
    ):
        assert one in found
    assert found.index("flush chain ip drydock in") < found.index(
        "add rule ip drydock in goto in_1"
    )


def test_only_differences_are_told() -> None:
    wanted = Filter({**SMALL.chains, "in_2": ("drop",)}, SMALL.members, {"in": ("goto in_2",)})
    [step] = steps(SMALL, wanted)
    assert "in_1" not in step.commands
    assert "element" not in step.commands
    [back] = steps(wanted, SMALL)
    assert "delete chain ip drydock in_2" in lines(back.commands)


def test_members_that_change_and_a_group_that_nobody_names_any_more() -> None:
    other = IPv4Address("10.0.0.5")
    [step] = steps(SMALL, Filter(SMALL.chains, {"m_1": (other,)}, SMALL.base))
    found = lines(step.commands)
    assert found.index("flush set ip drydock m_1") < found.index(
        "add element ip drydock m_1 { 10.0.0.5 }"
    )
    [step] = steps(SMALL, Filter())
    found = lines(step.commands)
    # a set goes after the chains that may look into it
    assert found.index("delete chain ip drydock in_1") < found.index("delete set ip drydock m_1")


def test_what_is_large_is_prepared_out_of_every_packets_way() -> None:
    *before, last = steps(SMALL, LARGE)
    assert len(before) > 3
    for step in before:
        assert len(step.commands) < 21_000
        # nothing that a packet could come to is touched
        assert " in_1" not in step.commands
        assert "element" not in step.commands
        assert not any(
            line.split()[4] in ("in", "out", "forward") for line in lines(step.commands)[1:]
        )
        assert step.after.base == SMALL.base
        assert step.after != LARGE
    assert (last.after, len(last.commands) < 5_000) == (LARGE, True)


def test_what_was_interrupted_is_begun_anew_and_nothing_is_left_of_it() -> None:
    first, *_ = steps(SMALL, LARGE)
    begun = first.after.chains.keys() - SMALL.chains.keys()
    assert begun
    again = lines(*(step.commands for step in steps(first.after, LARGE)))
    assert all(f"flush chain ip drydock {name}" in again for name in begun)
    [back] = steps(first.after, SMALL)
    gone = {line.split()[-1] for line in lines(back.commands) if line.startswith("delete chain")}
    assert gone == begun
    assert back.after == SMALL
