"""Log lines from controllers are read with CloudWatch's own operations."""

from __future__ import annotations

import time
from typing import Any

import pytest

from drydock.region.api.gaps import logs as gap
from tests.support.served import Served


def test_lines_come_back_in_order(served: Served) -> None:
    logs = served.client("logs")
    logs.create_log_group(logGroupName="/ecs/app")
    now = int(time.time() * 1000)
    with served.store.writing("logs"):
        backend = served.store.backend("logs")
        backend.open_stream("/ecs/app", "app/app/1")
        backend.open_stream("/ecs/app", "app/app/1")
        backend.write_events("/ecs/app", "app/app/1", [(now, "one"), (now, "two")])
        backend.write_events("/ecs/app", "app/app/1", [(now + 2, "four"), (now + 1, "three")])
        backend.write_events("/ecs/app", "app/app/1", [])
    seen = logs.get_log_events(
        logGroupName="/ecs/app", logStreamName="app/app/1", startFromHead=True
    )["events"]
    assert [one["message"] for one in seen] == ["one", "two", "three", "four"]
    found = logs.filter_log_events(logGroupName="/ecs/app")["events"]
    assert [one["message"] for one in found] == ["one", "two", "three", "four"]
    assert len({one["eventId"] for one in found}) == 4
    (stream,) = logs.describe_log_streams(logGroupName="/ecs/app")["logStreams"]
    assert stream["lastEventTimestamp"] == now + 2


def test_a_saved_stream_comes_back_as_it_was_from_columns_and_from_rows(served: Served) -> None:
    now = int(time.time() * 1000)
    with served.store.writing("logs"):
        backend = served.store.backend("logs")
        backend.open_stream("/made", "a", create_group=True)
        backend.write_events("/made", "a", [(now, "one"), (now + 1, "two")])
        stream: Any = backend.groups["/made"].streams["a"]
        saved = stream.__getstate__()
        restored, older = object.__new__(gap.Stream), object.__new__(gap.Stream)
        restored.__setstate__(dict(saved))
        older.__setstate__({**saved, "events": list(zip(*saved["events"], strict=True))})
        events = [vars(one) for one in stream.events]
        assert [one["message"] for one in events] == ["one", "two"]
        assert [vars(one) for one in restored.events] == events
        assert [vars(one) for one in older.events] == events
        assert (restored.stored_bytes, restored.last_ingestion_time) == (6, stream.last_ingestion_time)  # fmt: skip


def test_who_subscribed_to_a_group_gets_its_lines(served: Served) -> None:
    logs = served.client("logs")
    for group in ("/from", "/to"):
        logs.create_log_group(logGroupName=group)
    with served.store.writing("logs"):
        backend = served.store.backend("logs")
        for group in ("/from", "/to"):
            backend.open_stream(group, "a")
        backend.groups["/from"].put_subscription_filter("all", "", backend.groups["/to"].arn, "")
        backend.write_events("/from", "a", [(int(time.time() * 1000), "x")])
    seen = logs.get_log_events(logGroupName="/to", logStreamName="a")["events"]
    assert [one["message"] for one in seen] == ["x"]


def test_a_missing_group_is_said_in_cloudwatchs_words(served: Served) -> None:
    with served.store.reading():
        backend = served.store.backend("logs")
        with pytest.raises(gap.LogGroupMissing) as caught:
            backend.open_stream("/none", "a")
        assert caught.value.message == "The specified log group does not exist."
        with pytest.raises(gap.LogGroupMissing):
            backend.write_events("/none", "a", [(0, "x")])
        backend.open_stream("/made", "a", create_group=True)
    names = [
        one["logGroupName"] for one in served.client("logs").describe_log_groups()["logGroups"]
    ]
    assert names == ["/made"]


def test_a_stream_keeps_a_bounded_number(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gap, "KEPT_PER_STREAM", 5)
    now = int(time.time() * 1000)
    with served.store.writing("logs"):
        backend = served.store.backend("logs")
        backend.open_stream("/made", "a", create_group=True)
        for index in range(9):
            backend.write_events("/made", "a", [(now + index, str(index))])
    seen = served.client("logs").get_log_events(
        logGroupName="/made", logStreamName="a", startFromHead=True
    )["events"]
    assert [one["message"] for one in seen] == ["4", "5", "6", "7", "8"]


def test_events_are_filtered_by_the_beginning_of_their_streams_names(served: Served) -> None:
    logs = served.client("logs")
    logs.create_log_group(logGroupName="/ecs/app")
    now = int(time.time() * 1000)
    with served.store.writing("logs"):
        backend = served.store.backend("logs")
        for stream in ("app/app/1", "app/app/2", "other/app/1"):
            backend.open_stream("/ecs/app", stream)
            backend.write_events("/ecs/app", stream, [(now, f"in {stream}"), (now + 1, "more")])

    def messages(**more: object) -> list[str]:
        found = logs.filter_log_events(logGroupName="/ecs/app", **more)
        return [one["message"] for one in found["events"]]

    assert messages(logStreamNamePrefix="app/", filterPattern="in") == [
        "in app/app/1",
        "in app/app/2",
    ]
    assert len(messages(logStreamNamePrefix="app/", startTime=now + 1)) == 2
    assert messages(logStreamNamePrefix="none/") == []
    assert len(messages()) == 6
    with pytest.raises(logs.exceptions.InvalidParameterException):
        messages(logStreamNamePrefix="app/", logStreamNames=["app/app/1"])
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.filter_log_events(logGroupName="/none", logStreamNamePrefix="app/")
