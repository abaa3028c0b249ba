"""The store's lock and what its listeners hear."""

from __future__ import annotations

import logging
import threading

import pytest

from drydock.region.api import changes
from drydock.region.api.store import Store
from tests.support.served import new_store


def test_writing_tells_each_service_once_after_the_lock_is_free() -> None:
    store = new_store()
    told: list[tuple[str, bool]] = []

    def listener(service: str) -> None:
        told.append((service, _free(store)))

    store.subscribe(listener)
    with store.changing("ecs", "elbv2"), store.changing("ecs"):
        assert told == []
    assert told == [("ecs", True), ("elbv2", True)]
    assert store.generation == 1


def _free(store: Store) -> bool:
    """Can another thread take the lock?"""
    taken = threading.Event()

    def take() -> None:
        with store.locked():
            taken.set()

    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    return taken.wait(2)


def test_a_listener_may_write(caplog: pytest.LogCaptureFixture) -> None:
    store = new_store()
    told: list[str] = []

    def listener(service: str) -> None:
        told.append(service)
        if service == "ecs":
            with store.changing("elbv2"):
                pass

    store.subscribe(listener)
    with store.changing("ecs"):
        pass
    assert told == ["ecs", "elbv2"]


def test_reading_tells_nothing_but_what_was_touched() -> None:
    store = new_store()
    told: list[str] = []
    store.subscribe(told.append)
    with store.locked():
        pass
    assert (told, store.generation) == ([], 0)
    with store.locked():
        changes.touch("ec2")
    assert (told, store.generation) == (["ec2"], 1)


def test_a_block_that_raises_may_have_changed_things() -> None:
    store = new_store()
    told: list[str] = []
    store.subscribe(told.append)
    with pytest.raises(ValueError, match="half way"), store.changing("ecs"):
        raise ValueError("half way")
    assert told == ["ecs"]
    assert _free(store)


def test_a_listener_that_fails_is_logged_and_the_others_hear(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = new_store()
    told: list[str] = []

    def broken(_service: str) -> None:
        raise ValueError("broken listener")

    store.subscribe(broken)
    store.subscribe(told.append)
    with caplog.at_level(logging.ERROR), store.changing("ecs"):
        pass
    assert told == ["ecs"]
    assert "broken listener" in caplog.text


def test_backends_are_this_accounts_and_regions() -> None:
    one, two = new_store(), new_store()
    with one.locked():
        assert one.backend("ecs") is one.backend("ecs")
        assert one.backend("ecs") is not two.backend("ecs")
        assert one.backend("ecs").account_id == one.account_id
        assert one.backend("ecs").region_name == "ap-southeast-2"
        assert one.backend("iam").account_id == one.account_id
