"""Values of metrics on disk: found exactly, found again after a kill, bounded in time and in bytes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from drydock.errors import StorageFailed
from drydock.region.api.bulk import Bulk, Limits, metrics
from drydock.region.api.bulk.metrics import Datum, Key, MetricStore, Value
from tests.support.disks import fill

KEY: Key = ("AWS/ECS", "CPUUtilization", (("ClusterName", "app"), ("ServiceName", "web")))
OTHER: Key = ("mine", "n", ())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[MetricStore]:
    one = opened(tmp_path)
    yield one
    one.close()


def opened(folder: Path, most: int = 10**9) -> MetricStore:
    return MetricStore(folder / "metrics.db", most)


def datum(at: float, number: float, key: Key = OTHER, scope: str = "s", own: bool = False) -> Datum:
    return Datum(scope, key, Value(at, None, number, 1.0, number, number), own)


def numbers(store: MetricStore, key: Key = OTHER, since: float = 0.0) -> list[float]:
    return [one.total for one in store.values("s", [key], since)[key]]


def test_a_value_comes_back_to_the_last_bit(store: MetricStore) -> None:
    value = Value(1732000000.123456, "Percent", 0.1 + 0.2, 3.0, -1e-300, 1.7976931348623157e308)
    store.put([Datum("s", KEY, value)])
    assert store.values("s", [KEY], value.at) == {KEY: [value]}
    assert store.values("s", [KEY], 0.0, value.at) == {KEY: []}
    assert store.values("of another account", [KEY], 0.0) == {KEY: []}


def test_values_are_those_of_a_time_in_order(store: MetricStore) -> None:
    store.observe([datum(3.0, 3, own=True), datum(1.0, 1, own=True)])
    store.put([datum(2.0, 2), datum(2.0, 2), datum(2.5, 9, KEY)])
    assert numbers(store) == [1, 2, 2, 3]
    assert numbers(store, since=2.0) == [2, 2, 3]
    assert numbers(store, KEY) == [9]
    assert store.keys("s") == [OTHER, KEY]
    assert store.keys("t") == []


CHILD = """
import sys
from pathlib import Path
from drydock.region.api import bulk
from drydock.region.api.bulk.metrics import Datum, Value
kept = bulk.open_in(Path(sys.argv[1]))
for n in range(100_000):
    kept.metrics.put([Datum("s", ("mine", "n", ()), Value(float(n), None, n, 1, n, n))])
    print(n, flush=True)
"""


def test_a_kill_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    told = [child.stdout.readline() for _ in range(200)]
    child.kill()
    told += child.stdout.readlines()
    child.wait()
    child.stdout.close()
    acknowledged = [float(one) for one in told if one.endswith("\n")]
    store = opened(tmp_path)
    assert numbers(store)[: len(acknowledged)] == acknowledged
    store.put([datum(1e9, -1.0)])
    assert numbers(store)[-1] == -1
    store.close()


def test_what_is_observed_is_kept_for_hours_and_the_rest_for_days(store: MetricStore) -> None:
    now = time.time()
    old = now - metrics.OBSERVED_KEPT - 60
    store.observe([datum(old, 1, KEY, own=True), datum(now, 2, KEY, own=True)])
    store.put([datum(old, 3), datum(now - metrics.PUT_KEPT - 60, 4)])
    store.put([datum(now - metrics.PUT_KEPT - 60, 5, ("mine", "gone", ()))])
    store.tidy(now)
    assert numbers(store, KEY) == [2]
    assert numbers(store) == [3]
    assert store.keys("s") == [KEY, OTHER]
    store.put([datum(now, 6, ("mine", "gone", ()))])
    assert numbers(store, ("mine", "gone", ())) == [6]


def test_they_are_bounded_in_bytes(tmp_path: Path) -> None:
    store = opened(tmp_path, most=500_000)
    now = time.time()
    for batch in range(20):
        store.put([datum(now - 1000 + batch * 50 + n / 100, batch) for n in range(1000)])
    assert store.database.used() > 500_000
    store.tidy(now)
    assert store.database.used() <= 500_000
    left = numbers(store)
    assert left == sorted(left)
    assert left[-1] == 19
    store.close()


def test_a_damaged_file_is_moved_aside(tmp_path: Path) -> None:
    (tmp_path / "metrics.db").write_bytes(b"no database, but long enough to be looked at" * 100)
    kept = Bulk(tmp_path, Limits())
    kept.metrics.put([datum(1.0, 1)])
    assert numbers(kept.metrics) == [1]
    assert [one["resource"] for one in kept.problems()] == ["metrics.db"]
    assert len(list(tmp_path.glob("metrics.db.damaged-*"))) == 1
    kept.close()


def test_while_the_disk_is_full_what_is_observed_waits(store: MetricStore) -> None:
    store.put([datum(1.0, 1)])
    with fill(store.database):
        many = [datum(2.0, 2, ("mine", f"{n}" * 50, ())) for n in range(1000)]
        with pytest.raises(StorageFailed, match="full"):
            store.put(many)
        store.observe([*many, datum(3.0, 3, own=True)])
        with pytest.raises(StorageFailed, match="full"):
            store.flush()
        assert numbers(store) == [1]
    assert numbers(store) == [1, 3]
    assert len(store.keys("s")) == 1001
