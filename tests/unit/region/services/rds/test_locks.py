"""Nobody waits for a second lock in the wrong order: a region that does stands still for ever."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest

from drydock.region.services.rds.controller import insight
from drydock.region.services.rds.controller.insight import InsightController
from drydock.region.services.rds.controller.pausing import Pausing


def test_a_resumed_database_is_told_of_while_others_may_ask_who_is_paused() -> None:
    asked: list[bool] = []

    def tell(*_words: object) -> None:
        asking = threading.Thread(target=pausing.paused_keys, daemon=True)
        asking.start()
        asking.join(10)
        asked.append(not asking.is_alive())

    parts: Any = MagicMock()
    pausing = Pausing(parts, SimpleNamespace(record_cluster_event=tell), MagicMock())  # type: ignore[arg-type]
    waker = MagicMock(woken=True, leading=False)
    pause: Any = SimpleNamespace(wakers={"db-1": waker}, enis={"db-1": "eni-1"})
    pausing._pauses["arn"] = pause
    view: Any = SimpleNamespace(key="arn", port=5432)
    pausing.answers(view, SimpleNamespace(resource_id="db-1", is_writer=True))  # type: ignore[arg-type]
    assert asked == [True]
    waker.lead_on.assert_called_once()


def test_metrics_ask_who_is_paused_before_they_take_the_stores_lock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("Exports", "Logins"):
        monkeypatch.setattr(insight, name, MagicMock())
    held = [False]

    @contextmanager
    def locked() -> Iterator[None]:
        held[0] = True
        yield
        held[0] = False

    seen: list[bool] = []

    def paused() -> frozenset[str]:
        seen.append(held[0])
        return frozenset({"arn:x:cluster:zero"})

    backend = MagicMock()
    backend.databases = {}
    parts: Any = SimpleNamespace(
        minute=60.0, store=SimpleNamespace(locked=locked, backend=lambda _service: backend)
    )
    InsightController(parts, list, paused).reconcile("all")
    assert seen
    assert not any(seen)
    backend.observe.assert_called_once()
