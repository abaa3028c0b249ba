"""Log lines from controllers are read with CloudWatch's own operations."""

from __future__ import annotations

import time
from typing import Any

import pytest
from moto.logs.models import LogEvent, LogStream

from drydock.region.api.saved import pickling
from drydock.region.services import logs as gap
from drydock.region.services.logs.operations import search
from tests.support.served import Served


def test_lines_come_back_in_order(served: Served) -> None:
    logs = served.client("logs")
    logs.create_log_group(logGroupName="/ecs/app")
    now = int(time.time() * 1000)
    with served.store.changing("logs"):
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


def test_a_record_is_small_and_finds_its_events_again(served: Served) -> None:
    now = int(time.time() * 1000)
    with served.store.changing("logs"):
        backend = served.store.backend("logs")
        backend.open_stream("/made", "a", create_group=True)
        before = len(pickling.dumps(backend))
        for _ in range(100):
            backend.write_events("/made", "a", [(now, "one" * 100), (now + 1, "two")])
        assert len(pickling.dumps(backend)) == before
        again = pickling.loads(pickling.dumps(backend)).groups["/made"].streams["a"]
        assert [one.message for one in again.events][-2:] == ["two", "two"]
        assert len(again.events) == 200
        assert again.stored_bytes == 100 * 303
        assert again.upload_sequence_token == 100


@pytest.mark.parametrize("shape", ["columns", "rows"])
def test_what_an_earlier_version_saved_is_taken_over(served: Served, shape: str) -> None:
    now = int(time.time() * 1000)
    rows = [(4, now, now - 1, "one"), (7, now, now, "two")]
    with served.store.changing("logs"):
        backend = served.store.backend("logs")
        backend.open_stream("/made", "a", create_group=True)
        stream: Any = backend.groups["/made"].streams["a"]
        old = {key: value for key, value in vars(stream).items() if key != "uid"}
        events: Any = rows if shape == "rows" else tuple(zip(*rows, strict=True))
        restored: Any = object.__new__(gap.Stream)
        restored.__setstate__(
            {**old, "events": events, "stored_bytes": 6, "last_ingestion_time": None}
        )
        assert [(one.timestamp, one.message) for one in restored.events] == [
            (now - 1, "one"),
            (now, "two"),
        ]
        assert (restored.stored_bytes, restored.to_describe_dict()["lastEventTimestamp"]) == (
            6,
            now,
        )


def test_a_stream_of_motos_own_is_taken_over_after_a_restore(served: Served) -> None:
    now = int(time.time() * 1000)
    with served.store.changing("logs"):
        backend = served.store.backend("logs")
        backend.open_stream("/made", "a", create_group=True)
        group = backend.groups["/made"]
        theirs = LogStream(group, "b")
        theirs.events = [LogEvent(now, {"timestamp": now, "message": "kept"})]
        group.streams["b"] = theirs
        backend.continue_event_ids()
        assert isinstance(group.streams["b"], gap.Stream)
    seen = served.client("logs").get_log_events(logGroupName="/made", logStreamName="b")["events"]
    assert [one["message"] for one in seen] == ["kept"]


def test_who_subscribed_to_a_group_gets_its_lines(served: Served) -> None:
    logs = served.client("logs")
    for group in ("/from", "/to"):
        logs.create_log_group(logGroupName=group)
    with served.store.changing("logs"):
        backend = served.store.backend("logs")
        for group in ("/from", "/to"):
            backend.open_stream(group, "a")
        backend.groups["/from"].put_subscription_filter("all", "", backend.groups["/to"].arn, "")
        backend.write_events("/from", "a", [(int(time.time() * 1000), "x")])
    seen = logs.get_log_events(logGroupName="/to", logStreamName="a")["events"]
    assert [one["message"] for one in seen] == ["x"]


def test_a_missing_group_is_said_in_cloudwatchs_words(served: Served) -> None:
    with served.store.locked():
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


def test_events_are_filtered_by_the_beginning_of_their_streams_names(served: Served) -> None:
    logs = served.client("logs")
    logs.create_log_group(logGroupName="/ecs/app")
    now = int(time.time() * 1000)
    with served.store.changing("logs"):
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


def test_pages_of_a_stream_lead_forwards_and_backwards(served: Served) -> None:
    logs = served.client("logs")
    logs.create_log_group(logGroupName="/pages")
    logs.create_log_stream(logGroupName="/pages", logStreamName="a")
    now = int(time.time() * 1000)

    def put(*texts: str) -> None:
        logs.put_log_events(
            logGroupName="/pages",
            logStreamName="a",
            logEvents=[{"timestamp": now, "message": text} for text in texts],
        )

    def get(**more: Any) -> tuple[list[str], str, str]:
        found = logs.get_log_events(logGroupName="/pages", logStreamName="a", **more)
        texts = [one["message"] for one in found["events"]]
        return texts, found["nextBackwardToken"], found["nextForwardToken"]

    nothing, _, first = get()
    assert nothing == []
    put("1", "2", "3", "4", "5")
    assert get(nextToken=first)[0] == ["1", "2", "3", "4", "5"]
    newest, back, forth = get(limit=2)
    assert newest == ["4", "5"]
    assert get(nextToken=forth) == ([], get(nextToken=forth)[1], forth)
    assert get(nextToken=get(nextToken=forth)[1], limit=2)[0] == ["4", "5"]
    middle, back, _ = get(nextToken=back, limit=2)
    assert middle == ["2", "3"]
    oldest, back, forth = get(nextToken=back, limit=2)
    assert oldest == ["1"]
    assert get(nextToken=back)[0] == []
    assert get(nextToken=get(nextToken=back)[2], limit=1)[0] == ["1"]
    assert get(nextToken=forth, limit=1)[0] == ["2"]
    assert get(startFromHead=True, limit=2)[0] == ["1", "2"]
    put("6")
    assert get(nextToken=get()[2])[0] == []
    for wrong in ("x", "f/", "f/1", "q/1-2", "f/a-b"):
        with pytest.raises(logs.exceptions.InvalidParameterException):
            get(nextToken=wrong)


