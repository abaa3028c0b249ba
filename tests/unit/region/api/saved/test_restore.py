"""What is saved comes back as it was, and what is damaged or another's is refused."""

from __future__ import annotations

import graphlib
import hashlib
import json
import os
import sqlite3
import stat
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from drydock.errors import StateUnreadable
from drydock.region.api.saved import pickling, units
from drydock.region.api.saved.database import Database, Row
from drydock.region.api.saved.restore import take_over
from drydock.region.api.saved.units import Unit
from drydock.region.api.store import Store
from drydock.region.daemon.restored import forget_observations
from tests.support import architecture
from tests.support.served import REGION, Served, serving
from tests.support.states import bring_back, forget, save


def test_the_whole_architecture_comes_back(tmp_path: Path, served: Served) -> None:
    file = tmp_path / "state.db"
    architecture.build(served)
    before = architecture.picture(served)
    save(served.store, file)
    forget(served.store.account_id)
    assert served.client("ecs").list_clusters()["clusterArns"] == []
    forget(served.store.account_id)
    assert bring_back(served.store, file) == {}
    after = architecture.picture(served)
    assert set(after) == set(before)
    for name, answer in before.items():
        assert after[name] == answer, name
    _works_on(served)


def _works_on(served: Served) -> None:
    """Restored backends still know each other, and give out nothing twice."""
    ec2, ecs, rds = served.client("ec2"), served.client("ecs"), served.client("rds")
    backend = served.store.backend
    with served.store.locked():
        assert backend("elbv2").ec2_backend is backend("ec2")
        assert backend("ecs").ec2 is backend("ec2")
        assert backend("rds").clusters["db"].backend is backend("rds")
        subnet = backend("rds").subnet_groups["data"]._subnets[0]
        assert backend("ec2").get_subnet(subnet.id) is subnet
    interfaces = ec2.describe_network_interfaces()["NetworkInterfaces"]
    taken = {one["PrivateIpAddress"] for one in interfaces if one["SubnetId"] == subnet.id}
    new = ec2.create_network_interface(SubnetId=subnet.id)["NetworkInterface"]
    assert new["PrivateIpAddress"] not in taken
    ecs.update_service(cluster="app", service="app", desiredCount=3)
    rds.delete_db_instance(DBInstanceIdentifier="db-1", SkipFinalSnapshot=True)
    served.client("s3").put_object(Bucket=architecture.bucket_of(served), Key="new", Body=b"new")
    with served.store.changing("logs"):
        backend("logs").write_events("/ecs/app", "app/app/1", [(2**41, "again")])
    logs = served.client("logs").filter_log_events(logGroupName="/ecs/app")["events"]
    assert len({one["eventId"] for one in logs}) == len(logs)


