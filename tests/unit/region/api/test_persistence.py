"""Saves follow changes, a moment later, and the last one is not lost."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from drydock.region.api import persistence, statefile
from drydock.region.api.persistence import Saver
from drydock.region.api.store import Store
from tests.support.served import Served, new_store
from tests.support.waiting import eventually


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The generations that were saved."""
    done: list[int] = []
    save = statefile.save

    def count(store: Store, file: Path) -> int:
        generation = save(store, file)
        done.append(generation)
        return generation

    monkeypatch.setattr(statefile, "save", count)
    return done


def test_a_change_is_saved_soon(tmp_path: Path, served: Served, counted: list[int]) -> None:
    saver = Saver(served.store, tmp_path / "state")
    saver.start()
    served.cluster("kept")
    eventually(lambda: bool(counted), "a save")
    assert not saver.pending
    saver.close()
    assert counted == [served.store.generation]


def test_many_changes_are_few_saves(tmp_path: Path, served: Served, counted: list[int]) -> None:
    saver = Saver(served.store, tmp_path / "state")
    saver.start()
    for index in range(20):
        served.cluster(f"c{index}")
    saver.close()
    assert 1 <= len(counted) <= 3
    assert counted[-1] == served.store.generation


def test_the_last_change_is_saved_at_the_end(tmp_path: Path, served: Served) -> None:
    file = tmp_path / "state"
    saver = Saver(served.store, file)
    saver.start()
    served.cluster("last")
    saver.close()
    saver.close()
    with served.store.writing("ecs"):
        served.store.backend("ecs").clusters.clear()
    statefile.restore(served.store, file)
    assert list(served.store.backend("ecs").clusters) == ["last"]


def test_log_lines_alone_wait_longer(
    tmp_path: Path, counted: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(persistence, "LOGS", 3600.0)
    store = new_store()
    saver = Saver(store, tmp_path / "state")
    saver.start()
    with store.writing("logs"):
        pass
    due = saver._due()
    assert due is not None
    with store.writing("ecs"):
        pass
    sooner = saver._due()
    assert sooner is None or sooner < due
    eventually(lambda: bool(counted), "a save")
    saver.close()


def test_a_save_that_fails_is_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "gone"
    store = new_store()
    saver = Saver(store, folder / "state")
    saver.start()
    with caplog.at_level(logging.ERROR), store.writing("ecs"):
        pass
    eventually(lambda: "could not be saved" in caplog.text, "the failure in the log")
    folder.mkdir()
    with store.writing("ecs"):
        pass
    eventually((folder / "state").exists, "the next save")
    saver.close()


def test_what_cannot_be_saved_at_the_end_is_raised(tmp_path: Path) -> None:
    store = new_store()
    saver = Saver(store, tmp_path / "gone" / "state")
    with store.writing("ecs"):
        pass
    with pytest.raises(OSError, match="gone"):
        saver.close()
