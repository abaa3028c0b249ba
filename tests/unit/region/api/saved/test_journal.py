"""What was answered is on the disk, what controllers change follows soon, and a full disk is no yes."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from drydock.errors import NotSaved
from drydock.region.api.saved.database import RESERVE, Database
from drydock.region.api.saved.journal import Journal
from drydock.region.api.saved.restore import restore
from drydock.region.api.saved.units import Unit
from tests.support.served import REGION, Served, new_store, serving
from tests.support.states import forget
from tests.support.waiting import eventually

CLUSTERS = Unit("moto.ecs.models", "ecs_backends", REGION)
PARAMETERS = Unit("moto.ssm.models", "ssm_backends", REGION)


class Full(Database):
    """A database whose disk can be full."""

    full = False

    def _write(self, rows: list[tuple[str, bytes, bytes]]) -> None:
        if self.full:
            raise sqlite3.OperationalError("database or disk is full")
        super()._write(rows)

    def make_reserve(self) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        super().make_reserve()


@pytest.fixture
def saved(tmp_path: Path) -> Iterator[Saved]:
    store = new_store()
    database = Full(tmp_path / "state.db", store.account_id, REGION)
    journal = Journal(store, database)
    with serving(tmp_path / "region.log", store, journal=journal) as served:
        journal.start()
        yield Saved(served, journal, database)
        database.full = False
    journal.close()


class Saved:
    """A served control plane that is saved."""

    def __init__(self, served: Served, journal: Journal, database: Full) -> None:
        self.served = served
        self.store = served.store
        self.journal = journal
        self.database = database

    def restored(self) -> Any:
        """The store, from what another process would find on the disk now."""
        beside = Database(self.database.file, self.store.account_id, REGION)
        forget(self.store.account_id)
        try:
            assert restore(self.store, beside) == {}
        finally:
            beside.close()
        return self.store

    def parameters(self) -> list[str]:
        with self.store.locked():
            return sorted(f"/{one}" for one in dict.keys(self.store.backend("ssm")._parameters))


def test_what_was_answered_is_on_the_disk(saved: Saved) -> None:
    ssm = saved.served.client("ssm")
    for index in range(20):
        ssm.put_parameter(Name=f"/p/{index}", Value="v", Type="String")
        assert saved.database.read(PARAMETERS) is not None
        beside = Database(saved.database.file, saved.store.account_id, REGION)
        data = beside.read(PARAMETERS)
        beside.close()
        assert data is not None
        assert f"/p/{index}".encode() in data


def test_a_controllers_change_follows_by_itself(saved: Saved) -> None:
    saved.served.cluster("kept")
    with saved.store.changing("ecs"):
        saved.store.backend("ecs").clusters["kept"].status = "RENAMED"
    eventually(lambda: b"RENAMED" in (saved.database.read(CLUSTERS) or b""), "the change is saved")
    eventually(lambda: not saved.journal.pending, "nothing is pending")


def test_an_unchanged_service_is_not_written_again(
    saved: Saved, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved.served.cluster("kept")
    eventually(lambda: not saved.journal.pending, "nothing is pending")
    written: list[Unit] = []
    write = saved.database.write

    def count(units: dict[Unit, bytes]) -> None:
        written.extend(units)
        write(units)

    monkeypatch.setattr(saved.database, "write", count)
    saved.served.client("ssm").put_parameter(Name="/p", Value="v", Type="String")
    with saved.store.changing("ecs"):
        pass
    eventually(lambda: not saved.journal.pending, "nothing is pending")
    assert written == [PARAMETERS]


def test_a_full_disk_takes_one_more_change_and_then_none(saved: Saved) -> None:
    ssm = saved.served.client("ssm")
    ssm.put_parameter(Name="/before", Value="v", Type="String")
    eventually((saved.database.file.parent / RESERVE).exists, "the reserve is there")
    saved.database.full = True
    with pytest.raises(ClientError) as caught:
        ssm.put_parameter(Name="/full", Value="v", Type="String")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert "full" in caught.value.response["Error"]["Message"]
    with pytest.raises(ClientError, match="takes no changes"):
        ssm.put_parameter(Name="/later", Value="v", Type="String")
    assert "/later" not in saved.parameters()
    assert [one["error"] for one in saved.journal.problems()]
    assert ssm.get_parameter(Name="/before")["Parameter"]["Value"] == "v"
    with pytest.raises(NotSaved, match="disk"):
        saved.journal.flush()
    saved.database.full = False
    eventually(lambda: not saved.journal.refusal(), "changes are taken again")
    ssm.put_parameter(Name="/again", Value="v", Type="String")
    assert saved.journal.problems() == []
    saved.restored()
    assert "/again" in saved.parameters()


def test_the_reserve_serves_the_change_that_meets_a_full_disk(
    saved: Saved, monkeypatch: pytest.MonkeyPatch
) -> None:
    reserve = saved.database.file.parent / RESERVE
    eventually(reserve.exists, "the reserve is there")
    write = Database._write

    def until_the_reserve_goes(self: Database, rows: list[tuple[str, bytes, bytes]]) -> None:
        if reserve.exists():
            raise sqlite3.OperationalError("database or disk is full")
        write(self, rows)

    monkeypatch.setattr(Full, "_write", until_the_reserve_goes)
    monkeypatch.setattr(Full, "make_reserve", _no_room)
    saved.served.client("ssm").put_parameter(Name="/last", Value="v", Type="String")
    assert b"/last" in (saved.database.read(PARAMETERS) or b"")
    assert "full" in saved.journal.refusal()
    monkeypatch.undo()
    eventually(lambda: not saved.journal.refusal(), "changes are taken again")
    assert reserve.exists()


def _no_room(_: Database) -> None:
    raise OSError(28, "No space left on device")


def test_a_failed_request_leaves_nothing(saved: Saved) -> None:
    """moto 5.2.5 keeps labels of a parameter that is not there, and fails at the next list."""
    ssm = saved.served.client("ssm")
    ssm.put_parameter(Name="/kept", Value="v", Type="String")
    with pytest.raises(ClientError):
        ssm.label_parameter_version(Name="/missing", Labels=["a"])
    assert [one["Name"] for one in ssm.describe_parameters()["Parameters"]] == ["/kept"]
    assert "/missing" not in saved.parameters()


def test_a_record_that_cannot_be_written_is_not_acknowledged(saved: Saved) -> None:
    ssm = saved.served.client("ssm")
    ssm.put_parameter(Name="/kept", Value="v", Type="String")
    with saved.store.locked():
        vars(saved.store.backend("ssm"))["poison"] = (one for one in "x")
    with pytest.raises(ClientError) as caught:
        ssm.put_parameter(Name="/lost", Value="v", Type="String")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    ssm.put_parameter(Name="/after", Value="v", Type="String")
    assert saved.parameters() == ["/after", "/kept"]


def test_what_cannot_be_saved_at_the_end_is_raised(saved: Saved) -> None:
    saved.database.full = True
    with saved.store.changing("ecs"):
        saved.store.backend("ecs").exec_url = "changed"
    with pytest.raises(NotSaved):
        saved.journal.close()


def test_a_killed_process_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    code = f"""
import sys
from pathlib import Path
from drydock.region.api.saved.database import Database
from drydock.region.api.saved.journal import Journal
from drydock.region.api.store import Store
from drydock.region.daemon import services
services.use()
store = Store("123412341234", {REGION!r})
journal = Journal(store, Database(Path({str(file)!r}), store.account_id, {REGION!r}))
with store.locked():
    store.backend("ecs")
journal.start()
for index in range(10_000):
    with store.changing("ecs"):
        store.backend("ecs").create_cluster(f"c{{index}}", [], None, None)
        ticket = journal.take({{"ecs"}})
    journal.commit(ticket)
    print(index, flush=True)
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process:
        for _ in range(50):
            last = process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
        rest = process.stdout.read().split()
    acknowledged = int(rest[-1] if rest else last)
    database = Database(file, "123412341234", REGION)
    data = database.read(CLUSTERS)
    database.close()
    assert data is not None
    assert f"c{acknowledged}".encode() in data


def test_a_failed_request_is_undone_without_a_look_at_the_disk(
    saved: Saved, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It happens under the store's lock, where nothing but records may be touched."""
    saved.served.client("ssm").put_parameter(Name="/kept", Value="v", Type="String")

    def read(unit: Unit) -> bytes:
        raise AssertionError(f"{unit} was read from the disk")

    monkeypatch.setattr(saved.database, "read", read)
    with saved.store.changing("ssm"):
        saved.store.backend("ssm").put_parameter(
            "/half", "", "v", "String", "", "", False, [], "text", None, None
        )
        saved.journal.roll_back(["ssm"])
    assert saved.parameters() == ["/kept"]
