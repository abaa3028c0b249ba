"""Log events on disk: found again after a kill, bounded, and kept waiting while the disk is full."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from drydock.errors import StorageFailed
from drydock.region.api.bulk import Bulk, Limits
from drydock.region.api.bulk.events import LogStore
from drydock.region.api.bulk.walking import Event, Passed, Position, Span
from tests.support.disks import fill


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LogStore]:
    one = opened(tmp_path)
    yield one
    one.close()


def opened(folder: Path, most: int = 10**9, stream: int = 10**9, waiting: int = 10**6) -> LogStore:
    one = LogStore(folder / "logs.db", most, stream, waiting)
    for uid in ("a", "b"):
        one.adopt(uid)
    return one


def texts(store: LogStore, uid: str = "a", span: Span | None = None) -> list[str]:
    met = store.walk(uid, span or Span())
    return [one.message for one in met if isinstance(one, Event)]


def test_lines_are_found_in_the_order_of_their_times(store: LogStore) -> None:
    store.write("a", [(5, "five"), (7, "seven")])
    assert store.put("a", [(6, "six"), (6, "six again")]) == 3
    store.write("b", [(1, "of another stream")])
    assert texts(store) == ["five", "six", "six again", "seven"]
    assert texts(store, span=Span(descending=True)) == ["seven", "six again", "six", "five"]
    assert texts(store, span=Span(since=6, until=6)) == ["six", "six again"]
    assert texts(store, span=Span(after=Position(6, 3))) == ["six again", "seven"]
    assert texts(store, span=Span(before=Position(6, 4), descending=True)) == ["six", "five"]
    assert texts(store, span=Span(needles=("six", "again"))) == ["six again"]
    kept = store.kept("a")
    assert (kept.events, kept.size, kept.oldest, kept.newest, kept.writes) == (4, 21, 5, 7, 2)


@pytest.mark.parametrize("descending", [False, True])
def test_a_long_stream_is_walked_in_steps(store: LogStore, descending: bool) -> None:
    store.put("a", [(n // 7, f"{n}") for n in range(5000)])
    walk = list(store.walk("a", Span(descending=descending, needles=("9",))))
    found = [int(one.message) for one in walk if isinstance(one, Event)]
    wanted = [n for n in range(5000) if "9" in str(n)]
    assert found == (wanted[::-1] if descending else wanted)
    assert sum(one.looked_at for one in walk if isinstance(one, Passed)) < 5000


def test_a_new_process_finds_them_and_counts_on(tmp_path: Path) -> None:
    before = opened(tmp_path)
    before.put("a", [(1, "one")])
    before.write("a", [(2, "waits")])
    before.close()
    after = opened(tmp_path)
    assert after.put("a", [(3, "three")]) == 3
    assert texts(after) == ["one", "waits", "three"]
    assert after.kept("a").events == 3
    after.close()


CHILD = """
import sys
from pathlib import Path
from drydock.region.api import bulk
kept = bulk.open_in(Path(sys.argv[1]))
kept.logs.adopt("a")
for n in range(100_000):
    kept.logs.put("a", [(n, f"{n}")])
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
    acknowledged = [one.strip() for one in told if one.endswith("\n")]
    store = opened(tmp_path)
    found = texts(store)
    assert found[: len(acknowledged)] == acknowledged
    assert len(found) <= len(acknowledged) + 1
    assert store.kept("a").events == len(found)
    store.close()


def test_what_tasks_write_is_on_the_disk_soon(tmp_path: Path) -> None:
    kept = Bulk(tmp_path, Limits())
    kept.logs.adopt("a")
    kept.write_lines("a", [(1, "one")])
    deadline = time.monotonic() + 20
    count = 0
    while not count and time.monotonic() < deadline:
        with sqlite3.connect(tmp_path / "logs.db") as other:
            tables = other.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
            count = other.execute("SELECT count(*) FROM events").fetchone()[0] if tables else 0
        other.close()
    assert count == 1
    kept.close()


