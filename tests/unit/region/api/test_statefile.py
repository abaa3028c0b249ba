"""What is saved comes back as it was, and what is damaged or another's is refused."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from drydock.errors import StateUnreadable
from drydock.region.api import statefile
from drydock.region.api.store import Store
from tests.support import architecture
from tests.support.served import REGION, Served, new_store, serving


def forget(account_id: str) -> None:
    """As in a new process: moto knows nothing of the account."""
    from moto.core.base_backend import BackendDict
    from moto.s3.models import s3_backends

    everything: list[Any] = BackendDict._instances  # type: ignore[misc]
    if "aws" in dict.keys(s3_backends[account_id]):
        for bucket in s3_backends[account_id]["aws"].buckets.values():
            for versions in dict.values(bucket.keys):
                for one in versions:
                    getattr(one, "dispose", int)()  # closes what the object is kept in
    for backends in everything:
        dict.pop(backends, account_id, None)
    for name, (_, owner) in list(s3_backends.bucket_accounts.items()):
        if owner == account_id:
            del s3_backends.bucket_accounts[name]


def test_the_whole_architecture_comes_back(tmp_path: Path, served: Served) -> None:
    file = tmp_path / "state.pickle"
    architecture.build(served)
    before = architecture.picture(served)
    assert statefile.save(served.store, file) == served.store.generation
    forget(served.store.account_id)
    assert served.client("ecs").list_clusters()["clusterArns"] == []
    forget(served.store.account_id)
    assert statefile.restore(served.store, file)
    after = architecture.picture(served)
    assert set(after) == set(before)
    for name, answer in before.items():
        assert after[name] == answer, name
    _works_on(served)


def _works_on(served: Served) -> None:
    """Restored backends still know each other, and give out nothing twice."""
    ec2, ecs, rds = served.client("ec2"), served.client("ecs"), served.client("rds")
    backend = served.store.backend
    with served.store.reading():
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
    with served.store.writing("logs"):
        backend("logs").write_events("/ecs/app", "app/app/1", [(2**41, "again")])
    logs = served.client("logs").filter_log_events(logGroupName="/ecs/app")["events"]
    assert len({one["eventId"] for one in logs}) == len(logs)


def test_a_new_process_reads_it(tmp_path: Path, served: Served) -> None:
    file = tmp_path / "state.pickle"
    served.cluster("kept")
    served.client("kms").create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")
    statefile.save(served.store, file)
    code = f"""
from pathlib import Path
from drydock.region.api.persistence import restore
from drydock.region.api.store import Store
store = Store({served.store.account_id!r}, {REGION!r})
assert restore(store, Path({str(file)!r}))
with store.reading():
    print(list(store.backend("ecs").clusters), len(store.backend("kms").keys))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["['kept']", "1"]


def test_it_is_private_and_small(tmp_path: Path, served: Served) -> None:
    file = tmp_path / "state.pickle"
    old = os.umask(0)
    try:
        architecture.build(served)
        statefile.save(served.store, file)
    finally:
        os.umask(old)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []
    assert file.stat().st_size < 2_000_000


def test_nothing_saved_is_no_error(tmp_path: Path) -> None:
    assert not statefile.restore(new_store(), tmp_path / "none")


@pytest.fixture
def saved(tmp_path: Path, served: Served) -> tuple[Store, Path]:
    file = tmp_path / "state.pickle"
    served.cluster("kept")
    statefile.save(served.store, file)
    return served.store, file


def refused(store: Store, file: Path, words: str) -> None:
    with pytest.raises(StateUnreadable, match=words) as caught:
        statefile.restore(store, file)
    assert str(file) in caught.value.subject
    assert caught.value.remedy


def test_any_damage_is_seen(saved: tuple[Store, Path]) -> None:
    store, file = saved
    whole = file.read_bytes()
    step = max(1, len(whole) // 60)
    for index in [*range(0, len(whole), step), len(whole) - 1]:
        damaged = bytearray(whole)
        damaged[index] ^= 0x55
        file.write_bytes(bytes(damaged))
        refused(store, file, "cannot be read")
    for length in (0, 5, 30, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:length])
        refused(store, file, "cannot be read")


@pytest.mark.parametrize("key", ["drydock", "moto", "format", "account", "region"])
def test_another_versions_file_is_refused(saved: tuple[Store, Path], key: str) -> None:
    store, file = saved
    magic, header, rest = file.read_bytes().split(b"\n", 2)
    changed = {**json.loads(header), key: "0"}
    file.write_bytes(b"\n".join([magic, json.dumps(changed).encode(), rest]))
    refused(store, file, f"{key} 0")


def test_a_file_that_others_may_write_is_not_unpickled(saved: tuple[Store, Path]) -> None:
    store, file = saved
    file.chmod(0o622)
    refused(store, file, "others may write")


def test_a_failed_write_leaves_the_old_one(
    saved: tuple[Store, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, file = saved
    whole = file.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError("no space")

    monkeypatch.setattr(os, "fsync", full)
    with store.writing("ecs"):
        pass
    with pytest.raises(OSError, match="no space"):
        statefile.save(store, file)
    assert file.read_bytes() == whole
    assert [one.name for one in file.parent.iterdir() if one.name.startswith(".")] == []


def test_two_accounts_do_not_mix(tmp_path: Path, served: Served) -> None:
    served.cluster("mine")
    with serving(tmp_path / "log") as other:
        other.cluster("theirs")
        statefile.save(served.store, tmp_path / "mine")
        forget(served.store.account_id)
        statefile.restore(served.store, tmp_path / "mine")
        assert [arn[-4:] for arn in served.client("ecs").list_clusters()["clusterArns"]] == ["mine"]
        assert len(other.client("ecs").list_clusters()["clusterArns"]) == 1
