"""Who is to be a cluster's writer."""

from __future__ import annotations

from drydock.region.services.rds.controller.members import InstanceView, choose_writer


def _one(
    name: str, status: str = "available", *, writer: bool = False, tier: int = 1
) -> InstanceView:
    return InstanceView(name, f"arn:{name}", f"id-{name}", status, None, "a", writer, tier)


def _chosen(*instances: InstanceView, wanted: str = "") -> str:
    found = choose_writer(instances, wanted)
    return found.identifier if found is not None else ""


def test_the_writer_stays_the_writer_whatever_its_state() -> None:
    assert _chosen(_one("a", "starting", writer=True), _one("b", tier=0)) == "a"


def test_a_failovers_target_comes_first_while_it_is_there() -> None:
    writer = _one("a", writer=True)
    assert _chosen(writer, _one("b"), wanted="b") == "b"
    assert _chosen(writer, _one("b", "deleting"), wanted="b") == "a"
    assert _chosen(writer, wanted="gone") == "a"


def test_when_the_writer_goes_an_available_reader_follows_by_its_tier() -> None:
    gone = _one("a", "deleting", writer=True)
    assert _chosen(gone, _one("b", tier=2), _one("c", tier=1), _one("d", "creating", tier=0)) == "c"
    assert _chosen(gone, _one("d", "creating")) == "d"
    assert _chosen(gone) == ""
    assert _chosen() == ""