def test_a_stream_and_all_of_them_are_bounded_the_oldest_first(tmp_path: Path) -> None:
    store = opened(tmp_path, most=2_000_000, stream=100_000)
    store.put("a", [(n, f"{n:05d}" + "x" * 95) for n in range(2000)])
    while store.tidy():
        pass
    kept = store.kept("a")
    assert 50_000 < kept.size <= 100_000
    assert (kept.events * 100, kept.oldest, kept.newest) == (kept.size, 2000 - kept.events, 1999)
    assert texts(store)[0] == f"{kept.oldest:05d}" + "x" * 95
    store.close()

    (tmp_path / "all").mkdir()
    store = opened(tmp_path / "all", most=2_000_000)
    for n in range(40):
        store.put("ab"[n % 2], [(n, "y" * 100_000)])
    while store.tidy():
        pass
    assert store.database.used() <= 2_000_000
    assert texts(store, "b")[-1] == "y" * 100_000
    assert 0 < store.kept("a").events < 20
    store.close()


def test_the_events_of_a_deleted_stream_go_once_that_is_saved(store: LogStore) -> None:
    store.put("a", [(1, "one")])
    store.put("b", [(1, "stays")])
    store.release("a")
    store.write("a", [(2, "too late")])
    upto = store.mark()
    while store.tidy():
        pass
    assert texts(store) == ["one"]
    store.settled(upto)
    while store.tidy():
        pass
    assert (texts(store), store.kept("a").no) == ([], 0)
    assert texts(store, "b") == ["stays"]


def test_a_record_that_comes_back_keeps_its_events(store: LogStore) -> None:
    store.put("a", [(1, "one")])
    store.release("a")
    store.adopt("a")
    store.settled(store.mark())
    while store.tidy():
        pass
    assert texts(store) == ["one"]


def test_events_without_a_record_go_at_the_start(tmp_path: Path) -> None:
    before = opened(tmp_path)
    before.put("a", [(1, "one")])
    before.put("b", [(1, "orphan")])
    before.close()
    after = LogStore(tmp_path / "logs.db", 10**9, 10**9, 10**6)
    after.adopt("a")
    after.tidy_up()
    while after.tidy():
        pass
    assert (texts(after), after.kept("b").no) == (["one"], 0)
    after.close()


def test_what_is_older_than_its_retention_goes(store: LogStore) -> None:
    now = int(time.time() * 1000)
    store.put("a", [(now - 5000, "old"), (now - 10, "new")])
    store.retain("a", 4000)
    while store.tidy():
        pass
    assert texts(store) == ["new"]
    assert store.kept("a").oldest == now - 10


@pytest.mark.parametrize("damage", ["header", "middle"])
def test_a_damaged_file_is_moved_aside_and_an_empty_one_takes_over(
    tmp_path: Path, damage: str
) -> None:
    kept = Bulk(tmp_path, Limits())
    kept.logs.adopt("a")
    kept.logs.put("a", [(n, f"{n}" * 50) for n in range(2000)])
    kept.close()
    file = tmp_path / "logs.db"
    data = bytearray(file.read_bytes())
    begin, end = (0, 100) if damage == "header" else (4096, len(data))
    data[begin:end] = b"\xa5" * (end - begin)
    file.write_bytes(data)
    kept = Bulk(tmp_path, Limits())
    kept.logs.adopt("a")
    assert texts(kept.logs) == []
    kept.logs.put("a", [(1, "anew")])
    assert texts(kept.logs) == ["anew"]
    (aside,) = tmp_path.glob("logs.db.damaged-*")
    (problem,) = kept.problems()
    assert problem["resource"] == "logs.db"
    assert str(aside) in problem["error"]
    kept.close()


def test_while_the_disk_is_full_lines_wait_and_the_oldest_are_dropped(tmp_path: Path) -> None:
    store = opened(tmp_path, waiting=100_000)
    store.put("a", [(1, "before")])
    with fill(store.database):
        with pytest.raises(StorageFailed, match="full"):
            store.put("a", [(2, "z" * 100_000)])
        for n in range(20):
            store.write("a", [(3, f"{n:02d}" + "x" * 9998)])
        with pytest.raises(StorageFailed, match="full"):
            store.flush()
        assert texts(store) == ["before"]
        assert store.dropped == 10
    assert [one[:2] for one in texts(store)] == ["be", *(f"{n}" for n in range(10, 20))]
    store.close()