@pytest.mark.parametrize("interleaved", [False, True])
def test_pages_of_several_streams_hold_everything_once(
    served: Served, interleaved: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "LOOKED_AT", 300)
    logs = served.client("logs")
    logs.create_log_group(logGroupName="/many")
    start = int(time.time() * 1000) - 100_000
    with served.store.changing("logs"):
        backend = served.store.backend("logs")
        for index in range(3):
            backend.open_stream("/many", f"a@b/{index}")
            lines = [
                (start + 3 * n + index, f"{n} {'odd' if n % 2 else 'even'}") for n in range(600)
            ]
            backend.write_events("/many", f"a@b/{index}", lines)

    def all_of(**more: Any) -> list[tuple[int, str, str]]:
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName="/many", interleaved=interleaved, limit=70, **more
        )
        return [
            (one["timestamp"], one["logStreamName"], one["message"])
            for page in pages
            for one in page["events"]
        ]

    everything = all_of()
    assert len(everything) == len(set(everything)) == 1800
    order = [one[:1] if interleaved else (one[1], one[0]) for one in everything]
    assert order == sorted(order)
    assert [one for one in everything if one[2].endswith("odd")] == all_of(filterPattern="odd")
    assert all_of(filterPattern='"599 odd"') == [one for one in everything if one[2] == "599 odd"]
    assert all_of(filterPattern="none of them") == []
    some = all_of(startTime=start + 600, endTime=start + 605)
    assert sorted(one[0] - start for one in some) == [600, 601, 602, 603, 604, 605]


def test_a_page_is_a_mebibyte(served: Served) -> None:
    logs = served.client("logs")
    with served.store.changing("logs"):
        backend = served.store.backend("logs")
        backend.open_stream("/large", "a", create_group=True)
        now = int(time.time() * 1000)
        backend.write_events("/large", "a", [(now, f"{n:02d}" + "x" * 100_000) for n in range(25)])
    first = logs.filter_log_events(logGroupName="/large")
    assert [one["message"][:2] for one in first["events"]] == [f"{n:02d}" for n in range(10)]
    page = logs.get_log_events(logGroupName="/large", logStreamName="a")
    assert [one["message"][:2] for one in page["events"]] == [f"{n}" for n in range(15, 25)]


def test_queries_and_live_tails_are_answered(served: Served) -> None:
    logs = served.client("logs")
    logs.create_log_group(logGroupName="/asked")
    now = int(time.time() * 1000)
    with served.store.changing("logs"):
        backend = served.store.backend("logs")
        for stream in ("a", "b"):
            backend.open_stream("/asked", stream)
            backend.write_events("/asked", stream, [(now + n, f"{stream}{n}") for n in range(3)])
        backend.write_events("/asked", "b", [(now + 9, "last")])
        _, update = backend.start_live_tail([backend.groups["/asked"].arn], None, None, "a")
        assert [one["message"] for one in update["sessionResults"]] == ["a0", "a1", "a2", "last"]
    query = logs.start_query(
        logGroupName="/asked",
        startTime=now // 1000 - 60,
        endTime=now // 1000 + 60,
        queryString="fields @timestamp, @message, @logStream | sort @timestamp desc | limit 3",
    )["queryId"]
    rows = logs.get_query_results(queryId=query)["results"]
    told = [{one["field"]: one["value"] for one in row} for row in rows]
    assert (told[0]["@message"], told[0]["@logStream"]) == ("last", "b")
    assert sorted(one["@message"] for one in told[1:]) == ["a2", "b2"]


def test_a_deleted_streams_name_can_be_used_again(served: Served) -> None:
    logs = served.client("logs")
    now = int(time.time() * 1000)
    for text in ("first", "second"):
        with served.store.changing("logs"):
            backend = served.store.backend("logs")
            backend.open_stream("/again", "a", create_group=True)
            backend.write_events("/again", "a", [(now, text)])
        seen = logs.get_log_events(logGroupName="/again", logStreamName="a")["events"]
        assert [one["message"] for one in seen] == [text]
        logs.delete_log_group(logGroupName="/again")


def test_odd_texts_come_back(served: Served) -> None:
    logs = served.client("logs")
    logs.create_log_group(logGroupName="/odd")
    logs.create_log_stream(logGroupName="/odd", logStreamName="a")
    texts = ["nul \x00 inside", "snow ☃ and 𝄞", '"quoted", [1]', "line\nbreak", "\x1b[31m"]
    now = int(time.time() * 1000)
    events = [{"timestamp": now, "message": text} for text in texts]
    logs.put_log_events(logGroupName="/odd", logStreamName="a", logEvents=events)
    with served.store.changing("logs"):
        served.store.backend("logs").write_events("/odd", "a", [(now, "half \ud83d of a pair")])
    seen = logs.get_log_events(logGroupName="/odd", logStreamName="a", startFromHead=True)["events"]
    assert [one["message"] for one in seen] == [*texts, "half ? of a pair"]
    found = logs.filter_log_events(logGroupName="/odd", filterPattern='"☃ and 𝄞"')["events"]
    assert [one["message"] for one in found] == [texts[1]]