def test_a_new_process_reads_it(tmp_path: Path, served: Served) -> None:
    file = tmp_path / "state.db"
    served.cluster("kept")
    served.client("kms").create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")
    save(served.store, file)
    code = f"""
from pathlib import Path
from drydock.region.api.saved.database import Database
from drydock.region.api.saved.restore import restore
from drydock.region.api.store import Store
from drydock.region.daemon import services
services.use()
store = Store({served.store.account_id!r}, {REGION!r})
assert restore(store, Database(Path({str(file)!r}), store.account_id, store.region)) == {{}}
with store.locked():
    print(list(store.backend("ecs").clusters), len(store.backend("kms").keys))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["['kept']", "1"]


def test_it_is_private_and_small(tmp_path: Path, served: Served) -> None:
    file = tmp_path / "state.db"
    old = os.umask(0)
    try:
        architecture.build(served)
        save(served.store, file)
    finally:
        os.umask(old)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []
    assert file.stat().st_size < 2_000_000


@pytest.fixture
def saved(tmp_path: Path, served: Served) -> tuple[Store, Path]:
    file = tmp_path / "state.db"
    served.cluster("kept")
    served.client("ssm").put_parameter(Name="/kept", Value="v", Type="String")
    save(served.store, file)
    return served.store, file


def refused(store: Store, file: Path, words: str) -> None:
    with pytest.raises(StateUnreadable, match=words) as caught:
        bring_back(store, file)
    assert str(file) in caught.value.subject
    assert caught.value.remedy


def test_any_damage_is_seen(saved: tuple[Store, Path]) -> None:
    """Never a wrong record: what is damaged is refused as a whole, or kept aside and named."""
    store, file = saved
    whole = file.read_bytes()
    before = {unit: row.data for unit, row in _rows(store, file).items()}
    flipped = [_flip(whole, at) for at in [*range(0, len(whole), len(whole) // 60), -1]]
    cut = [whole[:length] for length in (0, 5, 30, len(whole) // 2, len(whole) - 1)]
    for damaged in (*flipped, *cut):
        _forget_wal(file)
        file.write_bytes(damaged)
        try:
            found = _rows(store, file)
        except StateUnreadable:
            continue
        problems = [row.problem for row in found.values() if row.problem]
        assert problems or damaged not in cut
        assert all(row.problem or before.get(unit) == row.data for unit, row in found.items())


def _flip(data: bytes, at: int) -> bytes:
    damaged = bytearray(data)
    damaged[at] ^= 0x55
    return bytes(damaged)


def _rows(store: Store, file: Path) -> dict[Unit, Row]:
    database = Database(file, store.account_id, store.region)
    try:
        return {row.unit: row for row in database.rows()}
    finally:
        database.close()


def _forget_wal(file: Path) -> None:
    for beside in (f"{file.name}-wal", f"{file.name}-shm"):
        file.with_name(beside).unlink(missing_ok=True)


def test_one_damaged_unit_is_kept_aside_and_the_rest_starts(saved: tuple[Store, Path]) -> None:
    store, file = saved
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE unit SET data = x'00' || data WHERE name LIKE 'moto.ssm%'")
    connection.close()
    forget(store.account_id)
    problems = bring_back(store, file)
    assert [unit.service for unit in problems] == ["ssm"]
    words = next(iter(problems.values()))
    kept = next((file.parent / "damaged").iterdir())
    assert str(kept) in words
    assert b"/kept" in kept.read_bytes()
    with store.locked():
        assert list(store.backend("ecs").clusters) == ["kept"]
    assert bring_back(store, file) == {}


def test_a_unit_that_cannot_be_read_is_kept_aside(saved: tuple[Store, Path]) -> None:
    """Its checksum is right, and its records are of a class that is not there any more."""
    store, file = saved
    data = b"cno_such_module\nnothing\n."
    name = f"moto.ssm.models:ssm_backends:{REGION}".encode()
    with sqlite3.connect(file) as connection:
        connection.execute(
            "UPDATE unit SET data = ?, sha256 = ? WHERE name LIKE 'moto.ssm%'",
            (data, hashlib.sha256(name + b"\0" + data).digest()),
        )
    connection.close()
    forget(store.account_id)
    problems = bring_back(store, file)
    assert ["no_such_module" in words for words in problems.values()] == [True]
    with store.locked():
        assert list(store.backend("ecs").clusters) == ["kept"]


@pytest.mark.parametrize("key", ["moto", "format", "account", "region"])
def test_another_versions_file_is_refused(saved: tuple[Store, Path], key: str) -> None:
    store, file = saved
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE about SET value = '0' WHERE name = ?", (key,))
    connection.close()
    refused(store, file, f"{key} 0")


def test_a_file_that_others_may_write_is_not_unpickled(saved: tuple[Store, Path]) -> None:
    store, file = saved
    file.chmod(0o622)
    refused(store, file, "others may write")


def test_what_an_earlier_version_saved_is_taken_over_once(tmp_path: Path, served: Served) -> None:
    served.cluster("kept")
    with served.store.locked():
        ecs = served.store.backend("ecs")
        payload = pickling.dumps({("moto.ecs.models", "ecs_backends"): {REGION: ecs}})
    header = {"format": 2, "moto": version("moto"), "sha256": hashlib.sha256(payload).hexdigest()}
    file = tmp_path / "state.pickle"
    file.write_bytes(b"drydock region state\n" + json.dumps(header).encode() + b"\n" + payload)
    file.chmod(0o622)
    with pytest.raises(StateUnreadable, match="others may write"):
        take_over(served.store, file)
    file.chmod(0o600)
    forget(served.store.account_id)
    assert take_over(served.store, file)
    with served.store.locked():
        assert list(served.store.backend("ecs").clusters) == ["kept"]
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(StateUnreadable, match="checksum"):
        take_over(served.store, file)
    assert not take_over(served.store, tmp_path / "none")


def test_a_record_that_is_not_ours_is_taken_out_and_named(served: Served) -> None:
    served.cluster("kept")
    with served.store.changing("ecs"):
        services: dict[str, Any] = served.store.backend("ecs").services
        services["kept:foreign"] = {"name": "foreign"}
    problems = forget_observations(served.store)
    assert [one["resource"] for one in problems] == ["ecs services kept:foreign"]
    assert served.client("ecs").list_services(cluster="kept")["serviceArns"] == []
    assert forget_observations(served.store) == []


def test_two_accounts_do_not_mix(tmp_path: Path, served: Served) -> None:
    served.cluster("mine")
    with serving(tmp_path / "log") as other:
        other.cluster("theirs")
        save(served.store, tmp_path / "mine")
        forget(served.store.account_id)
        bring_back(served.store, tmp_path / "mine")
        assert [arn[-4:] for arn in served.client("ecs").list_clusters()["clusterArns"]] == ["mine"]
        assert len(other.client("ecs").list_clusters()["clusterArns"]) == 1


def test_services_refer_to_each_other_in_no_circle(served: Served) -> None:
    """A unit is read after those that it refers to, which a circle would not allow."""
    architecture.build(served)
    with served.store.locked():
        live = units.live(served.store.account_id)
        index = units.Index(served.store.account_id, live)
        refers = {unit: pickling.dump_unit(unit, one, index)[1] for unit, one in live.items()}
    graphlib.TopologicalSorter(refers).prepare()
    assert any(refers.values())
