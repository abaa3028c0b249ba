"""postgresql.conf and pg_hba.conf as text."""

from __future__ import annotations

import pytest

from drydock.errors import DatabaseFailed
from drydock.region.dataplane.database.settings import OURS, pg_hba_conf, postgresql_conf


def _conf(parameters: dict[str, str] | None = None, major: int = 16) -> dict[str, str]:
    text = postgresql_conf(major, "db-1", "*", 5432, parameters or {})
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    pairs = [(name, value) for name, _, value in (line.partition(" = ") for line in lines)]
    assert len({name for name, _ in pairs}) == len(pairs)
    return dict(pairs)


def test_it_is_durable_and_reached_by_tcp() -> None:
    conf = _conf()
    assert conf["fsync"] == conf["full_page_writes"] == conf["synchronous_commit"] == "'on'"
    assert conf["unix_socket_directories"] == "'../socket'"
    assert "primary_conninfo" not in conf
    assert conf["listen_addresses"] == "'*'"
    assert conf["port"] == "'5432'"
    assert conf["log_destination"] == "'stderr'"
    assert conf["log_line_prefix"] == "'%t:%r:%u@%d:[%p]:'"


def test_an_ephemeral_one_does_not_wait_for_the_disk_whatever_its_groups_say() -> None:
    text = postgresql_conf(16, "db-1", "*", 5432, {"synchronous_commit": "on"}, ephemeral=True)
    lines = text.splitlines()
    assert {"fsync = 'off'", "full_page_writes = 'off'", "synchronous_commit = 'off'"} <= set(lines)


def test_the_callers_parameters_come_over_the_defaults() -> None:
    conf = _conf({"Max_Connections": "7", "rds.force_ssl": "0"})
    assert conf["max_connections"] == "'7'"
    assert conf["rds.force_ssl"] == "'0'"


def test_what_a_release_does_not_know_is_not_set() -> None:
    assert "io_method" in _conf(major=18)
    assert "io_method" not in _conf(major=17)


def test_a_value_cannot_leave_its_quotes() -> None:
    assert _conf({"application_name": "a'b\\c"})["application_name"] == "'a''b\\\\c'"


@pytest.mark.parametrize("value", ["1\nfsync = off", "1\r", "1\0"])
def test_a_line_break_is_refused(value: str) -> None:
    with pytest.raises(DatabaseFailed, match="line break"):
        _conf({"work_mem": value})


@pytest.mark.parametrize("name", ["", "a b", "a=b", "include 'x'", "x\ny", "a.b.c", "1a"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(DatabaseFailed, match="no parameter's name"):
        _conf({name: "1"})


@pytest.mark.parametrize("name", sorted(OURS))
def test_what_the_region_needs_cannot_be_changed(name: str) -> None:
    with pytest.raises(DatabaseFailed, match="sets it itself"):
        _conf({name.upper(): "1"})


def test_a_server_that_follows_is_told_whom() -> None:
    text = postgresql_conf(16, "db-2", "*", 5432, {}, "host=/x port=1")
    assert "primary_conninfo = 'host=/x port=1'" in text.splitlines()


def test_rdsadmin_comes_from_the_server_itself_alone() -> None:
    lines = [line.split("\t") for line in pg_hba_conf().splitlines() if line[0] != "#"]
    assert lines[0] == ["local", "replication", "rdsadmin", "scram-sha-256"]
    rules = lines[1:]
    assert rules[0] == ["host", "all", "rdsadmin", "samehost", "scram-sha-256"]
    assert rules[1] == ["host", "all", "rdsadmin", "all", "reject"]
    assert rules[2] == ["host", "rdsadmin", "all", "all", "reject"]
    assert all(method in ("scram-sha-256", "reject") for *_, method in rules)
