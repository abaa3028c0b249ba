"""What was counted is told, whatever the way in which it was gathered."""

from __future__ import annotations

import pytest

from tasklist.metrics import Metrics


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(lambda: (3, 1), lambda: 2)


def told(metrics: Metrics) -> dict[str, float]:
    lines = metrics.exposition().decode().splitlines()
    pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in pairs}


def test_requests_are_in_the_bucket_of_their_time_and_in_every_wider_one(metrics: Metrics) -> None:
    for seconds in (0.0005, 0.001, 0.0011, 60.0):
        metrics.observe("GET", "/api/task/", 200, seconds)
    found = told(metrics)
    name, labels = "tasklist_http_request_seconds", 'method="GET",route="/api/task/"'
    buckets = [found[f'{name}_bucket{{le="{le}",{labels}}}'] for le in ("0.001", "0.0025", "10.0")]
    assert buckets == [2, 3, 3]  # a bound belongs to its bucket
    assert found[f'{name}_bucket{{le="+Inf",{labels}}}'] == 4
    assert found[f"{name}_count{{{labels}}}"] == 4
    assert found[f"{name}_sum{{{labels}}}"] == pytest.approx(60.0026)


def test_telling_twice_counts_once_and_what_comes_later_is_added(metrics: Metrics) -> None:
    name = 'tasklist_http_requests_total{method="GET",route="/",status="%d"}'
    metrics.observe("GET", "/", 200, 0.1)
    assert told(metrics)[name % 200] == told(metrics)[name % 200] == 1
    metrics.observe("GET", "/", 200, 0.1)
    metrics.observe("GET", "/", 503, 0.1)
    found = told(metrics)
    assert (found[name % 200], found[name % 503]) == (2, 1)
    # the times of a route are told together, whatever the answer was
    assert found['tasklist_http_request_seconds_count{method="GET",route="/"}'] == 3


def test_methods_that_somebody_makes_up_are_one(metrics: Metrics) -> None:
    for number in range(100):
        metrics.observe(f"X{number}", "unmatched", 405, 0.1)
    lines = [name for name in told(metrics) if name.startswith("tasklist_http_requests_total")]
    assert lines == ['tasklist_http_requests_total{method="other",route="unmatched",status="405"}']


def test_what_is_so_now_is_told(metrics: Metrics) -> None:
    metrics.in_flight = 7
    found = told(metrics)
    assert found["tasklist_http_requests_in_flight"] == 7
    assert found["tasklist_log_lines_lost"] == 2
    assert found['tasklist_database_connections{state="idle"}'] == 1
    assert found['tasklist_database_connections{state="busy"}'] == 2
