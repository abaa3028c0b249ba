"""What of a parameter group applies to a running server, and what waits for its next start."""

from __future__ import annotations

from drydock.region.dataplane.database.versions import choose
from drydock.region.services.rds.controller.insight import Bounds, capacity
from drydock.region.services.rds.controller.members import InstanceView, choose_failover_candidate
from drydock.region.services.rds.controller.parameters import Applied, Parameter, Wanted, settings


def _wanted(*parameters: Parameter, group: str = "mine") -> Wanted:
    return Wanted((group, ""), parameters)


def _static(name: str) -> bool:
    return name == "max_connections"


def _one(name: str, value: str, *, at_once: bool = True) -> Parameter:
    return Parameter("cluster", name, value, at_once)


def test_a_dynamic_parameter_is_taken_over_and_nothing_is_pending() -> None:
    applied = Applied.at_start(_wanted(_one("work_mem", "4096")))
    new = _wanted(_one("work_mem", "8192"))
    assert applied.pending(new) == {"cluster"}
    assert applied.follow(new, _static)
    assert applied.values == {("cluster", "work_mem"): "8192"}
    assert not applied.pending(new)
    assert not applied.follow(new, _static), "it changes nothing a second time"


def test_what_needs_a_start_waits_and_is_pending() -> None:
    applied = Applied.at_start(_wanted())
    for new in (
        _wanted(_one("max_connections", "50", at_once=False)),
        _wanted(_one("work_mem", "8192", at_once=False)),
        _wanted(_one("work_mem", "8192"), group="another"),
    ):
        assert not applied.follow(new, _static)
        assert applied.pending(new) == {"cluster"}
        assert not Applied.at_start(new).pending(new)


def test_a_reset_dynamic_parameter_goes_and_a_static_one_stays_until_the_start() -> None:
    applied = Applied.at_start(_wanted(_one("work_mem", "1"), _one("max_connections", "50")))
    assert applied.follow(_wanted(), _static)
    assert applied.values == {("cluster", "max_connections"): "50"}
    assert applied.pending(_wanted()) == {"cluster"}


def test_what_is_not_for_this_machine_is_kept_and_told() -> None:
    wanted = _wanted(
        _one("shared_buffers", "{DBInstanceClassMemory/12038}"),
        _one("shared_preload_libraries", "pg_stat_statements,no_such_library"),
        _one("apg_plan_mgmt", "1"),
        _one("log_statement", "ddl"),
        _one("rds.force_ssl", "1"),
    )
    found = settings(Applied.at_start(wanted), choose(15), forced_by_default=False)
    assert found.values["log_statement"] == "ddl"
    assert "shared_buffers" not in found.values
    assert "apg_plan_mgmt" not in found.values
    assert found.force_tls
    assert "no_such_library" not in found.values["shared_preload_libraries"]
    assert len(found.notes) >= 3


def test_an_instances_group_goes_before_its_clusters() -> None:
    wanted = Wanted(
        ("c", "i"),
        (
            Parameter("instance", "work_mem", "2048", at_once=True),
            Parameter("cluster", "work_mem", "1024", at_once=True),
        ),
    )
    found = settings(Applied.at_start(wanted), choose(15), forced_by_default=False)
    assert found.values["work_mem"] == "2048"


def test_capacity_rises_at_once_falls_by_half_and_stays_within_its_bounds() -> None:
    bounds = Bounds(0.5, 8)
    assert capacity(None, 0.0, bounds) == 0.5
    assert capacity(0.5, 0.9, bounds) == 4.0
    assert capacity(4.0, 0.0, bounds) == 2.0
    assert capacity(2.0, 0.0, bounds) == 1.0
    assert capacity(1.0, 99.0, bounds) == 8.0
    assert capacity(None, 0.0, Bounds(0, 1)) == 0.5


def test_a_failover_goes_by_tier_then_by_size() -> None:
    def one(name: str, tier: int, kind: str, status: str = "available") -> InstanceView:
        return InstanceView(name, name, name, status, None, "a", False, tier, kind)

    small, large = one("a", 1, "db.r6g.large"), one("b", 1, "db.r6g.2xlarge")
    assert choose_failover_candidate([small, large]) is large
    assert choose_failover_candidate([large, one("c", 0, "db.t4g.medium")]).identifier == "c"  # type: ignore[union-attr]
    assert choose_failover_candidate([one("d", 0, "db.r6g.large", "starting")]) is None
